import Denylist
import Settings
import Synchronization
import Testing

@testable import RevokedServer

/// `CONFIG`: rows of the table of settings, and several at once.
@Suite struct ConfigSetTests {
    private func failure(_ name: String, _ why: String) -> String {
        "-ERR CONFIG SET failed (possibly related to argument '\(name)') - \(why)\r\n"
    }

    private func value(of name: String, _ bench: SessionBench) -> String? {
        let lines = bench.ask("CONFIG", "GET", name).split(separator: "\r\n", omittingEmptySubsequences: false)
        return lines.count > 4 ? String(lines[4]) : nil
    }

    @Test func everyRowThatIsNotHiddenIsShown() {
        // Without a data directory nothing is logged.
        let bench = SessionBench { $0.isLogging = false }
        var count = 0
        for setting in ServerConfiguration.settings {
            let shown = value(of: setting.name, bench)
            #expect(shown == (setting.runtime == .hidden ? nil : setting.text(in: bench.daemon.configuration)))
            count += shown == nil ? 0 : 1
        }
        #expect(count > 15)
        #expect(ServerConfiguration.settings.allSatisfy { !$0.isSecret || $0.runtime == .hidden })
    }

    /// `requirepass` is the password of the user `default`, as in Redis; it is not shown, and CONFIG REWRITE says that
    /// the next start does not find it.
    @Test func thePasswordOfDefaultIsChanged() {
        let owner = SessionBench()
        let set = { owner.ask("CONFIG", "SET", "requirepass", $0) }
        for password in ["first", "second"] {
            #expect(set(password) == "+OK\r\n" && owner.ask("PING") == "+PONG\r\n")
            let other = SessionBench(owner.daemon)
            #expect(other.ask("PING").hasPrefix("-NOAUTH"))
            #expect(other.ask("AUTH", password) == "+OK\r\n" && other.ask("PING") == "+PONG\r\n")
        }
        #expect(SessionBench(owner.daemon).ask("AUTH", "first").hasPrefix("-WRONGPASS"))
        #expect(owner.ask("CONFIG", "GET", "requirepass") == "*0\r\n")
        #expect(owner.ask("CONFIG", "REWRITE").hasSuffix("since its start: requirepass\r\n"))
        #expect(set("") == "+OK\r\n" && SessionBench(owner.daemon).ask("PING") == "+PONG\r\n")
    }

    /// All or none: what may fail later is not set beside a password. Nobody opens the daemon to the network.
    @Test func aPasswordThatCannotBeChangedChangesNothing() {
        let bench = SessionBench { ($0.bind, $0.password) = (["0.0.0.0"], "first") }
        #expect(bench.ask("AUTH", "first") == "+OK\r\n")
        #expect(bench.ask("CONFIG", "SET", "maxmemory", "2mb", "requirepass", "").contains("protected-mode"))
        #expect(bench.ask("CONFIG", "SET", "requirepass", "x", "trust-clock", "yes").contains("set it by itself"))
        #expect(bench.ask("CONFIG", "SET", "requirepass", "x", "port", "1").contains("immutable"))
        #expect(value(of: "maxmemory", bench) == "0")
        #expect(SessionBench(bench.daemon).ask("PING").hasPrefix("-NOAUTH"))
        #expect(SessionBench(bench.daemon).ask("AUTH", "first") == "+OK\r\n")
    }

    /// A row that says so and is forgotten in `ConfigChanges` fails here.
    @Test func everyRowThatIsChangeableIsChanged() {
        let bench = SessionBench()
        var (changed, needDirectory, needTLS) = (0, 0, 0)
        for setting in ServerConfiguration.settings {
            let usual = setting.text(in: ServerConfiguration())
            let new =
                switch setting.kind {
                case .number(let range, _): "\(range.lowerBound + 1)"
                case .size: "2097152"
                case .oneOf(let names): names.first { $0 != usual } ?? ""
                case .other(_, let example): example
                }
            let reply = bench.ask("CONFIG", "SET", setting.name, new)
            switch setting.runtime {
            case .changeable where reply == "+OK\r\n":
                changed += 1
                // It is for once.
                #expect(value(of: setting.name, bench) == (setting.name == "trust-clock" ? "no" : new))
            case .changeable where setting.name.hasPrefix("tls-"):
                needTLS += 1
                #expect(reply == failure(setting.name, "there is no TLS: start the daemon with --tls-port"))
            case .changeable:
                needDirectory += 1
                #expect(reply == failure(setting.name, "there is no data directory: start the daemon with --dir"))
            case .readOnly: #expect(reply == failure(setting.name, "can't set immutable config"))
            case .protected: #expect(reply == failure(setting.name, "can't set protected config"))
            case .hidden where setting.name == ConfigChanges.password: #expect(reply == "+OK\r\n")
            case .hidden: #expect(reply.hasPrefix("-ERR Unknown option"))
            }
        }
        #expect(changed == 13 && needDirectory == 3 && needTLS == 7)
    }

    @Test func severalAreChangedAtOnce() {
        let bench = SessionBench()
        #expect(
            bench.ask("CONFIG", "SET", "maxmemory", "5mb", "MaxClients", "7", "guarded-reserve", "1mb") == "+OK\r\n")
        #expect(bench.daemon.denylist.maximumBytes == 5 << 20)
        #expect(bench.daemon.clients.maximum.load(ordering: .relaxed) == 7)
        #expect(bench.daemon.memory.reserved == 1 << 20)
    }

    @Test func oneThatIsWrongChangesNone() {
        let bench = SessionBench()
        for (name, value) in [
            ("maxclients", "0"), ("port", "1"), ("appendonly", "perhaps"), ("guarded-reserve", "x"), ("dir", "/"),
            ("loglevel", "x"),
            ("auto-aof-rewrite-percentage", "x"), ("appendonly", "yes"), ("appendfsync", "no"),
        ] {
            let reply = bench.ask("CONFIG", "SET", "maxmemory", "5mb", name, value)
            #expect(reply.hasPrefix("-ERR CONFIG SET failed (possibly related to argument '\(name)') - "), "\(reply)")
            #expect(bench.daemon.denylist.maximumBytes == 0)
        }
        #expect(bench.ask("CONFIG", "SET", "maxmemory", "5mb", "nosuch", "1").hasPrefix("-ERR Unknown option"))
        #expect(bench.daemon.denylist.maximumBytes == 0)
    }

    @Test func aNameTwiceIsRefused() {
        let bench = SessionBench()
        let reply = bench.ask("CONFIG", "SET", "maxmemory", "1mb", "MAXMEMORY", "2mb")
        #expect(reply == failure("maxmemory", "duplicate parameter"))
        #expect(bench.daemon.denylist.maximumBytes == 0)
    }

    @Test func aNameWithoutAValueIsASyntaxError() {
        let bench = SessionBench()
        #expect(bench.ask("CONFIG", "SET", "maxmemory", "1mb", "maxclients") == "-ERR syntax error\r\n")
        #expect(
            bench.ask("CONFIG", "SET", "maxmemory") == "-ERR wrong number of arguments for 'config|set' command\r\n")
        #expect(bench.daemon.denylist.maximumBytes == 0)
    }

    /// Programs set what they have read before.
    @Test func everySettingMayBeSetToWhatItIs() {
        let bench = SessionBench { $0.isLogging = false }
        let names = ServerConfiguration.settings.filter { $0.runtime != .hidden }.map(\.name) + ["hz", "masterauth"]
        for name in names {
            guard let value = value(of: name, bench) else { continue }
            #expect(bench.ask("CONFIG", "SET", name, value) == "+OK\r\n", "\(name)")
        }
        #expect(bench.ask("CONFIG", "SET", "bind", "127.0.0.9") == failure("bind", "can't set immutable config"))
        #expect(bench.ask("CONFIG", "SET", "masterauth", "x") == failure("masterauth", "can't set immutable config"))
    }

    /// There is no file that the daemon writes, so it may say so only if nothing would be lost.
    @Test func rewriteTellsWhatIsNotKept() {
        let bench = SessionBench()
        #expect(bench.ask("CONFIG", "REWRITE") == "+OK\r\n")
        _ = bench.ask("CONFIG", "SET", "maxmemory", "1gb", "maxclients", "\(ServerConfiguration().maximumClients)")
        let refusal = bench.ask("CONFIG", "REWRITE")
        #expect(refusal.hasPrefix("-ERR the daemon does not write") && refusal.hasSuffix(": maxmemory\r\n"))
        _ = bench.ask("CONFIG", "SET", "maxmemory", "0")
        #expect(bench.ask("CONFIG", "REWRITE") == "+OK\r\n")
    }
}
