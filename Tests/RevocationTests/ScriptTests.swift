import Contract
import Testing

@testable import Revocation

/// The script that merges cut-offs where the server does not.
@Suite(.timeLimit(.minutes(1))) struct ScriptTests {
    @Test func theLaterCutOffAndTheLaterExpiryAreKept() async throws {
        let server = try await RedisServer()
        let location = try StoreURL(server.url).location
        let backend = RedisBackend(
            address: .fixed(location), configuration: liveConfiguration(), logger: LogLines().logger)
        func write(_ value: String, _ seconds: Int64) async throws {
            try await backend.write([
                RevocationEntry(key: "revoked:sub:a", kind: .subject, value: value, secondsToLive: seconds)
            ])
        }
        func expect(_ value: String, _ seconds: ClosedRange<Int64>) async throws {
            let replies = try await backend.replies([Command("GET", "revoked:sub:a"), Command("TTL", "revoked:sub:a")])
            #expect(replies[0] == .bulk(Array(value.utf8)))
            guard case .integer(let left) = replies[1] else { return #expect(Bool(false), "\(replies[1])") }
            #expect(seconds.contains(left))
        }
        try await write("1700000000000", 1_000)
        try await expect("1700000000000", 990...1_000)
        try await write("1600000000000", 2_000)
        try await expect("1700000000000", 1_990...2_000)
        try await write("1700000000001", 10)
        try await expect("1700000000001", 1_980...2_000)
        // What another program wrote: no number, and no end.
        for (held, kept) in [
            ("soon", "1700000000002"), ("99999999999999999999", "1700000000002"), ("-5", "1700000000002"),
        ] {
            _ = try await backend.replies([Command("SET", "revoked:sub:a", held)])
            try await write("1700000000002", 10)
            try await expect(kept, -1 ... -1)
        }
        // The server forgets its scripts when it starts again.
        _ = try await backend.replies([Command("SCRIPT", "FLUSH")])
        try await write("1700000000003", 10)
        try await expect("1700000000003", -1 ... -1)
        await backend.close()
    }
}
