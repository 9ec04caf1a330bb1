import Testing

@testable import RevokedServer

/// `DEBUG`: for test programs of clients, and nobody else.
@Suite struct DebugTests {
    private let bench = SessionBench { $0.enablesDebug = true }

    @Test func itIsOffUnlessItIsAskedFor() {
        #expect(SessionBench().ask("DEBUG", "SLEEP", "0").hasPrefix("-ERR DEBUG command not allowed."))
        #expect(SessionBench().ask("CONFIG", "SET", "enable-debug-command", "yes").contains("immutable"))
    }

    @Test func itIsTheAdministrators() {
        let bench = SessionBench { ($0.enablesDebug, $0.adminPassword) = (true, "secret") }
        #expect(bench.ask("DEBUG", "SLEEP", "0").hasPrefix("-NOPERM"))
        _ = bench.ask("AUTH", "admin", "secret")
        #expect(bench.ask("DEBUG", "SLEEP", "0") == "+OK\r\n")
    }

    @Test func sleepIsBounded() {
        for time in ["10.1", "-1", "inf", "nan", "1e300"] {
            #expect(bench.ask("DEBUG", "SLEEP", time).hasPrefix("-ERR"), "\(time)")
        }
        // A client's test program sends it so.
        #expect(bench.ask("DEBUG", "SLEEP", "0\r\n") == "+OK\r\n")
    }

    @Test func objectsAreDescribed() {
        #expect(bench.ask("DEBUG", "OBJECT", "k") == "-ERR no such key\r\n")
        _ = bench.ask("SET", "k", "12")
        #expect(bench.ask("DEBUG", "OBJECT", "k").hasPrefix("+Value at:0x0 refcount:2147483647 encoding:int "))
    }

    /// As redis-server answers.
    @Test(arguments: [
        ("string", "$11\r\nHello World\r\n", "$11\r\nHello World\r\n"), ("integer", ":12345\r\n", ":12345\r\n"),
        ("double", "$5\r\n3.141\r\n", ",3.141\r\n"), ("null", "$-1\r\n", "_\r\n"),
        ("set", "*3\r\n:0\r\n:1\r\n:2\r\n", "~3\r\n:0\r\n:1\r\n:2\r\n"),
        ("map", "*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n", "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n"),
        ("true", ":1\r\n", "#t\r\n"), ("false", ":0\r\n", "#f\r\n"),
        (
            "bignum", "$37\r\n1234567999999999999999999999999999999\r\n",
            "(1234567999999999999999999999999999999\r\n"
        ),
    ])
    func everyTypeOfReplyCanBeHad(_ type: String, _ two: String, _ three: String) {
        #expect(bench.ask("DEBUG", "PROTOCOL", type) == two)
        _ = bench.ask("HELLO", "3")
        #expect(bench.ask("DEBUG", "PROTOCOL", type) == three)
    }

    @Test func errorsAreAnsweredAsTheyStand() {
        #expect(bench.ask("DEBUG", "ERROR", "LOADING fake") == "-LOADING fake\r\n")
        #expect(!bench.ask("DEBUG", "ERROR", "A\r\n+OK").dropLast(2).contains("\r\n"))
    }

    @Test func otherWordsAreRefused() {
        #expect(bench.ask("DEBUG", "PROTOCOL", "x").hasPrefix("-ERR Wrong protocol type name."))
        #expect(bench.ask("DEBUG", "PROTOCOL", "push").hasPrefix("-ERR"))
        #expect(
            bench.ask("DEBUG", "RELOAD")
                == "-ERR unknown subcommand or wrong number of arguments for 'RELOAD'. Try DEBUG HELP.\r\n")
        #expect(bench.ask("DEBUG", "HELP").hasPrefix("*15\r\n"))
    }
}
