import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RevokedServer

/// What a transaction may take, at which time it is executed, and what becomes of it where one of its commands fails
/// later.
@Suite struct TransactionLimitTests {
    /// Queues the commands and executes them.
    private static func execute(_ commands: [[String]], _ bench: SessionBench) -> String {
        _ = bench.ask("MULTI")
        for words in commands { #expect(text(bench.converse([encode(words)])) == "+QUEUED\r\n") }
        return bench.ask("EXEC")
    }

    // MARK: Time

    /// Each look at the clocks takes a second: all commands of a transaction are executed at one moment, as on Redis.
    @Test func timeStandsStillWithinATransaction() {
        let clock = TestClock()
        let source = TimeSource(
            wall: { clock.wall },
            boot: {
                clock.advance(.seconds(1))
                return clock.boot
            })
        let bench = SessionBench(SessionBench.daemon(time: source))
        let claim = "8d39072e6510162d71503171692d655669a08399"
        let reply = Self.execute(
            [
                ["SET", "a", "1", "EX", "100"], ["SETEX", "revoked:jti:a", "100", "logout"], ["PTTL", "a"],
                ["PTTL", "revoked:jti:a"], ["EVALSHA", claim, "1", "b", "x", "100"], ["PTTL", "b"],
                ["SET", "c", "1", "PX", "1"], ["EXISTS", "c"],
            ], bench)
        #expect(reply == "*8\r\n+OK\r\n+OK\r\n:100000\r\n:100000\r\n$-1\r\n:100000\r\n+OK\r\n:1\r\n")
        // What follows in the same read counts from after it.
        let read =
            [["MULTI"], ["SET", "d", "1", "EX", "100"], ["EXEC"], ["SET", "e", "1", "EX", "100"]]
            + [["PEXPIRETIME", "d"], ["PEXPIRETIME", "e"]]
        let lines = text(bench.converse([read.flatMap(encode)])).split(separator: "\r\n")
        let times = lines.suffix(2).compactMap { Int($0.dropFirst()) }
        #expect(times.count == 2 && times[0] < times[1])
    }

    /// A thread whose processor time a test sets.
    private final class Processor: Sendable {
        private let time = Atomic<Int64>(0)
        private let step: Int64
        init(step: Int64) { self.step = step }
        var source: TimeSource {
            TimeSource(
                wall: { 1_790_000_000_000 }, boot: { 5_000_000 },
                processor: { [self] in time.wrappingAdd(step, ordering: .relaxed).newValue })
        }
    }

    /// Walks through all keys are short commands that take long. Revocations are made whatever else was asked.
    @Test func aTransactionTakesOnlySoLong() {
        let bench = SessionBench(SessionBench.daemon(time: Processor(step: 1_500).source))
        let reply = Self.execute(
            [
                ["KEYS", "*"], ["KEYS", "*"], ["KEYS", "*"], ["SET", "a", "1"],
                ["SETEX", "revoked:jti:a", "100", "logout"], ["GET", "revoked:jti:a"],
            ], bench)
        let refusal = "-ERR transaction too large: it took more than 2000 ms of processor time\r\n"
        #expect(reply == "*6\r\n*0\r\n*0\r\n\(refusal)\(refusal)+OK\r\n\(refusal)")
        #expect(bench.ask("EXISTS", "a", "revoked:jti:a") == ":1\r\n")
        // The next one has time of its own.
        #expect(Self.execute([["KEYS", "*"], ["SET", "a", "1"]], bench).hasSuffix("revoked:jti:a\r\n+OK\r\n"))
    }

    /// Short commands are measured, too, if they are many.
    @Test func manyCommandsTakeOnlySoLong() {
        let bench = SessionBench(SessionBench.daemon(time: Processor(step: 1_500).source))
        let reply = Self.execute((0..<200).map { ["SET", "\($0)", "x"] }, bench)
        let replies = reply.split(separator: "\r\n").dropFirst()
        #expect(replies.count == 200)
        #expect(replies.prefix(128).allSatisfy { $0 == "+OK" })
        #expect(replies.suffix(72).allSatisfy { $0.hasPrefix("-ERR transaction too large") })
        #expect(bench.ask("DBSIZE") == ":128\r\n")
    }

    // MARK: Failures of other threads

    /// What another thread could not do is an error in its place: the other commands were executed, and say so.
    @Test func aFailureOfAnotherThreadIsOneElement() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/users", withIntermediateDirectories: true)
        let path = folder.path + "/users/users.acl"
        try Data("user default on nopass ~* &* +@all\n".utf8).write(to: URL(fileURLWithPath: path))
        let daemon = SessionBench.daemon { $0.userFile = path }
        try daemon.loadFirstUsers(path)
        try FileManager.default.removeItem(atPath: folder.path + "/users")
        let bench = SessionBench(daemon)
        let release = "647c65a442733a1aa440f99908d249d13b4d6c4a"
        let reply = Self.execute(
            [
                ["SET", "a", "1"], ["ACL", "SAVE"], ["GET", "a"], ["ACL", "SAVE"], ["SET", "b", "2"],
                ["EVALSHA", release, "1", "b", "2"],
            ], bench)
        let failure =
            "-ERR There was an error trying to save the ACLs. Please check the server logs for more information\r\n"
        #expect(reply == "*6\r\n+OK\r\n\(failure)$1\r\n1\r\n\(failure)+OK\r\n:1\r\n")
        // Outside of one it is the whole reply.
        #expect(text(bench.converse([encode(["ACL", "SAVE"]) + encode(["GET", "a"])])) == failure + "$1\r\n1\r\n")
    }
}
