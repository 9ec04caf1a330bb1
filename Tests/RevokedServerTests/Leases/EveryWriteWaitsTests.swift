import RESP
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// What holds for every command that writes, also for one that is added later.
@Suite struct EveryWriteWaitsTests {
    private let folder: TemporaryFolder
    private let daemon = SessionBench.daemon()
    private let persistence: Persistence

    /// A daemon with a follower that holds a lease and applies nothing.
    init() throws {
        folder = try TemporaryFolder()
        persistence = try daemon.denylist.persistence(
            PersistenceConfiguration(directory: folder.file("data")), clock: daemon.clock, keepsClock: false,
            onProgress: {})
        _ = try persistence.recover()
        daemon.keep(by: persistence)
        let (epoch, isNew) = try persistence.begin(inBackground: false)
        daemon.adopt(epoch, isNew: isNew)
        daemon.loading.end()
        let name = FollowerName(Array(String(repeating: "0", count: 32).utf8).span.bytes)
        let replica = Replica(SessionBench(daemon).client, from: nil, port: 1, follower: name, at: 0)
        let leases = daemon.replicas.leases
        leases.join(replica, daemon)
        guard case .success = leases.renew(replica, applied: persistence.log.streamEnd, persistence.log, daemon) else {
            Issue.record("no lease")
            return
        }
    }

    /// Arguments that prolong a revocation.
    private static let later = [
        ["K", "5000"], ["K", "5000000"], ["K", "1790005000"], ["K", "1790005000000"], ["K", "EX", "5000"],
        ["K", "5000", "logout"], ["K", "5000000", "logout"], ["K", "logout", "EX", "5000"],
    ]

    /// Whether one of the keys is the revocation.
    private static func hasRevocation(_ words: [String], _ command: Command) -> Bool {
        guard command.firstKey > 0, words.count > command.firstKey else { return words[0].hasPrefix("flush") }
        let last = command.lastKey(among: words.count, Int64(words[command.firstKey - 1]))
        guard last >= command.firstKey else { return false }
        return stride(from: command.firstKey, through: min(last, words.count - 1), by: command.keyStep).contains {
            words[$0] == "revoked:jti:a"
        }
    }

    /// Commands that no argument makes succeed on a revocation: they are for plain keys.
    private static let refused: Set = [
        "setnx", "append", "incr", "decr", "incrby", "decrby", "incrbyfloat", "setrange", "setbit", "rename",
        "renamenx", "copy", "move", "swapdb", "mset", "msetnx", "persist", "getset", "eval", "eval_ro", "evalsha_ro",
    ]

    /// A command that has written or found a revocation is answered behind the follower.
    @Test(arguments: CommandTable.names) func noneAnswersBeforeTheFollower(_ name: String) {
        let command = CommandTable.shared.commands[CommandTable.names.firstIndex(of: name)!]
        guard command.flags.mayWrite else { return }
        var answered = 0
        for pattern in EveryCommandTests.patterns + Self.later {
            let words = [name] + pattern.map { $0 == "K" ? "revoked:jti:a" : $0 }
            // GETEX without an option reads.
            guard Self.hasRevocation(words, command), words != ["getex", "revoked:jti:a"] else { continue }
            for isTransaction in [false, true] {
                let bench = SessionBench(daemon)
                _ = bench.ask("DEL", "revoked:jti:a")
                _ = bench.ask("SETEX", "revoked:jti:a", "1000", "logout")
                if isTransaction { _ = bench.ask("MULTI") }
                var reply = text(bench.converse([encode(words)]))
                if isTransaction { reply = reply == "+QUEUED\r\n" ? bench.ask("EXEC") : "-" }
                guard !reply.hasPrefix("-"), !reply.hasPrefix("*1\r\n-") else { continue }
                answered += 1
                #expect(bench.waitsForFollowers, "\(words) in a transaction: \(isTransaction)")
            }
        }
        #expect(answered > 0 || Self.refused.contains(name))
    }

    /// What concerns no revocation does not wait.
    @Test func plainKeysDoNotWait() {
        for words in [
            ["SET", "k", "1"], ["INCR", "k"], ["EXPIRE", "k", "10"], ["RENAME", "k", "l"],
            ["MSET", "a", "1", "b", "2"],
            ["GETDEL", "a"], ["DEL", "b", "nothing"], ["GET", "revoked:jti:a"], ["EXISTS", "revoked:jti:a"],
            ["SETEX", "revoked:jti:r", "10", "rotated:1:next"],
        ] {
            let bench = SessionBench(daemon)
            #expect(!text(bench.converse([encode(words)])).hasPrefix("-"))
            #expect(!bench.waitsForFollowers, "\(words)")
        }
        // Only a token is rotated: a session of that reason is revoked.
        let bench = SessionBench(daemon)
        #expect(bench.ask("SETEX", "revoked:sid:s", "10", "rotated:1:next") == "+OK\r\n")
        #expect(bench.waitsForFollowers)
    }

    /// Leases run on when the log is turned off.
    @Test func withoutALogTheFollowerIsWaitedForAllTheSame() {
        persistence.log.stop()
        for words in [["SETEX", "revoked:jti:a", "10", "logout"], ["DEL", "revoked:jti:a"], ["FLUSHALL"]] {
            let bench = SessionBench(daemon)
            #expect(!text(bench.converse([encode(words)])).hasPrefix("-"))
            #expect(bench.waitsForFollowers, "\(words)")
        }
    }
}
