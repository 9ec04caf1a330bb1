import Denylist
import Foundation
import Testing

@testable import Persistence

/// Both ways with redis-server as Debian ships it, and with its tools.
struct RealRedisTests {
    /// Files of ours: a base, a manifest, and an increment with checksum lines.
    private func ourDirectory() throws -> (redis: RealRedis, log: TestLog) {
        var log = TestLog()
        log.appendRevocations(0..<3)
        log.append { bytes in
            bytes.appendSet("plain", "two words")
            RecordEncoding.appendRemove(Array("number".utf8).span.bytes, to: &bytes)
            RecordEncoding.appendGroupStart(to: &bytes)
            bytes.appendSet("m1", "1", expiry: RDBTests.far)
            bytes.appendSet("m2", "2")
            RecordEncoding.appendGroupEnd(to: &bytes)
        }
        log.append(.stop) { _ in }
        let manifest = Manifest(files: [Manifest.base(1), Manifest.increment(1)])
        let redis = try RealRedis(files: [
            "appendonlydir/appendonly.aof.1.base.rdb": RDBTests.snapshot(of: 50, isLogBase: true).bytes,
            "appendonlydir/appendonly.aof.1.incr.aof": log.bytes,
            "appendonlydir/\(Manifest.fileName)": manifest.encode(),
        ])
        return (redis, log)
    }

    @Test func redisReadsOurFilesAndWeReadWhatItAppends() throws {
        let (redis, _) = try ourDirectory()
        try redis.start()
        #expect(try redis.command("dbsize") == "55")
        #expect(try redis.command("get", "plain") == "two words")
        #expect(try redis.command("exists", "number") == "0")
        #expect(try redis.command("pexpiretime", "m1") == "\(RDBTests.far)")
        #expect(try redis.command("pexpiretime", "revoked:jti:49") == "\(RDBTests.far + 49)")
        #expect(try redis.command("pexpiretime", "revoked:jti:1") == "1800000000000")
        try redis.command("setex", "from-redis", "1000", "x")
        try redis.commands("multi\nset g1 1\nset g2 2\nexec\n")
        redis.kill()

        let (end, sink) = try redis.file("appendonlydir/appendonly.aof.1.incr.aof").readLog()
        #expect(end.torn == nil && !end.isClean && end.chain != nil)
        #expect(sink.entries.keys.contains("from-redis") && sink.entries["g2"]?.value == "2")
        #expect(sink.entries["from-redis"]?.expiry ?? Expiry.never < RDBTests.far)
    }

    @Test func redisToolsFindOurFilesWhole() throws {
        let (redis, _) = try ourDirectory()
        let directory = redis.directory.appending(path: "appendonlydir")
        let log = try RealRedis.run(
            "redis-check-aof", package: "redis-tools", [directory.appending(path: Manifest.fileName).path])
        #expect(log.status == 0 && log.output.contains("All AOF files and manifest are valid"), "\(log.output)")
        let base = try RealRedis.run(
            "redis-check-rdb", package: "redis-tools", [directory.appending(path: "appendonly.aof.1.base.rdb").path])
        #expect(base.status == 0 && base.output.contains("RDB looks OK"), "\(base.output)")
    }

    @Test func weReadWhatRedisLogs() throws {
        let redis = try RealRedis()
        try redis.start("--aof-timestamp-enabled", "yes")
        try redis.commands(
            """
            setex a 1000 1
            set b 2 ex 1000
            set b 3 keepttl
            getex b px 5000000
            set c 1
            getex c ex 500
            getex c persist
            mset x 1 y 2
            expire x 1000
            persist x
            setnx q 1
            getdel q
            unlink y
            psetex z 9000000 z
            set new 1 nx
            set new 2 nx
            set new 3 xx get
            getset c 4
            msetnx u 1 v 2
            expireat v 4000000000
            del u nothing
            set gone 1
            expire gone -1
            multi
            set m 1
            set m2 2 px 7000000
            exec

            """)
        let (end, sink) = try redis.file("appendonlydir/appendonly.aof.1.incr.aof").readLog()
        #expect(end.torn == nil && end.chain == nil)
        #expect(!sink.entries.isEmpty)
        #expect(try sink.entries.count == Int(redis.command("dbsize")))
        for (key, entry) in sink.entries {
            #expect(try redis.command("get", key) == entry.value)
            let expiry = entry.expiry == Expiry.never ? -1 : entry.expiry
            #expect(try redis.command("pexpiretime", key) == "\(expiry)", "\(key)")
        }
    }

    @Test func weReadRedisSnapshotsAndSayWhatWeDoNotKeep() throws {
        let redis = try RealRedis()
        try redis.start()
        let text = String(repeating: "many of the same words ", count: 50)
        for (key, value) in [("plain", "value"), ("12", "-7"), ("n", "1000"), ("m", "-100000"), ("long", text)] {
            try redis.command("set", key, value)
        }
        try redis.command("pexpireat", "plain", "\(RDBTests.far)")
        try redis.command("bgrewriteaof")
        try redis.wait("the rewrite ends") {
            try redis.command("info", "persistence").contains("aof_base_size:")
                && (try? redis.file(
                    "appendonlydir/appendonly.aof.2.base.rdb")) != nil
        }
        let base = try redis.file("appendonlydir/appendonly.aof.2.base.rdb").readLog()
        #expect(base.sink.entries["long"]?.value == text && base.sink.entries["m"]?.value == "-100000")
        #expect(base.sink.entries["plain"] == .init(value: "value", expiry: RDBTests.far))
        #expect(base.sink.entries["12"]?.value == "-7" && base.sink.entries.count == 5)

        let numbers = (0..<600).map(String.init).joined(separator: " ")
        try redis.commands(
            """
            rpush small 1 two
            rpush large \(numbers) \(text.replacing(" ", with: ""))
            sadd integers 1 2 3
            sadd words a b
            sadd many \(numbers) a
            zadd listpack 1 a 2.5 b
            zadd skiplist \((0..<200).map { "\($0).5 member\($0)" }.joined(separator: " "))
            hset hash a 1 b 2
            hset table \((0..<600).map { "f\($0) \($0)" }.joined(separator: " "))
            xadd stream 1-1 a 1
            xadd stream 2-1 b 2
            xgroup create stream group 0
            xreadgroup group group consumer count 1 streams stream >
            select 3
            set elsewhere 1

            """)
        try redis.command("function", "load", "#!lua name=lib\nredis.register_function('f', function() return 1 end)")
        try redis.command("save")
        let dump = try redis.file("dump.rdb")
        let refused = #expect(throws: FormatError.self) { try RDBTests.read(dump) }
        #expect(refused?.code == .unsupported)
        let skipped = try RDBTests.read(dump, skipsUnsupported: true)
        var expected = base.sink.all
        expected["3:elsewhere"] = .init(value: "1", expiry: Expiry.never)
        #expect(skipped.sink.all == expected && skipped.end == dump.count)
        #expect(skipped.counts == .init(records: 6, skipped: 11))

        let log = try redis.file("appendonlydir/appendonly.aof.2.incr.aof")
        #expect(throws: FormatError.self) { try log.readLog() }
        #expect(try log.readLog(skipsUnsupported: true).sink.all.keys.sorted() == ["3:elsewhere"])
    }
}
