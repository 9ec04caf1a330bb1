import Testing

@testable import RevokedServer

/// What `MONITOR` shows, and what it does not.
@Suite struct MonitorTests {
    private let daemon = SessionBench.daemon()
    private let monitor: SessionBench
    private let client: SessionBench

    init() {
        (monitor, client) = (SessionBench(daemon), SessionBench(daemon))
        #expect(monitor.ask("MONITOR") == "+OK\r\n")
    }

    private func shown(_ words: String...) -> String {
        _ = client.converse([encode(words)])
        return monitor.mail()
    }

    @Test func commandsAreShownAsRedisShowsThem() {
        #expect(
            shown("set", "k", "a \"b\"\n\u{1}")
                == "+1790000000.000000 [0 127.0.0.1:1] \"set\" \"k\" \"a \\\"b\\\"\\n\\x01\"\r\n")
        _ = client.ask("SELECT", "2")
        _ = monitor.mail()
        #expect(shown("GET", "k") == "+1790000000.000000 [2 127.0.0.1:1] \"GET\" \"k\"\r\n")
        // What is refused is not executed.
        #expect(shown("GET") == "")
        #expect(shown("CONFIG", "GET", "port") == "")
    }

    @Test func secretsAreLeftOut() {
        for words in [
            ["SETEX", "revoked:jti:secret", "100", "secret"], ["MGET", "k", "revoked:jti:secret"],
            ["KEYS", "*revoked:jti:secret*"], ["AUTH", "secret"], ["AUTH", "secret", "secret"],
            ["HELLO", "3", "AUTH", "default", "secret"], ["ACL", "secret"],
            ["PUBLISH", "__keyspace@0__:revoked:jti:secret", "secret"],
        ] {
            _ = client.converse([encode(words)])
            let line = monitor.mail()
            #expect(line.contains("\"\(words[0])\" \"(redacted)\"") && !line.contains("secret"), "\(words)")
        }
        #expect(shown("ACL", "SETUSER", "x", ">secret") == "")
    }

    /// A reader of the lines sees where a transaction begins and ends, and what scripts do.
    @Test func transactionsAndScriptsAreShownInTheirOrder() {
        func names(_ text: String) -> [String] {
            text.split(separator: "\r\n").map { String($0.split(separator: " ")[3]) }
        }
        for words in [["MULTI"], ["SET", "k", "1"], ["EXEC"], ["MULTI"], ["GET"], ["EXEC"]] {
            _ = client.converse([encode(words)])
        }
        #expect(names(monitor.mail()) == ["\"MULTI\"", "\"SET\"", "\"EXEC\"", "\"MULTI\"", "\"EXEC\""])
        let release =
            #"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#
        #expect(client.ask("EVAL", release, "1", "k", "1") == ":1\r\n")
        let lines = monitor.mail()
        #expect(lines.contains("[0 lua] \"get\" \"k\"") && lines.contains("[0 lua] \"del\" \"k\""))
    }

    @Test func longArgumentsAreCut() {
        let line = shown("SET", "k", String(repeating: "x", count: 100_000))
        #expect(line.utf8.count < 2_000 && line.contains("... (98976 more bytes)"))
    }

    @Test func itEnds() {
        #expect(client.ask("CLIENT", "LIST").contains("flags=O "))
        #expect(monitor.ask("RESET") == "+RESET\r\n")
        #expect(shown("GET", "k") == "")
        #expect(daemon.conditions.now.isEmpty)
        _ = monitor.ask("MONITOR")
        monitor.end()
        #expect(daemon.conditions.now.isEmpty)
    }

    @Test func itIsTheAdministratorsOnceThereIsOne() {
        let daemon = SessionBench.daemon { ($0.password, $0.adminPassword) = ("p", "p") }
        let client = SessionBench(daemon)
        _ = client.ask("AUTH", "default", "p")
        #expect(client.ask("MONITOR").hasPrefix("-NOPERM"))
        _ = client.ask("AUTH", "admin", "p")
        #expect(client.ask("MONITOR") == "+OK\r\n")
    }
}
