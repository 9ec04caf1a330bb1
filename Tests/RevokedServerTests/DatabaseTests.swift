import Denylist
import Testing

@testable import RevokedServer

/// Databases of a session: plain keys are the selected one's, guarded and own keys are everybody's.
@Suite struct DatabaseTests {
    private let bench = SessionBench()

    private func ask(_ words: String...) -> String { text(bench.converse([encode(words)])) }

    @Test func plainKeysAreTheirDatabases() {
        #expect(ask("SET", "k", "zero") == "+OK\r\n")
        #expect(ask("SELECT", "5") == "+OK\r\n")
        #expect(ask("GET", "k") == "$-1\r\n" && ask("DBSIZE") == ":0\r\n" && ask("RANDOMKEY") == "$-1\r\n")
        #expect(ask("MSET", "k", "five", "j", "1") == "+OK\r\n" && ask("DBSIZE") == ":2\r\n")
        #expect(ask("MGET", "k", "j") == "*2\r\n$4\r\nfive\r\n$1\r\n1\r\n")
        #expect(ask("EXPIRE", "j", "100") == ":1\r\n" && ask("TTL", "j") == ":100\r\n")
        #expect(ask("GETEX", "k") == "$4\r\nfive\r\n" && ask("GETDEL", "k") == "$4\r\nfive\r\n")
        #expect(ask("KEYS", "*") == "*1\r\n$1\r\nj\r\n" && ask("EXISTS", "k", "j") == ":1\r\n")
        #expect(ask("SELECT", "0") == "+OK\r\n" && ask("GET", "k") == "$4\r\nzero\r\n")
        #expect(ask("KEYS", "*") == "*1\r\n$1\r\nk\r\n" && ask("EXISTS", "j") == ":0\r\n")
        let keyspace = ask("INFO", "keyspace")
        #expect(keyspace.contains("db0:keys=1,expires=0,avg_ttl=0\r\ndb5:keys=1,expires=1,avg_ttl=0\r\n"))
    }

    /// What `cache.clear()` of a framework does on its database takes back nothing.
    @Test func revocationsAnswerEverywhereAndBelongToDatabaseZero() {
        let epoch = ask("GET", "revoked.epoch")
        #expect(ask("SELECT", "1") == "+OK\r\n" && ask("GET", "revoked.epoch") == epoch)
        #expect(ask("SETEX", "revoked:jti:a", "100", "logout") == "+OK\r\n" && ask("SET", "plain", "1") == "+OK\r\n")
        #expect(ask("DBSIZE") == ":1\r\n" && ask("KEYS", "*") == "*1\r\n$5\r\nplain\r\n")
        #expect(ask("FLUSHDB", "ASYNC") == "+OK\r\n")
        #expect(ask("EXISTS", "plain") == ":0\r\n" && ask("GET", "revoked:jti:a") == "$6\r\nlogout\r\n")
        #expect(ask("SELECT", "9") == "+OK\r\n" && ask("TTL", "revoked:jti:a") == ":100\r\n")
        #expect(ask("EXPIRE", "revoked:jti:a", "10").hasPrefix("-ERR guarded key"))
        #expect(ask("SELECT", "0") == "+OK\r\n" && ask("DBSIZE") == ":1\r\n" && ask("GET", "revoked.epoch") == epoch)
        #expect(ask("SELECT", "1") == "+OK\r\n" && ask("SET", "plain", "1") == "+OK\r\n")
        #expect(ask("SELECT", "0") == "+OK\r\n" && ask("FLUSHDB") == "+OK\r\n")
        #expect(ask("EXISTS", "revoked:jti:a") == ":0\r\n" && ask("GET", "revoked.epoch") != epoch)
        #expect(ask("SELECT", "1") == "+OK\r\n" && ask("EXISTS", "plain") == ":1\r\n")
        #expect(ask("FLUSHALL") == "+OK\r\n" && ask("EXISTS", "plain") == ":0\r\n")
    }

    /// Commands that write several keys do so in the database of each.
    @Test func severalKeysAreWrittenInTheirDatabases() {
        #expect(ask("SELECT", "5") == "+OK\r\n")
        #expect(ask("MSETEX", "2", "plain", "1", "revoked:jti:a", "logout", "EX", "100") == ":1\r\n")
        #expect(ask("DBSIZE") == ":1\r\n" && ask("RENAME", "plain", "new") == "+OK\r\n")
        #expect(ask("MSETNX", "new", "2", "other", "2") == ":0\r\n" && ask("INCR", "new") == ":2\r\n")
        #expect(
            ask("KEYS", "*") == "*1\r\n$3\r\nnew\r\n" && ask("RENAME", "new", "revoked:x").hasPrefix("-ERR guarded"))
        #expect(ask("FLUSHDB") == "+OK\r\n" && ask("EXISTS", "new", "revoked:jti:a") == ":1\r\n")
        #expect(ask("SELECT", "0") == "+OK\r\n" && ask("KEYS", "*") == "*1\r\n$13\r\nrevoked:jti:a\r\n")
    }

    /// What moves keys between databases touches no revocation and none of the daemon's own keys.
    @Test func onlyPlainKeysMove() {
        let own = ask("MGET", "revoked.epoch", "revoked.accepted")
        #expect(ask("SETEX", "revoked:jti:a", "100", "logout") == "+OK\r\n" && ask("SET", "k", "1") == "+OK\r\n")
        for words in [
            ["MOVE", "revoked:jti:a", "5"], ["COPY", "revoked:jti:a", "b"], ["COPY", "k", "revoked:jti:b", "DB", "5"],
            ["MOVE", "revoked.epoch", "5"], ["COPY", "k", "revoked.epoch", "REPLACE"],
            ["COPY", "revoked.epoch", "e", "DB", "5"], ["SWAPDB", "0", "5"], ["SWAPDB", "5", "0"],
        ] { #expect(text(bench.converse([encode(words)])).hasPrefix("-ERR "), "\(words)") }
        #expect(ask("DBSIZE") == ":2\r\n" && ask("TTL", "revoked:jti:a") == ":100\r\n")
        #expect(ask("DEL", "revoked:jti:a") == ":1\r\n" && ask("SWAPDB", "0", "5") == "+OK\r\n")
        #expect(ask("DBSIZE") == ":0\r\n" && ask("MGET", "revoked.epoch", "revoked.accepted") == own)
        #expect(ask("SELECT", "5") == "+OK\r\n" && ask("KEYS", "*") == "*1\r\n$1\r\nk\r\n")
        #expect(ask("MGET", "revoked.epoch", "revoked.accepted") == own)
    }

    /// Tables of thousands of entries, of different depth: every key is found where it is now.
    @Test func largeDatabasesAreExchanged() {
        for (number, count) in [(1, 20_000), (2, 50)] {
            _ = ask("SELECT", "\(number)")
            for key in 0..<count { _ = bench.ask("SET", "\(number)-\(key)", "\(key)") }
        }
        for round in 0..<2 {
            #expect(ask("SWAPDB", "1", "2") == "+OK\r\n")
            for (number, count) in [(1, 20_000), (2, 50)] {
                _ = ask("SELECT", "\(round == 0 ? 3 - number : number)")
                #expect(ask("DBSIZE") == ":\(count)\r\n")
                let missing = (0..<count).count { ask("EXISTS", "\(number)-\($0)") != ":1\r\n" }
                #expect(missing == 0)
                #expect(ask("SET", "later", "1") == "+OK\r\n" && ask("DEL", "later") == ":1\r\n")
            }
        }
        let used = bench.daemon.denylist.statistics.bytes
        #expect(ask("FLUSHALL") == "+OK\r\n" && bench.daemon.denylist.statistics.bytes < used / 2)
    }

    /// One read that changes the database on its way: each command is executed in the one that it was sent in.
    @Test func aBatchFollowsItsSelects() {
        var bytes: [UInt8] = []
        for number in 0..<16 { bytes += encode(["SELECT", "\(number)"]) + encode(["SET", "k", "\(number)"]) }
        for number in 0..<16 { bytes += encode(["SELECT", "\(number)"]) + encode(["GET", "k"]) }
        let reply = text(bench.converse([bytes]))
        let expected =
            String(repeating: "+OK\r\n+OK\r\n", count: 16)
            + (0..<16).map { "+OK\r\n$\("\($0)".utf8.count)\r\n\($0)\r\n" }.joined()
        #expect(reply == expected)
    }

    @Test func theSelectionIsTheConnections() {
        let other = SessionBench(bench.daemon)
        #expect(ask("SELECT", "7") == "+OK\r\n" && ask("SET", "k", "7") == "+OK\r\n")
        #expect(other.ask("EXISTS", "k") == ":0\r\n")
        #expect(other.ask("CLIENT", "LIST", "ID", "\(bench.id)").contains(" db=7 "))
        #expect(ask("RESET") == "+RESET\r\n" && ask("EXISTS", "k") == ":0\r\n")
        #expect(other.ask("CLIENT", "LIST", "ID", "\(bench.id)").contains(" db=0 "))
        for number in ["16", "-1", "99999"] { #expect(ask("SELECT", number) == "-ERR DB index is out of range\r\n") }
    }

    /// A database that is only looked at takes no memory; all of them share one limit.
    @Test func memoryIsShared() {
        let before = bench.daemon.denylist.statistics.bytes
        for number in 1..<16 { _ = (ask("SELECT", "\(number)"), ask("GET", "k"), ask("FLUSHDB"), ask("SCAN", "0")) }
        #expect(bench.daemon.denylist.statistics.bytes == before && bench.daemon.denylist.databases.count == 1)
        bench.daemon.memory.set(maximum: before + (1 << 20))
        var refused: Set<Int> = []
        for round in 0..<3_000 {
            let number = 1 + round % 3
            _ = ask("SELECT", "\(number)")
            if ask("SET", "k\(round)", String(repeating: "x", count: 1_000)).hasPrefix("-OOM") {
                refused.insert(number)
            }
        }
        #expect(refused == [1, 2, 3])
        // The reserve is left to revocations, whatever database their client has selected.
        #expect(ask("SETEX", "revoked:jti:a", "100", "logout") == "+OK\r\n")
        #expect(bench.daemon.denylist.statistics.bytes < before + (1 << 20))
    }

    /// What a framework's user may do: empty its own database, never the denylist.
    @Test func anyUserMayEmptyAnotherDatabase() {
        #expect(ask("ACL", "SETUSER", "admin", "on", ">p") == "+OK\r\n")
        #expect(ask("FLUSHDB") == "-NOPERM this user has no permissions to run the 'flushdb' command\r\n")
        #expect(ask("FLUSHALL") == "-NOPERM this user has no permissions to run the 'flushall' command\r\n")
        #expect(ask("SELECT", "1") == "+OK\r\n" && ask("FLUSHDB") == "+OK\r\n")
        #expect(ask("FLUSHALL") == "-NOPERM this user has no permissions to run the 'flushall' command\r\n")
    }
}
