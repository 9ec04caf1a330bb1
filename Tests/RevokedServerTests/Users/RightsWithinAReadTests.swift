import Synchronization
import Testing

@testable import RevokedServer

/// A kill, or a right that is taken away, while the commands of one read are executed: by another thread.
@Suite struct RightsWithinAReadTests {
    /// Clocks that somebody else acts on: at the first reading behind the beginning of a command.
    private final class Interruption: Sendable {
        private let action = Mutex<(@Sendable () -> Bool)?>(nil)

        var time: TimeSource {
            TimeSource(
                wall: { [self] in
                    // It reads the clock itself.
                    guard let action = action.withLock({ $0.take() }) else { return 1_790_000_000_000 }
                    if !action() { self.action.withLock { $0 = action } }
                    return 1_790_000_000_000
                }, boot: { 5_000_000 })
        }

        func interrupt(_ client: ClientRecord, during command: String, _ change: @escaping @Sendable () -> Void) {
            let tag = CommandTable.shared.find(Array(command.utf8).span.bytes)
            action.withLock {
                $0 = {
                    guard client.lastCommand.load(ordering: .relaxed) == tag else { return false }
                    change()
                    return true
                }
            }
        }

        var isOver: Bool { action.withLock { $0 == nil } }
    }

    enum Change: CaseIterable, Sendable { case kill, delete, right, keys }

    /// A client of the user `u`, who may do everything if `isUnrestricted`, and is interrupted.
    private static func client(
        _ change: Change, isUnrestricted: Bool, during command: String
    ) throws -> (SessionBench, Interruption) {
        let interruption = Interruption()
        let daemon = SessionBench.daemon(time: interruption.time)
        let rules = isUnrestricted ? ["~*", "+@all"] : ["~revoked:*", "+setex", "+time", "+keys", "+get", "+mget"]
        try daemon.users.set(Array("u".utf8), (["on", ">p"] + rules).map { Array($0.utf8) }, exposedHost: nil)
        let bench = SessionBench(daemon)
        #expect(bench.ask("AUTH", "u", "p") == "+OK\r\n")
        let record = try #require(daemon.clients.all.first { $0.id == bench.id })
        interruption.interrupt(record, during: command) {
            switch change {
            case .kill: record.end()
            case .delete: daemon.endConnections(of: try! daemon.users.delete(["u"]))
            case .right:
                try? daemon.users.set(Array("u".utf8), ["-setex", "-get"].map { Array($0.utf8) }, exposedHost: nil)
            case .keys:
                try? daemon.users.set(
                    Array("u".utf8), ["resetkeys", "~other"].map { Array($0.utf8) }, exposedHost: nil)
            }
        }
        return (bench, interruption)
    }

    private static func check(_ change: Change, _ bench: SessionBench, _ reply: [UInt8], before: String) {
        switch change {
        case .kill, .delete: #expect(text(reply) == before && bench.isClosed)
        case .right, .keys: #expect(text(reply).hasPrefix(before + "-NOPERM") && !bench.isClosed)
        }
    }

    /// Nothing is written once it is acknowledged that the user may not.
    @Test(arguments: Change.allCases, [("KEYS", false), ("KEYS", true), ("TIME", false), ("TIME", true)])
    func aWriteIsNotExecutedAfterTheChange(_ change: Change, _ place: (command: String, isUnrestricted: Bool)) throws {
        let (bench, interruption) = try Self.client(
            change, isUnrestricted: place.isUnrestricted, during: place.command.lowercased())
        let first = encode(place.command == "KEYS" ? ["KEYS", "none"] : ["TIME"])
        let reply = bench.converse([first + encode(["SETEX", "revoked:jti:a", "100", "x"])])
        #expect(interruption.isOver)
        let before = place.command == "KEYS" ? "*0\r\n" : "*2\r\n$10\r\n1790000000\r\n$1\r\n0\r\n"
        Self.check(change, bench, reply, before: before)
        #expect(bench.daemon.keyCount(of: 0) == 0)
    }

    /// Reads of who may do everything are checked once for each batch, and behind each command that may take long.
    @Test(arguments: Change.allCases)
    func readsEndWithTheirBatch(_ change: Change) throws {
        let (bench, interruption) = try Self.client(change, isUnrestricted: true, during: "get")
        let get = encode(["GET", "revoked:jti:a"])
        let batch = CommandBatch.maximumCommands
        let reply = bench.converse([Array(repeatElement(get, count: batch + 1).joined())])
        #expect(interruption.isOver)
        Self.check(change, bench, reply, before: String(repeating: "$-1\r\n", count: batch))
    }

    @Test(arguments: Change.allCases)
    func readsEndBehindALongCommand(_ change: Change) throws {
        let (bench, interruption) = try Self.client(change, isUnrestricted: true, during: "mget")
        let reply = bench.converse([
            encode(["MGET"] + Array(repeating: "a", count: 100)) + encode(["GET", "revoked:jti:a"])
        ])
        #expect(interruption.isOver)
        Self.check(change, bench, reply, before: "*100\r\n" + String(repeating: "$-1\r\n", count: 100))
    }
}
