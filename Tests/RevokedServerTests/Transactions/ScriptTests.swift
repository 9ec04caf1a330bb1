import Testing

@testable import RevokedServer

/// Well-known scripts, executed natively. What Redis answers to the same is in the parity tests.
@Suite struct ScriptTests {
    private static let release = "647c65a442733a1aa440f99908d249d13b4d6c4a"

    @Test func aPauseOfWritesHoldsScripts() {
        let daemon = SessionBench.daemon()
        let (admin, client) = (SessionBench(daemon), SessionBench(daemon))
        _ = admin.ask("CLIENT", "PAUSE", "100000", "WRITE")
        #expect(client.receive(encode(["EVALSHA", Self.release, "1", "k", "x"])).outcome == .stalled)
        _ = admin.ask("CLIENT", "UNPAUSE")
        #expect(client.resume().outcome == .open)
    }

    @Test func otherScriptsAreRefusedWithTheWayOut() {
        let bench = SessionBench()
        for words in [["EVAL", "return 1", "0"], ["SCRIPT", "LOAD", "return 1"], ["EVAL_RO", "return 1", "0"]] {
            #expect(text(bench.converse([encode(words)])) == "-\(ScriptCommands.noLua)\r\n")
        }
        let missing = "-NOSCRIPT No matching script. Please use EVAL.\r\n"
        #expect(bench.ask("EVALSHA", String(repeating: "a", count: 40), "0") == missing)
        #expect(bench.ask("EVALSHA_RO", "x", "0") == missing)
        let exist = bench.ask("SCRIPT", "EXISTS", Self.release, "x", Self.release.uppercased())
        #expect(exist == "*3\r\n:1\r\n:0\r\n:1\r\n")
        #expect(bench.ask("SCRIPT", "FLUSH", "SYNC") == "+OK\r\n")
        #expect(bench.ask("EVALSHA", Self.release, "1", "k", "x") == ":0\r\n")
    }

    /// django-redis counts by scripts, and by GET and SET where they are refused.
    @Test func djangoCounts() {
        let bench = SessionBench()
        let (ifThere, always) =
            ("f4a7da3e5d8ea3b46642af08427151cae0190400", "4d15273b16b10c15e1d9202cbe93c959ab7d250b")
        #expect(bench.ask("EVALSHA", ifThere, "1", "n", "3") == "$-1\r\n")
        #expect(bench.ask("EVALSHA", always, "1", "n", "3") == ":3\r\n")
        #expect(bench.ask("EVALSHA", ifThere, "1", "n", "-5") == ":-2\r\n")
        _ = bench.ask("SET", "n", "x")
        for script in [ifThere, always] {
            let refusal = bench.ask("EVALSHA", script, "1", "n", "1")
            #expect(refusal == "-ERR value is not an integer or out of range\r\n")
            _ = bench.ask("SETEX", "revoked:jti:a", "100", "1")
            #expect(bench.ask("EVALSHA", script, "1", "revoked:jti:a", "1") == "-\(GuardedRules.plainOnly)\r\n")
        }
    }

    @Test func argumentsAreCounted() {
        let bench = SessionBench()
        #expect(bench.ask("EVALSHA", Self.release, "0").hasPrefix("-ERR the script 'release a lock' got"))
        #expect(bench.ask("EVALSHA", Self.release, "2", "a", "b", "x").hasPrefix("-ERR the script"))
        #expect(bench.ask("EVALSHA", Self.release, "1", "a").hasPrefix("-ERR the script"))
        let tooMany = bench.ask("EVALSHA", Self.release, "2", "a")
        #expect(tooMany == "-ERR Number of keys can't be greater than number of args\r\n")
        #expect(bench.ask("EVALSHA", Self.release, "-1", "a") == "-ERR Number of keys can't be negative\r\n")
        #expect(bench.ask("EVALSHA", Self.release, "x", "a") == "-ERR value is not an integer or out of range\r\n")
        let writes = bench.ask("EVALSHA_RO", Self.release, "1", "a", "x")
        #expect(writes == "-ERR Write commands are not allowed from read-only scripts.\r\n")
    }

    /// No known script traps, whatever it is given, and none takes a revocation's expiry away.
    @Test func everyKnownScriptTakesAnything() {
        #expect(NativeScript.known.count > 20)
        for (digest, script) in NativeScript.known {
            for key in ["plain", "revoked:jti:a", "revoked:sub:a", "revoked.epoch", "revoked.terms", "missing"] {
                for argument in ["", "1", "-1", "9223372036854775807", "-9223372036854775808", "yes", "logout"] {
                    let bench = SessionBench()
                    _ = bench.ask("SETEX", "revoked:jti:a", "100", "logout")
                    _ = bench.ask("SETEX", "plain", "100", argument)
                    let arguments = [String](repeating: argument, count: script.argumentCount)
                    let reply = bench.converse([encode(["EVALSHA", digest, "1", key] + arguments)])
                    #expect(!reply.isEmpty && !bench.isClosed, "\(script.name) \(key) \(argument)")
                    #expect(bench.ask("PING") == "+PONG\r\n")
                    #expect(bench.ask("TTL", "revoked:jti:a") != ":-1\r\n")
                }
            }
        }
    }

    @Test func aScriptIsOneOfATransactionsCommands() {
        let bench = SessionBench()
        for words in [
            ["MULTI"], ["SET", "k", "x"], ["EVALSHA", Self.release, "1", "k", "x"], ["EXISTS", "k"],
            ["EVAL", "x", "0"],
        ] { _ = bench.converse([encode(words)]) }
        #expect(bench.ask("EXEC") == "*4\r\n+OK\r\n:1\r\n:0\r\n-\(ScriptCommands.noLua)\r\n")
    }

    /// A script's commands are its user's.
    @Test func rightsHoldWithin() {
        let bench = SessionBench()
        _ = bench.ask("SET", "k", "x")
        _ = bench.ask("ACL", "SETUSER", "u", "on", ">pw", "~k", "+@all", "-del")
        _ = bench.ask("AUTH", "u", "pw")
        let denied = bench.ask("EVALSHA", Self.release, "1", "k", "x")
        #expect(denied == "-NOPERM this user has no permissions to run the 'del' command\r\n")
        let foreign = bench.ask("EVALSHA", Self.release, "1", "other", "x")
        #expect(foreign == "-NOPERM this user has no permissions to access one of the keys used as arguments\r\n")
        #expect(bench.ask("EXISTS", "k") == ":1\r\n")
    }
}
