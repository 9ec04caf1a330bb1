import Denylist
import RESP
import Testing

@testable import RevokedServer

/// What holds for every command of the table, also for one that is added later.
@Suite struct EveryCommandTests {
    private static let names = CommandTable.names

    /// Arguments that some command takes; `K` is the guarded key.
    static let patterns: [[String]] = [
        [], ["K"], ["K", "1"], ["K", "-1"], ["K", "x"], ["K", "1", "x"], ["K", "x", "EX", "1"], ["K", "x", "KEEPTTL"],
        ["K", "x", "GET"], ["K", "x", "XX", "PXAT", "1"], ["K", "EX", "1"], ["K", "PERSIST"], ["K", "1", "LT"],
        ["K", "x", "other", "y"], ["K", "logout"], ["K", "IFEQ", "logout"], ["K", "IFNE", "x"], ["K", "0", "1"],
        ["K", "7", "0"], ["K", "x", "EX", "1", "IFEQ", "logout"], ["K", "x", "IFNE", "y"], ["1", "K", "x"],
        ["1", "K", "x", "EX", "1"], ["2", "other", "x", "K", "y", "PXAT", "1"], ["1", "K", "x", "KEEPTTL"],
        ["other", "K"], ["other", "x", "K", "y"], ["other", "K", "1"], ["K", "other"], ["K", "other", "REPLACE"],
        ["K", "5"], ["other", "K", "REPLACE"], ["K", "K", "DB", "5"], ["0", "5"], ["ENCODING", "K"], ["USAGE", "K"],
        ["NO", "ONE"],
        ["K", "0", "x", "REPLACE"], ["ASYNC"], ["SYNC"], ["SET", "appendonly", "no"], ["RESETSTAT"], ["REWRITE"],
        ["NOSAVE"],
        // Well-known scripts: release a lock, add to a cache, extend a lock, lock, raise a cut-off, exchange.
        ["647c65a442733a1aa440f99908d249d13b4d6c4a", "1", "K", "logout"],
        ["9470c810040e272ee6c579d8d4331aaf6332a7b1", "2", "K", "K", "logout"],
        ["a08c9c69b7c07ae2485190873b90d128a23e502d", "1", "K", "x", "1"],
        ["a4e8783852e6b949f9ef3a97212805108459a890", "1", "K", "logout", "1", "1"],
        ["ceb2b2062e40c51a2b3963fd078bc71f11bdc65c", "1", "K", "logout", "1", "yes"],
        ["d5f94f1848f0c54fff99d99dbc4d54184a157c02", "1", "K", "logout", "0"],
        ["28d077833ce8087391082182fd29d7d665f63e7f", "1", "K", "1", "1"],
        ["6faaca4e465cf635dac3f1cb1d0fdac9c33550d3", "1", "K", "logout", "x"],
        ["KILL", "ID", "1"], ["KILL", "TYPE", "normal"], ["*"], ["0"], ["admin", "wrong"], ["SCHEDULE"],
    ]

    /// Nobody but an administrator makes a revocation end earlier, say something else or go away, whatever the command,
    /// and whatever database was selected.
    @Test(arguments: names, [0, 5])
    func noneUndoesARevocationWithoutTheAdministrator(_ name: String, _ database: Int) {
        for key in ["revoked:jti:a", "revoked:kid:a", "revoked:label:sid:a", "revoked:odd"] {
            for pattern in Self.patterns {
                let words = [name] + pattern.map { $0 == "K" ? key : $0 }
                for conversation in [[words], [["MULTI"], words, ["EXEC"]]] {
                    let bench = SessionBench { $0.adminPassword = "secret" }
                    #expect(bench.ask("SETEX", key, "1000", "logout") == "+OK\r\n")
                    if database != 0 { #expect(bench.ask("SELECT", "\(database)") == "+OK\r\n") }
                    #expect(bench.ask("SET", "other", "1") == "+OK\r\n")
                    _ = bench.converse(conversation.map { encode($0) })
                    let after = bench.isClosed ? nil : bench.ask("RESET") + bench.ask("GET", key)
                    #expect(after == nil || after == "+RESET\r\n$6\r\nlogout\r\n", "\(conversation)")
                    let left = bench.secondsLeft(key)
                    #expect(left >= 1000, "\(conversation)")
                }
            }
        }
    }

    /// Nor does any but `SET` write the daemon's own keys.
    @Test(arguments: names)
    func noneChangesTheEpoch(_ name: String) {
        for pattern in Self.patterns where !["flushall", "flushdb"].contains(name) {
            let bench = SessionBench()
            let epoch = bench.ask("GET", "revoked.epoch")
            _ = bench.ask("SET", "other", "1")
            _ = bench.converse([encode([name] + pattern.map { $0 == "K" ? "revoked.epoch" : $0 })])
            guard !bench.isClosed else { continue }
            #expect(
                bench.ask("RESET") + bench.ask("GET", "revoked.epoch") == "+RESET\r\n" + epoch, "\(name) \(pattern)")
        }
    }

    @Test func theAdministratorsCommandsAreRefusedToOthers() {
        let bench = SessionBench { $0.adminPassword = "secret" }
        _ = bench.ask("SETEX", "revoked:jti:a", "100", "x")
        for words in [
            ["DEL", "revoked:jti:a"], ["UNLINK", "other", "revoked:jti:a"], ["GETDEL", "revoked:jti:a"], ["FLUSHALL"],
            ["DELEX", "revoked:jti:a"], ["DELEX", "revoked:jti:a", "IFEQ", "x"], ["DELIFEQ", "revoked:jti:a", "x"],
            ["FLUSHDB"],
            ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "REWRITE"], ["CONFIG", "RESETSTAT"], ["SHUTDOWN"], ["SAVE"],
            ["SLOWLOG", "RESET"],
            ["BGSAVE"],
            ["BGREWRITEAOF"], ["CLIENT", "KILL", "ID", "1"], ["SET", "revoked.accepted", "x"],
        ] {
            #expect(text(bench.converse([encode(words)])).hasPrefix("-NOPERM "), "\(words)")
        }
        #expect(bench.ask("AUTH", "admin", "secret") == "+OK\r\n")
        #expect(bench.ask("CONFIG", "REWRITE") == "+OK\r\n")
        #expect(bench.ask("CONFIG", "RESETSTAT") == "+OK\r\n")
        #expect(bench.ask("DEL", "revoked:jti:a") == ":1\r\n")
    }

    // MARK: Documentation

    @Test func everyCommandIsDocumented() {
        let bench = SessionBench()
        let all = bench.ask("COMMAND", "DOCS")
        for name in Self.names {
            #expect(all.contains("\r\n$\(name.utf8.count)\r\n\(name)\r\n"))
            let own = bench.ask("COMMAND", "DOCS", name)
            for field in ["summary", "since", "group", "complexity"] {
                #expect(own.contains("\r\n\(field)\r\n"), "\(name)")
            }
        }
        let set = bench.ask("COMMAND", "DOCS", "set")
        for part in ["oneof", "pure-token", "NX", "EX", "unix-time", "optional", "seconds", "KEEPTTL"] {
            #expect(set.contains("\r\n\(part)\r\n") || set.contains("\r\n+\(part)\r\n"), "\(part)")
        }
        #expect(bench.ask("COMMAND", "DOCS", "client").contains("client|kill"))
        #expect(bench.ask("COMMAND", "DOCS", "nosuch") == "*0\r\n")
    }

    @Test func syntaxIsReadAsManualsWriteIt() {
        let syntax = CommandSyntax("key (LEFT | RIGHT) [NX | EX seconds]... [COUNT count [ANY]] pattern...")
        let parts = syntax.arguments
        #expect(parts.map(\.type) == ["key", "oneof", "oneof", "block", "pattern"])
        #expect(parts.map(\.isOptional) == [false, false, true, true, false])
        #expect(parts.map(\.isMultiple) == [false, false, true, false, true])
        #expect(parts[1].parts.map(\.token) == ["LEFT", "RIGHT"])
        #expect(parts[2].parts.map(\.type) == ["pure-token", "integer"])
        #expect(parts[2].parts[1].token == "EX" && parts[2].parts[1].name == "seconds")
        #expect(parts[3].parts.map(\.isOptional) == [false, true])
        #expect(CommandSyntax("").arguments.isEmpty)
    }

    @Test(arguments: ["ACL", "CLIENT", "CONFIG", "COMMAND", "SLOWLOG"])
    func containersHaveHelp(_ name: String) {
        let bench = SessionBench()
        let help = bench.ask(name, "HELP")
        #expect(help.hasPrefix("*") && help.contains("+HELP\r\n"), "\(help)")
        #expect(
            bench.ask(name, "help", "x") == "-ERR wrong number of arguments for '\(name.lowercased())|help' command\r\n"
        )
        let unknown = bench.ask(name, "nosuch")
        #expect(unknown == "-ERR unknown subcommand 'nosuch'. Try \(name) HELP.\r\n")
    }

    @Test func helpNamesEverySubcommand() {
        let bench = SessionBench()
        func check<Container: Subcommand>(_: Container.Type) {
            let help = bench.ask(Container.command, "HELP")
            for subcommand in Container.allCases { #expect(help.contains("+\(subcommand.rawValue.uppercased())")) }
        }
        check(ClientSubcommand.self)
        check(ConfigSubcommand.self)
        check(CommandSubcommand.self)
        check(AccessSubcommand.self)
        check(SlowLogSubcommand.self)
    }
}

extension SessionBench {
    /// What the table says of a key's time to live, in seconds, past every command; 0 if it is not there.
    fileprivate func secondsLeft(_ key: String) -> Int64 {
        let bytes = Array(key.utf8)
        let moment = daemon.clock.now()
        let hash = daemon.denylist.hash(of: bytes.span.bytes)
        let expiry = daemon.denylist.read(bytes.span.bytes, hash: hash, at: moment) { _, expiry in expiry }
        return expiry.map { ($0 - moment.later) / 1000 } ?? 0
    }
}
