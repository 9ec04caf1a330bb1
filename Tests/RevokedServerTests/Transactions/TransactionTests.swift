import Denylist
import Synchronization
import Testing

@testable import RevokedServer

/// `MULTI`, `EXEC` and `DISCARD` without sockets. What Redis answers to the same is in the parity tests.
@Suite struct TransactionTests {
    @Test func nobodySeesWhatIsQueued() {
        let bench = SessionBench()
        let other = SessionBench(bench.daemon)
        #expect(bench.ask("MULTI") == "+OK\r\n")
        #expect(bench.ask("SET", "a", "1") == "+QUEUED\r\n")
        #expect(bench.ask("GET", "a") == "+QUEUED\r\n")
        #expect(other.ask("EXISTS", "a") == ":0\r\n")
        #expect(bench.ask("EXEC") == "*2\r\n+OK\r\n$1\r\n1\r\n")
        #expect(other.ask("GET", "a") == "$1\r\n1\r\n")
        #expect(bench.ask("GET", "a") == "$1\r\n1\r\n")
    }

    /// A connection that ends, or is reset, has done nothing.
    @Test func whatIsNotExecutedIsForgotten() {
        let daemon = SessionBench.daemon()
        let bench = SessionBench(daemon)
        for end in [["DISCARD"], ["RESET"]] {
            _ = bench.ask("MULTI")
            _ = bench.ask("SET", "a", "1")
            _ = bench.converse([encode(end)])
            #expect(bench.ask("EXEC") == "-ERR EXEC without MULTI\r\n")
            #expect(bench.ask("EXISTS", "a") == ":0\r\n")
        }
        _ = bench.ask("MULTI")
        _ = bench.ask("SET", "a", String(repeating: "x", count: 10_000))
        #expect(daemon.counters.waitingInput.load(ordering: .relaxed) > 10_000)
        bench.end()
        #expect(daemon.counters.waitingInput.load(ordering: .relaxed) == 0)
        #expect(SessionBench(daemon).ask("EXISTS", "a") == ":0\r\n")
    }

    @Test func queuedBytesAreChargedUntilTheyAreExecuted() {
        let bench = SessionBench()
        let charged = { bench.daemon.counters.waitingInput.load(ordering: .relaxed) }
        _ = bench.ask("MULTI")
        for _ in 0..<10 { _ = bench.ask("SET", "a", String(repeating: "x", count: 10_000)) }
        #expect(charged() > 100_000)
        _ = bench.ask("EXEC")
        #expect(charged() == 0)
        // What was refused holds nothing.
        _ = bench.ask("MULTI")
        _ = bench.ask("SET", "a", String(repeating: "x", count: 10_000))
        _ = bench.ask("NOSUCH")
        _ = bench.ask("SET", "a", String(repeating: "x", count: 10_000))
        #expect(charged() == 0)
    }

    /// What may be sent may be queued, and be made by a script of its keys.
    @Test func longCommandsAreExecuted() {
        let bench = SessionBench()
        let keys = [String](repeating: "a", count: 1 << 20)
        _ = bench.ask("MULTI")
        #expect(bench.converse([encode(["EXISTS", "a"] + keys)]) == Array("+QUEUED\r\n".utf8))
        #expect(bench.ask("EXEC") == "*1\r\n:0\r\n")
    }

    @Test func aTransactionIsBounded() {
        let bench = SessionBench { $0.maximumBulk = 8 << 20 }
        _ = bench.ask("MULTI")
        let value = String(repeating: "x", count: 8 << 20)
        for _ in 0..<7 { #expect(bench.ask("SET", "a", value) == "+QUEUED\r\n") }
        #expect(bench.ask("SET", "a", value).hasPrefix("-ERR transaction too large"))
        #expect(bench.ask("SET", "a", "1") == "+QUEUED\r\n")
        #expect(bench.ask("EXEC") == "-EXECABORT Transaction discarded because of previous errors.\r\n")
        #expect(bench.ask("EXISTS", "a") == ":0\r\n")
    }

    /// As on a connection of its own, command by command: one moment, errors where they belong, the rest done.
    @Test func oneFailureLeavesTheOthers() {
        let bench = SessionBench()
        for words in [
            ["MULTI"], ["SET", "revoked:jti:a", "logout"], ["SETEX", "revoked:jti:a", "100", "logout"],
            ["TTL", "revoked:jti:a"], ["EXPIRE", "revoked:jti:a", "5"], ["SET", "a", "x", "EX", "abc"],
            ["SET", "b", "1"],
        ] { _ = bench.converse([encode(words)]) }
        #expect(
            bench.ask("EXEC") == "*6\r\n-\(GuardedRules.noExpiry)\r\n+OK\r\n:100\r\n-\(GuardedRules.earlier)\r\n"
                + "-ERR value is not an integer or out of range\r\n+OK\r\n")
        #expect(bench.ask("MGET", "a", "b") == "*2\r\n$-1\r\n$1\r\n1\r\n")
    }

    @Test func clientListTells() {
        let bench = SessionBench()
        let other = SessionBench(bench.daemon)
        #expect(bench.ask("CLIENT", "INFO").contains(" flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 "))
        _ = bench.ask("WATCH", "a")
        _ = bench.ask("MULTI")
        _ = bench.ask("GET", "a")
        _ = other.ask("SET", "a", "1")
        let list = other.ask("CLIENT", "LIST", "ID", "\(bench.id)")
        #expect(list.contains(" flags=xd db=0 sub=0 psub=0 ssub=0 multi=1 "))
        #expect(bench.ask("EXEC") == "*-1\r\n")
        #expect(bench.ask("CLIENT", "INFO").contains(" flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 "))
    }

    // MARK: Rights

    @Test func rightsAreJudgedWhenQueued() {
        let bench = SessionBench { $0.adminPassword = "secret" }
        _ = bench.ask("SETEX", "revoked:jti:a", "100", "logout")
        _ = bench.ask("MULTI")
        #expect(bench.ask("FLUSHALL").hasPrefix("-NOPERM"))
        #expect(bench.ask("EXEC").hasPrefix("-EXECABORT"))
        // Which keys it may remove is found out when it is executed.
        _ = bench.ask("MULTI")
        _ = bench.ask("DEL", "revoked:jti:a")
        #expect(bench.ask("EXEC").hasPrefix("*1\r\n-NOPERM"))
        #expect(bench.ask("EXISTS", "revoked:jti:a") == ":1\r\n")
    }

    /// Database 0 holds revocations; the one counts that is selected when the command is executed.
    @Test func aFlushIsJudgedByItsDatabase() {
        let bench = SessionBench { $0.adminPassword = "secret" }
        for (before, within, isQueued) in [("0", "1", true), ("1", "0", false), ("1", "99", true), ("0", "99", false)] {
            _ = bench.ask("SELECT", before)
            _ = bench.ask("MULTI")
            #expect(bench.ask("SELECT", within) == "+QUEUED\r\n")
            #expect((bench.ask("FLUSHDB") == "+QUEUED\r\n") == isQueued, "\(before) \(within)")
            _ = bench.ask("DISCARD")
        }
    }

    @Test func rightsAreJudgedAgainWhenExecuted() {
        let bench = SessionBench()
        let admin = SessionBench(bench.daemon)
        _ = admin.ask("ACL", "SETUSER", "u", "on", ">pw", "~*", "+@all")
        _ = bench.ask("AUTH", "u", "pw")
        _ = bench.ask("MULTI")
        for words in [["SET", "a", "1"], ["SET", "b", "1"], ["GET", "a"], ["CONFIG", "GET", "maxmemory"]] {
            #expect(text(bench.converse([encode(words)])) == "+QUEUED\r\n")
        }
        _ = admin.ask("ACL", "SETUSER", "u", "resetkeys", "~a", "-get", "-config")
        let changed =
            "-NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
            + "This command is no longer allowed for the following reason: "
        #expect(
            bench.ask("EXEC") == "*4\r\n+OK\r\n\(changed)no permission to touch the specified keys\r\n"
                + "\(changed)no permission to execute the command or subcommand\r\n"
                + "-NOPERM this user has no permissions to run the 'config|get' command\r\n")
        // A user that is gone does nothing more.
        _ = bench.ask("MULTI")
        _ = bench.ask("SET", "a", "2")
        _ = admin.ask("ACL", "DELUSER", "u")
        #expect(bench.ask("EXEC") == "")
        #expect(bench.isClosed)
        #expect(admin.ask("GET", "a") == "$1\r\n1\r\n")
    }

    /// What a transaction does to its own user holds for the rest of it.
    @Test func aTransactionMayTakeItsOwnRights() {
        let bench = SessionBench()
        _ = bench.ask("ACL", "SETUSER", "u", "on", ">pw", "~*", "+@all")
        _ = bench.ask("AUTH", "u", "pw")
        _ = bench.ask("MULTI")
        _ = bench.ask("SET", "a", "1")
        _ = bench.ask("ACL", "DELUSER", "u")
        _ = bench.ask("SET", "b", "1")
        #expect(bench.ask("EXEC").hasPrefix("*3\r\n+OK\r\n:1\r\n-NOPERM"))
        #expect(bench.isClosed)
        #expect(SessionBench(bench.daemon).ask("EXISTS", "a", "b") == ":1\r\n")
    }

    // MARK: Memory

    @Test func aFullDaemonTakesNoPlainKeysButRevocations() {
        let bench = SessionBench { $0.maximumMemory = 1 << 20 }
        _ = bench.ask("SETEX", "revoked:jti:a", "100", "logout")
        var number = 0
        while bench.ask("SET", "k\(number)", String(repeating: "x", count: 1000)) == "+OK\r\n" { number += 1 }
        // Less than what they take by now, so that the shortest key finds no room either.
        #expect(bench.ask("CONFIG", "SET", "maxmemory", "1000000") == "+OK\r\n")
        _ = bench.ask("MULTI")
        #expect(bench.ask("SET", "more", "1").hasPrefix("-OOM"))
        #expect(bench.ask("EXEC").hasPrefix("-EXECABORT"))
        // A revocation takes no plain key along.
        _ = bench.ask("MULTI")
        #expect(bench.ask("MSETEX", "2", "revoked:jti:c", "x", "more", "x", "EX", "9").hasPrefix("-OOM"))
        #expect(bench.ask("MSETEX", "1", "revoked:jti:c", "x", "EX", "9") == "+QUEUED\r\n")
        _ = bench.ask("DISCARD")
        _ = bench.ask("MULTI")
        for words in [["SETEX", "revoked:jti:a", "200", "x"], ["SETEX", "revoked:jti:b", "9", "x"], ["GET", "k0"]] {
            #expect(text(bench.converse([encode(words)])) == "+QUEUED\r\n")
        }
        #expect(bench.ask("EXEC").hasPrefix("*3\r\n+OK\r\n+OK\r\n$1000\r\n"))
    }

    /// Either all of its new keys fit, or none is made.
    @Test func aTransactionThatDoesNotFitDoesNothing() {
        let bench = SessionBench { $0.maximumMemory = 1 << 20 }
        _ = bench.ask("MULTI")
        for number in 0..<2000 { _ = bench.ask("SET", "k\(number)", String(repeating: "x", count: 1000)) }
        #expect(
            bench.ask("EXEC")
                == "-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.\r\n"
        )
        #expect(bench.ask("DBSIZE") == ":0\r\n")
    }

    // MARK: WATCH

    @Test func anExpiredKeyHasChanged() {
        let clock = Clock()
        let bench = SessionBench(SessionBench.daemon(time: clock.source))
        _ = bench.ask("SET", "a", "1", "PX", "100")
        _ = bench.ask("SETEX", "revoked:jti:a", "1", "x")
        for key in ["a", "revoked:jti:a"] {
            _ = bench.ask("WATCH", key)
            clock.advance(by: 5_000)
            _ = bench.ask("MULTI")
            #expect(bench.ask("EXEC") == "*-1\r\n")
            // It was gone already.
            _ = bench.ask("WATCH", key)
            _ = bench.ask("MULTI")
            #expect(bench.ask("EXEC") == "*0\r\n")
            _ = bench.ask("SETEX", "revoked:jti:a", "1", "x")
        }
    }

    private final class Clock: Sendable {
        private let passed = Atomic<Int64>(0)
        func advance(by milliseconds: Int64) { passed.wrappingAdd(milliseconds, ordering: .relaxed) }
        var source: TimeSource {
            TimeSource(
                wall: { [self] in 1_790_000_000_000 + passed.load(ordering: .relaxed) },
                boot: { [self] in 5_000_000 + passed.load(ordering: .relaxed) })
        }
    }

    @Test func watchesEndWithTheConnection() {
        let daemon = SessionBench.daemon()
        let bench = SessionBench(daemon)
        for end in [["UNWATCH"], ["RESET"], ["DISCARD"], ["EXEC"], []] {
            _ = bench.ask("WATCH", "a", "b", "a")
            #expect(daemon.denylist.observers.interest == .watches)
            if end == ["DISCARD"] || end == ["EXEC"] { _ = bench.ask("MULTI") }
            if end.isEmpty { bench.end() } else { _ = bench.converse([encode(end)]) }
            #expect(daemon.denylist.observers.interest.isEmpty, "\(end)")
            #expect(daemon.counters.waitingInput.load(ordering: .relaxed) == 0)
        }
    }

    @Test func watchedKeysAreBounded() {
        let bench = SessionBench()
        for start in stride(from: 0, to: WatchList.maximumKeys, by: 1 << 12) {
            let keys = (start..<start + 1 << 12).map { "k\($0)" }
            #expect(text(bench.converse([encode(["WATCH"] + keys)])) == "+OK\r\n")
        }
        #expect(bench.daemon.counters.waitingInput.load(ordering: .relaxed) > WatchList.maximumKeys * 100)
        #expect(bench.ask("WATCH", "k0") == "+OK\r\n")
        #expect(bench.ask("WATCH", "more").hasPrefix("-ERR too many watched keys"))
        _ = bench.ask("UNWATCH")
        #expect(bench.ask("WATCH", "more") == "+OK\r\n")
    }

    // MARK: Together

    /// Transfers between two keys in transactions, by threads that watch: the sum stays, and no reader sees another.
    @Test func nobodySeesATransactionHalfDone() async {
        let daemon = SessionBench.daemon()
        _ = SessionBench(daemon).ask("MSET", "a", "1000", "b", "1000")
        let seen = await withTaskGroup(of: (done: Int, torn: Int).self) { group in
            for _ in 0..<3 {
                group.addTask {
                    let bench = SessionBench(daemon)
                    var done = 0
                    while done < 200 {
                        _ = bench.ask("WATCH", "a", "b")
                        let values = Self.numbers(bench.ask("MGET", "a", "b"))
                        _ = bench.ask("MULTI")
                        _ = bench.ask("SET", "a", "\(values[0] - 1)")
                        _ = bench.ask("SET", "b", "\(values[1] + 1)")
                        if bench.ask("EXEC").hasPrefix("*2") { done += 1 }
                    }
                    return (done, 0)
                }
            }
            group.addTask {
                let bench = SessionBench(daemon)
                var torn = 0
                for _ in 0..<2_000 {
                    _ = bench.ask("MULTI")
                    _ = bench.ask("GET", "a")
                    _ = bench.ask("GET", "b")
                    if Self.numbers(bench.ask("EXEC")).reduce(0, +) != 2000 { torn += 1 }
                }
                return (0, torn)
            }
            return await group.reduce((0, 0)) { ($0.0 + $1.done, $0.1 + $1.torn) }
        }
        #expect(seen == (600, 0))
        #expect(Self.numbers(SessionBench(daemon).ask("MGET", "a", "b")) == [400, 1600])
    }

    /// The numbers in an array of two bulk strings.
    private static func numbers(_ reply: String) -> [Int] {
        let lines = reply.split(separator: "\r\n").map(String.init)
        return lines.count == 5 ? [lines[2], lines[4]].compactMap { Int($0) } : []
    }
}
