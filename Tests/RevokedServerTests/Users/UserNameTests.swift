import RESP
import Testing

@testable import RevokedServer

extension UserName: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) { self = UserName(name.utf8)! }
}

/// Names and words are bytes. As text they would take the square of their length, and some would be the same that are
/// not.
@Suite struct UserNameTests {
    @Test func namesThatLookAlikeAreTwo() {
        let admin = SessionBench()
        let names = ["caf\u{e9}", "cafe\u{301}"]
        for name in names { #expect(admin.ask("ACL", "SETUSER", name, "on", ">\(name.utf8.count)") == "+OK\r\n") }
        #expect(admin.daemon.users.all.count == 3)
        for name in names {
            let user = SessionBench(admin.daemon)
            #expect(user.ask("AUTH", name, "\(11 - name.utf8.count)").hasPrefix("-WRONGPASS"))
            #expect(user.ask("AUTH", name, "\(name.utf8.count)") == "+OK\r\n")
        }
        #expect(admin.ask("ACL", "DELUSER", names[0]) == ":1\r\n")
        #expect(admin.ask("ACL", "GETUSER", names[0]) == "$-1\r\n")
        #expect(admin.ask("ACL", "GETUSER", names[1]).hasPrefix("*12\r\n"))
    }

    @Test func invalidTextIsNobodysName() {
        let admin = SessionBench()
        #expect(admin.ask("ACL", "SETUSER", "\u{fffd}", "on", ">p") == "+OK\r\n")
        for name in [[0xFF], [0xC0, 0x80], [0xEF, 0xBF]] as [[UInt8]] {
            let reply = SessionBench(admin.daemon).converse([
                InlineRequest.encode([Array("AUTH".utf8), name, Array("p".utf8)])
            ])
            #expect(text(reply).hasPrefix("-WRONGPASS"))
            #expect(UserName(name) == nil)
        }
        #expect(SessionBench(admin.daemon).ask("AUTH", "\u{fffd}", "p") == "+OK\r\n")
    }

    @Test func namesAreBounded() {
        #expect(UserName("".utf8) == nil)
        #expect(UserName(Array(repeating: 0x61, count: 256)) != nil)
        #expect(UserName(Array(repeating: 0x61, count: 257)) == nil)
        for name in ["a b", "a\n", "a\0", "\u{7f}"] { #expect(UserName(name.utf8) == nil) }
    }

    /// `K` of Kelvin becomes a `k` in lower case, and `İ` two scalars: neither is a letter of a rule.
    @Test func onlyASCIIMakesWords() {
        let admin = SessionBench()
        for rule in ["all\u{212A}eys", "+@\u{212A}eyspace", "+\u{212A}eys", "%R@to\u{212A}en", "nopas\u{17F}"] {
            #expect(admin.ask("ACL", "SETUSER", "u", rule).hasPrefix("-ERR Error in ACL SETUSER"), "\(rule)")
        }
        #expect(admin.ask("ACL", "SETUSER", "u", "ALLKEYS", "+@KEYSPACE", "+KEYS", "(%R@TOKEN)") == "+OK\r\n")
        #expect(admin.ask("INFO", "\u{212A}eyspace").hasPrefix("$0\r\n"))
        #expect(admin.ask("ACL", "CAT", "\u{212A}eyspace").hasPrefix("-ERR Unknown category"))
        #expect(admin.ask("CONFIG", "SET", "maxmemory-\u{212A}", "1").hasPrefix("-ERR Unknown option"))
    }

    @Test func wordsAreBounded() {
        #expect("ON".utf8.lowercasedWord == "on" && "".utf8.lowercasedWord == "")
        #expect(String(repeating: "a", count: 64).utf8.lowercasedWord != nil)
        #expect(String(repeating: "a", count: 65).utf8.lowercasedWord == nil)
        #expect("\u{e9}".utf8.lowercasedWord == nil)
        #expect(Array("@[`{AZaz\u{e9}".utf8).lowercasedASCII == Array("@[`{azaz\u{e9}".utf8))
    }

    /// A letter with marks that are out of order: to put them in order takes minutes.
    @Test(.timeLimit(.minutes(1)))
    func noWordTakesTheSquareOfItsLength() {
        let marks = "a" + String(repeating: "\u{315}\u{300}\u{316}", count: 100_000)
        let bench = SessionBench()
        _ = bench.ask("ACL", "SETUSER", "u", "on", ">p")
        for words in [
            ["AUTH", marks, "p"], ["HELLO", "3", "AUTH", marks, "p"], ["HELLO", "3", "SETNAME", marks],
            ["HELLO", "3", marks], ["INFO", marks], ["INFO", "server", marks], ["ACL", marks], ["ACL", "CAT", marks],
            ["ACL", "GETUSER", marks], ["ACL", "DELUSER", marks], ["ACL", "SETUSER", marks, "on"],
            ["ACL", "SETUSER", "u", marks], ["ACL", "SETUSER", "u", "+" + marks],
            ["ACL", "SETUSER", "u", "+@" + marks], ["ACL", "SETUSER", "u", "+config|" + marks],
            ["ACL", "SETUSER", "u", "%R@" + marks], ["ACL", "SETUSER", "u", "(+" + marks + ")"],
            ["ACL", "DRYRUN", marks, "get", "a"], ["ACL", "DRYRUN", "u", marks, "a"],
            ["ACL", "DRYRUN", "u", "client", marks], ["ACL", "LOG", marks], ["CLIENT", "KILL", marks],
            ["CLIENT", "KILL", "USER", marks], ["CLIENT", "KILL", "ADDR", marks], ["CLIENT", "KILL", "LADDR", marks],
            ["CLIENT", "KILL", "SKIPME", marks], ["CLIENT", "KILL", "TYPE", marks], ["CLIENT", "SETNAME", marks],
            ["CLIENT", "SETINFO", "LIB-NAME", marks], ["CLIENT", "LIST", "TYPE", marks], ["CONFIG", "GET", marks],
            ["CONFIG", "SET", marks, "1"], ["CONFIG", "SET", "maxmemory-policy", marks],
            ["CONFIG", "SET", "loglevel", marks], ["CONFIG", "SET", "tls-cert-file", marks],
            ["COMMAND", "INFO", marks], ["COMMAND", "DOCS", marks], [marks], ["SET", "a", "1", marks],
            ["SCAN", marks], ["SCAN", "0", "TYPE", marks], ["SHUTDOWN", marks], ["FLUSHALL", marks],
        ] {
            let reply = bench.converse([encode(words)])
            #expect(!reply.isEmpty, "\(words.map { $0.prefix(20) })")
        }
    }
}
