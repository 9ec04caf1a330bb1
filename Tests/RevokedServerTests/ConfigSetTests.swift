import Denylist
import Synchronization
import Testing

@testable import RevokedServer

/// `CONFIG SET` of several settings.
@Suite struct ConfigSetTests {
    private func failure(_ name: String, _ why: String) -> String {
        "-ERR CONFIG SET failed (possibly related to argument '\(name)') - \(why)\r\n"
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
}
