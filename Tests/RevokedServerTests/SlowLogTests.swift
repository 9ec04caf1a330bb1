import RESP
import Testing

@testable import RevokedServer

/// `SLOWLOG`, with a limit of zero: every command is in it.
@Suite struct SlowLogTests {
    private let bench = SessionBench { $0.slowLogThreshold = 0 }

    private func newest() -> String {
        bench.ask("SLOWLOG", "GET", "1").replacing(/^\*1\r\n\*6\r\n(:\d+\r\n){3}/, with: "")
    }

    @Test func theNewestComeFirst() {
        _ = bench.ask("SET", "k", "v")
        _ = bench.ask("GET", "k")
        let entries = bench.ask("SLOWLOG", "GET")
        #expect(entries.hasPrefix("*2\r\n*6\r\n:1\r\n:1790000000\r\n:"))
        let texts = ["*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"]
        let places = texts.compactMap { entries.firstRange(of: $0)?.lowerBound }
        #expect(places.count == 2 && places[0] < places[1])
        #expect(entries.hasSuffix("$11\r\n127.0.0.1:1\r\n$0\r\n\r\n"))
        #expect(bench.ask("SLOWLOG", "LEN") == ":3\r\n")
        #expect(bench.ask("SLOWLOG", "RESET") == "+OK\r\n")
        #expect(bench.ask("SLOWLOG", "LEN") == ":1\r\n")
        #expect(bench.ask("SLOWLOG", "GET", "-2").hasPrefix("-ERR count should be greater than or equal to -1"))
    }

    @Test func whatIsLongIsCut() {
        _ = bench.ask("SET", "k", String(repeating: "x", count: 200))
        #expect(newest().contains("\r\n$147\r\n" + String(repeating: "x", count: 128) + "... (72 more bytes)\r\n"))
        _ = text(bench.converse([encode(["DEL"] + (1...40).map(String.init))]))
        let entry = newest()
        #expect(entry.hasPrefix("*32\r\n$3\r\nDEL\r\n") && entry.contains("\r\n$23\r\n... (10 more arguments)\r\n"))
    }

    /// No token, no user and no password is there to be read.
    @Test(arguments: [
        ["SETEX", "revoked:jti:secret", "100", "secret"], ["MGET", "a", "revoked:jti:secret"],
        ["SCAN", "0", "MATCH", "revoked:sub:secret*"], ["AUTH", "secret"], ["AUTH", "default", "secret"],
        ["HELLO", "3", "AUTH", "default", "secret"], ["ACL", "SETUSER", "secret", ">secret"],
        ["ACL", "GETUSER", "secret"], ["CONFIG", "SET", "requirepass", "secret"],
        ["CONFIG", "SET", "maxmemory", "0", "admin-password", "secret"], ["INCR", "revoked:secret"],
        ["KEYS", "*revoked:jti:secret"], ["ECHO", "of revoked:jti:secret"],
        ["PUBLISH", "__keyspace@0__:revoked:jti:x", "secret"],
    ])
    func secretsAreLeftOut(_ words: [String]) {
        _ = text(bench.converse([encode(words)]))
        _ = bench.ask("HELLO", "2")
        let entries = bench.ask("SLOWLOG", "GET")
        #expect(entries.contains("\r\n$\(words[0].utf8.count)\r\n\(words[0])\r\n"))
        #expect(entries.contains("(redacted)") && !entries.contains("secret"), "\(entries)")
    }

    @Test func settingsDecide() {
        #expect(bench.ask("CONFIG", "SET", "slowlog-max-len", "2") == "+OK\r\n")
        for _ in 0..<5 { _ = bench.ask("PING") }
        #expect(bench.ask("SLOWLOG", "LEN") == ":2\r\n")
        #expect(bench.ask("CONFIG", "SET", "slowlog-log-slower-than", "-1") == "+OK\r\n")
        _ = bench.ask("SLOWLOG", "RESET")
        _ = bench.ask("PING")
        #expect(bench.ask("SLOWLOG", "LEN") == ":0\r\n")
        #expect(bench.ask("CONFIG", "SET", "slowlog-log-slower-than", "100000000") == "+OK\r\n")
        _ = bench.ask("KEYS", "*")
        #expect(bench.ask("SLOWLOG", "LEN") == ":0\r\n")
        #expect(bench.ask("CONFIG", "GET", "slowlog*").contains("100000000"))
        #expect(bench.ask("CONFIG", "SET", "slowlog-max-len", "10001").hasPrefix("-ERR CONFIG SET failed"))
    }

    @Test func onlyTheAdministratorEmptiesIt() {
        let bench = SessionBench { $0.adminPassword = "p" }
        #expect(bench.ask("SLOWLOG", "RESET").hasPrefix("-NOPERM "))
        #expect(bench.ask("SLOWLOG", "LEN") == ":0\r\n")
    }
}
