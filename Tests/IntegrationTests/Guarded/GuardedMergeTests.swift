import RevokedServer
import TestSupport
import Testing

/// Every write of a guarded key merges, whoever sends it (Guarantees.md, 1). The clock stands still, so all times are
/// exact.
@Suite struct GuardedMergeTests {
    /// The test clock's start, in seconds.
    private static let now: Int64 = 1_790_000_000

    private func converse(_ body: (TestSocket) throws -> Void) async throws {
        try await LocalDaemon.run(time: TestClock().source) { try body(try $0.connect()) }
    }

    /// Every way to write an expiry: the later one stays.
    @Test(arguments: [
        ("SETEX K 100 v", "SETEX K 50 v", "SETEX K 200 v"),
        ("PSETEX K 100000 v", "PSETEX K 50000 v", "PSETEX K 200000 v"),
        ("SET K v EX 100", "SET K v EX 50", "SET K v EX 200"),
        ("SET K v PX 100000", "SET K v PX 50000", "SET K v PX 200000"),
        ("SET K v EXAT 1790000100", "SET K v EXAT 1790000050", "SET K v EXAT 1790000200"),
        ("SET K v PXAT 1790000100000", "SET K v PXAT 1790000050000", "SET K v PXAT 1790000200000"),
        ("SET K v NX EX 100", "SET K v XX EX 50", "SET K v XX EX 200"),
        ("SET K v EX 100", "SET K v EXAT 1", "SET K v PX 200000 XX"),
    ])
    func theLaterExpiryStays(_ first: String, _ earlier: String, _ later: String) async throws {
        try await converse { socket in
            for key in ["revoked:jti:a", "revoked:sid:b", "revoked:label:jti:c", "revoked:anything", "revoked:"] {
                let command = { (text: String) in WireCommand(text: text, key: key) }
                try socket.expect(command(first), "+OK")
                try socket.expect(command("PEXPIRETIME K"), ":1790000100000")
                try socket.expect(command(earlier), "+OK")
                try socket.expect(command("PEXPIRETIME K"), ":1790000100000")
                try socket.expect(command("TTL K"), ":100")
                try socket.expect(command(later), "+OK")
                try socket.expect(command("PEXPIRETIME K"), ":1790000200000")
                try socket.expect(command("PTTL K"), ":200000")
            }
        }
    }

    @Test func theFirstReasonStays() async throws {
        try await converse { socket in
            try socket.expect("SETEX revoked:jti:a 100 logout", "+OK")
            try socket.expect("SETEX revoked:jti:a 100 compromised", "+OK")
            try socket.expect("SETEX revoked:jti:a 100 rotated:1:b", "+OK")
            try socket.expect("GET revoked:jti:a", "\"logout\"")
            try socket.expect("SET revoked:jti:a other EX 10 GET", "\"logout\"")
            try socket.expect("GET revoked:jti:a", "\"logout\"")
            try socket.expect("TTL revoked:jti:a", ":100")
        }
    }

    @Test func rotatedYieldsToAnyOtherReason() async throws {
        try await converse { socket in
            try socket.expect("SETEX revoked:jti:a 100 rotated:1790000000000:b", "+OK")
            try socket.expect("SETEX revoked:jti:a 50 rotated:1790000000001:c", "+OK")
            try socket.expect("GET revoked:jti:a", "\"rotated:1790000000000:b\"")
            try socket.expect("SETEX revoked:jti:a 50 logout", "+OK")
            try socket.expect("GET revoked:jti:a", "\"logout\"")
            try socket.expect("TTL revoked:jti:a", ":100")
        }
    }

    @Test(arguments: [
        "revoked:sub:alice", "revoked:client:app", "revoked:all", "revoked:label:sub:alice", "revoked:label:client:app",
        "revoked:label:all",
    ])
    func theLargerCutOffStays(_ key: String) async throws {
        try await converse { socket in
            let command = { (text: String) in WireCommand(text: text, key: key) }
            try socket.expect(command("SETEX K 100 1789999999000"), "+OK")
            try socket.expect(command("SETEX K 200 1789999998999"), "+OK")
            try socket.expect(command("GET K"), "\"1789999999000\"")
            try socket.expect(command("TTL K"), ":200")
            try socket.expect(command("SET K 1790000000000 EX 50 GET"), "\"1789999999000\"")
            try socket.expect(command("GET K"), "\"1790000000000\"")
            try socket.expect(command("TTL K"), ":200")
            // A number, not a text: more digits are larger.
            try socket.expect(command("SETEX K 50 01790000000001"), "+OK")
            try socket.expect(command("GET K"), "\"01790000000001\"")
        }
    }

    @Test func conditionsAnswerAsRedisDoes() async throws {
        try await converse { socket in
            try socket.expect("SET revoked:jti:a x EX 100 XX", "nil")
            try socket.expect("EXISTS revoked:jti:a", ":0")
            try socket.expect("SET revoked:jti:a x EX 100 NX", "+OK")
            try socket.expect("SET revoked:jti:a y EX 200 NX", "nil")
            try socket.expect("SET revoked:jti:a y EX 200 NX GET", "\"x\"")
            try socket.expect("TTL revoked:jti:a", ":100")
            try socket.expect("SET revoked:jti:b y EX 200 NX GET", "nil")
            try socket.expect("TTL revoked:jti:b", ":200")
            try socket.expect("SET revoked:jti:a y XX EX 200", "+OK")
            try socket.expect("TTL revoked:jti:a", ":200")
            try socket.expect("GET revoked:jti:a", "\"x\"")
        }
    }

    @Test func keepTTLMergesTheValueOnly() async throws {
        try await converse { socket in
            try socket.expect("SET revoked:jti:a x KEEPTTL", "-ERR guarded key: …")
            try socket.expect("EXISTS revoked:jti:a", ":0")
            try socket.expect("SETEX revoked:jti:a 100 rotated:1:b", "+OK")
            try socket.expect("SET revoked:jti:a logout KEEPTTL", "+OK")
            try socket.expect("GET revoked:jti:a", "\"logout\"")
            try socket.expect("TTL revoked:jti:a", ":100")
        }
    }

    @Test func expireMovesOnOnly() async throws {
        try await converse { socket in
            try socket.expect("SETEX revoked:jti:a 100 x", "+OK")
            try socket.expect("EXPIRE revoked:jti:a 200", ":1")
            try socket.expect("TTL revoked:jti:a", ":200")
            try socket.expect("PEXPIRE revoked:jti:a 300000", ":1")
            try socket.expect("EXPIREAT revoked:jti:a \(Self.now + 400)", ":1")
            try socket.expect("PEXPIREAT revoked:jti:a \((Self.now + 500) * 1000)", ":1")
            try socket.expect("TTL revoked:jti:a", ":500")
            try socket.expect("GETEX revoked:jti:a EX 600", "\"x\"")
            try socket.expect("GETEX revoked:jti:a PXAT \((Self.now + 700) * 1000)", "\"x\"")
            try socket.expect("GETEX revoked:jti:a", "\"x\"")
            try socket.expect("TTL revoked:jti:a", ":700")
            // The same instant is not earlier; a condition that fails is no error.
            try socket.expect("EXPIRE revoked:jti:a 700", ":1")
            try socket.expect("EXPIRE revoked:jti:a 800 NX", ":0")
            try socket.expect("EXPIRE revoked:jti:a 600 GT", ":0")
            try socket.expect("EXPIRE revoked:jti:a 800 LT", ":0")
            try socket.expect("EXPIRE revoked:jti:a 800 XX GT", ":1")
            try socket.expect("EXPIRE revoked:jti:nobody 800", ":0")
            try socket.expect("PERSIST revoked:jti:nobody", ":0")
        }
    }

    @Test func twoWritersMerge() async throws {
        try await LocalDaemon.run(time: TestClock().source) {
            $0.adminPassword = "secret of a test"
        } _: { daemon in
            let (first, second) = (try daemon.connect(), try daemon.connect())
            try second.expect("AUTH admin secret\\x20of\\x20a\\x20test", "+OK")
            try first.expect("SETEX revoked:jti:a 100 logout", "+OK")
            try second.expect("SETEX revoked:jti:a 10 admin", "+OK")
            try first.expect("TTL revoked:jti:a", ":100")
            try first.expect("GET revoked:jti:a", "\"logout\"")
        }
    }
}

extension WireCommand: ExpressibleByStringInterpolation {}
