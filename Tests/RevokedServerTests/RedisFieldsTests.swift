import Testing

@testable import RevokedServer

/// What programs index or count on without asking whether it is there.
@Suite struct RedisFieldsTests {
    private let bench = SessionBench()

    @Test func informationHasRedisFields() {
        let lines = bench.ask("INFO", "everything").split(separator: "\r\n").map { $0.prefix { $0 != ":" } }
        for field in [
            "arch_bits", "os", "hz", "config_file", "used_memory_peak", "used_memory_rss_human", "total_system_memory",
            "mem_fragmentation_ratio", "mem_allocator", "lazyfree_pending_objects", "lazyfreed_objects",
            "rdb_changes_since_last_save", "rdb_last_bgsave_time_sec", "aof_last_bgrewrite_status", "master_replid",
            "master_repl_offset", "migrate_cached_sockets", "sync_full", "pubsub_channels",
        ] {
            #expect(lines.contains { $0 == field }, "\(field)")
        }
        #expect(Set(lines).count == lines.count, "a field comes twice")
        #expect(bench.ask("INFO", "modules").contains("# Modules\r\n"))
    }

    @Test func listedClientsHaveRedisFields() {
        let line = bench.ask("CLIENT", "LIST")
        for field in ["fd=", "multi-mem=", "rbs=", "rbp=", "events=r", "cmd=client|list"] {
            #expect(line.contains(" " + field), "\(field)")
        }
        #expect(!line.contains("fd=-"))
        _ = bench.ask("GET", "k")
        let other = SessionBench(bench.daemon)
        #expect(other.ask("CLIENT", "LIST").contains(" cmd=get "))
    }

    @Test func aSmallTableIsScannedInOneCall() {
        for key in ["a", "b", "c"] { _ = bench.ask("SET", key, "1") }
        let reply = bench.ask("SCAN", "0")
        #expect(reply.hasPrefix("*2\r\n$1\r\n0\r\n*3\r\n"))
        #expect(bench.ask("SCAN", "-1").hasPrefix("*2\r\n"))
        for cursor in ["", "-", "+1", "1x", "18446744073709551616"] {
            #expect(bench.ask("SCAN", cursor) == "-ERR invalid cursor\r\n", "\(cursor)")
        }
    }

    /// A walk goes on where it should, however few are wanted at a time.
    @Test func aWalkInSmallStepsMeetsEveryKey() throws {
        for number in 0..<500 { _ = bench.ask("SET", "k\(number)", "1") }
        var (cursor, found, calls) = ("0", Set<Substring>(), 0)
        repeat {
            let words = bench.ask("SCAN", cursor, "COUNT", "3").split(separator: "\r\n")
            cursor = String(words[2])
            found.formUnion(words.filter { $0.hasPrefix("k") })
            calls += 1
        } while cursor != "0" && calls < 5000
        #expect(found.count == 500 && calls > 20)
    }

    @Test func whatIsAlwaysSoMayBeSetToThat() {
        #expect(bench.ask("CONFIG", "SET", "save", "") == "+OK\r\n")
        #expect(bench.ask("CONFIG", "SET", "save", "900 1").hasPrefix("-ERR CONFIG SET failed"))
        #expect(bench.ask("CONFIG", "GET", "appendfilename").contains("appendonly.aof"))
    }

    /// Keys of subcommands, and of commands that may have none. As redis-server answers.
    @Test(arguments: [
        ("MEMORY USAGE k", "*1\r\n$1\r\nk\r\n"), ("object encoding k", "*1\r\n$1\r\nk\r\n"),
        ("EVAL x 0", "*0\r\n"), ("EVAL x 2 a b c", "*2\r\n$1\r\na\r\n$1\r\nb\r\n"), ("EVAL x -1", "*0\r\n"),
        ("MEMORY STATS", "-ERR The command has no key arguments\r\n"),
        ("MEMORY x", "-ERR Invalid command specified\r\n"), ("x y", "-ERR Invalid command specified\r\n"),
        ("OBJECT ENCODING", "-ERR Invalid number of arguments specified for command\r\n"),
        ("MSETEX 0 x x", "-ERR Invalid arguments specified for command\r\n"),
        ("EVAL x 3 a", "-ERR Invalid arguments specified for command\r\n"),
    ])
    func keysOfCommandsAreFound(_ command: String, _ expected: String) {
        let words = command.split(separator: " ").map(String.init)
        #expect(text(bench.converse([encode(["COMMAND", "GETKEYS"] + words)])) == expected)
    }

    /// The one that asks is known to be in the middle of its request.
    @Test func aClientSeesItsOwnRequest() {
        #expect(bench.ask("CLIENT", "LIST").contains(" qbuf=26 "))
        #expect(bench.ask("CLIENT", "INFO").contains(" qbuf=26 "))
    }
}
