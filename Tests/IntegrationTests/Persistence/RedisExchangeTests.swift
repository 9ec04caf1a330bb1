import Foundation
import RevokedServer
import Synchronization
import TestSupport
import Testing

/// A real redis-server reads our directory, and we read its.
@Suite struct RedisExchangeTests {
    @Test func bothWaysAndBack() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        var socket = try daemon.connect()
        try socket.expect("SETEX revoked:jti:ours 1000 logout", "+OK")
        try socket.expect("SET plain value", "+OK")
        try socket.expect("SET gone value", "+OK")
        try socket.expect("BGREWRITEAOF", "+Background append only file rewriting started")
        try socket.expect("DEL gone", ":1")
        let epoch = try daemon.epoch()
        try daemon.end()

        let check = try TestProcess(
            try TestProcess.find("redis-check-aof", package: "redis-tools"), [data.file(".manifest")]
        ).waitForEnd()
        #expect(check.status == 0, "\(check.output)")

        let redis = try LocalRedis(["--appendonly", "yes", "--appendfsync", "always", "--dir", data.path])
        let theirs = try redis.connect()
        try theirs.expect("GET revoked:jti:ours", "\"logout\"")
        // It is not this denylist, whatever it has read.
        try theirs.expect("MGET plain gone revoked.epoch", "[\"value\", nil, nil]")
        #expect(
            try theirs.ask("TTL revoked:jti:ours").hasPrefix(":99") || theirs.ask("TTL revoked:jti:ours") == ":1000")
        try theirs.expect("SETEX revoked:jti:theirs 1000 admin", "+OK")
        try redis.end()

        daemon = try data.start()
        socket = try daemon.connect()
        try socket.expect("MGET revoked:jti:ours revoked:jti:theirs plain", "[\"logout\", \"admin\", \"value\"]")
        // Nothing says how Redis ended.
        #expect(try daemon.epoch().hasSuffix(" replaces \(epoch.dropFirst())"))
    }

    /// All databases, from the base and from the log behind it, and what Redis then changes in them.
    @Test func databasesBothWays() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        var socket = try daemon.connect()
        for number in [0, 3, 15] {
            try socket.expect("SELECT \(number)", "+OK")
            try socket.expect("MSET base \(number) gone x", "+OK")
            try socket.expect("SETEX revoked:jti:\(number) 1000 logout", "+OK")
        }
        try socket.expect("BGREWRITEAOF", "+Background append only file rewriting started")
        for number in [0, 3, 15] {
            try socket.expect("SELECT \(number)", "+OK")
            try socket.expect("DEL gone", ":1")
            try socket.expect("SETEX log 1000 \(number)", "+OK")
        }
        try socket.expect("SELECT 7", "+OK")
        try socket.expect("SET flushed 1", "+OK")
        try socket.expect("FLUSHDB", "+OK")
        let epoch = try daemon.epoch()
        try daemon.end()
        #expect(try data.checkLog().output.contains("nothing is wrong"))

        let redis = try LocalRedis(["--appendonly", "yes", "--appendfsync", "always", "--dir", data.path])
        let theirs = try redis.connect()
        for number in [0, 3, 15] {
            try theirs.expect("SELECT \(number)", "+OK")
            try theirs.expect("MGET base gone log", "[\"\(number)\", nil, \"\(number)\"]")
            try theirs.expect("DBSIZE", number == 0 ? ":5" : ":2")
        }
        try theirs.expect("SELECT 7", "+OK")
        try theirs.expect("DBSIZE", ":0")
        // As a client of a stock server with a database in its URL does.
        try theirs.expect("SETEX revoked:jti:seven 1000 logout", "+OK")
        try theirs.expect("SET theirs 7", "+OK")
        try redis.end()

        daemon = try data.start()
        for _ in 0..<2 {
            socket = try daemon.connect()
            #expect(try daemon.epoch().hasSuffix(" replaces \(epoch.dropFirst())"))
            try socket.expect("EXISTS revoked:jti:0 revoked:jti:3 revoked:jti:15 revoked:jti:seven", ":4")
            for number in [0, 3, 15] {
                try socket.expect("SELECT \(number)", "+OK")
                try socket.expect("MGET base gone log", "[\"\(number)\", nil, \"\(number)\"]")
                try socket.expect("DBSIZE", number == 0 ? ":6" : ":2")
            }
            try socket.expect("SELECT 7", "+OK")
            try socket.expect("KEYS *", "[\"theirs\"]")
            try daemon.kill()
            daemon = try data.start()
        }
    }

    /// Guarded time that is behind the wall clock, or ahead of it: a real redis-server goes by the wall clock, and ends
    /// nothing early either. Our own daemon afterwards takes nothing else for what it wrote.
    @Test(arguments: [-7_200, 7_200]) func itEndsNothingEarlyWhateverOurTimeWas(_ error: Int64) async throws {
        let folder = try TemporaryFolder()
        let directory = folder.path + "/data"
        let system = TimeSource.system
        let shift = Mutex(error * 1_000)
        var time = system
        time.wall = { system.wall() + shift.withLock { $0 } }
        func serve(_ body: @escaping (TestSocket) async throws -> Void) async throws {
            try await LocalDaemon.run(
                time: time, { $0.directory = directory }, { try await body(try $0.connect()) })
        }
        try await serve { socket in
            try socket.expect("SETEX revoked:jti:before 36000 logout", "+OK")
            shift.withLock { $0 = 0 }
            try socket.expect("SETEX revoked:jti:log 3600 logout", "+OK")
        }
        // In the base of a log, and in the log itself.
        try await serve { socket in
            try socket.expect("BGREWRITEAOF", "+Background append only file rewriting started")
            try await eventually("the log is rewritten") {
                String(decoding: try socket.command("INFO persistence"), as: UTF8.self).contains("aof_rewrites:1")
            }
            try socket.expect("SETEX revoked:jti:after 3600 logout", "+OK")
        }
        let redis = try LocalRedis(["--appendonly", "yes", "--appendfsync", "always", "--dir", directory])
        let theirs = try redis.connect()
        for name in ["log", "after"] {
            let left = try theirs.ask("TTL revoked:jti:\(name)")
            let seconds = Int64(left.dropFirst()) ?? 0
            #expect(seconds > 3_500 && seconds <= 3_600 + max(0, error) + 1, "\(name): \(left)")
        }
        try theirs.expect("SETEX revoked:jti:theirs 3600 logout", "+OK")
        try redis.end()
        try await serve { socket in
            for name in ["log", "after", "theirs"] {
                let seconds = Int64(try socket.ask("TTL revoked:jti:\(name)").dropFirst()) ?? 0
                // What a server wrote that goes by the wall clock stays until guarded time has passed that.
                let most = name == "theirs" ? 3_600 + max(0, -error) + 1 : 3_600
                #expect(seconds > 3_500 && seconds <= most, "\(name): \(seconds)")
            }
            try socket.expect("EXISTS revoked:jti:before", ":1")
        }
    }

    /// A directory that Redis made, and nothing since its last rewrite: what it acknowledged in between may be missing.
    @Test func theirRewrittenDirectory() async throws {
        let data = try DataFolder()
        try FileManager.default.createDirectory(atPath: data.path, withIntermediateDirectories: false)
        let redis = try LocalRedis(["--appendonly", "yes", "--appendfsync", "no", "--dir", data.path])
        let theirs = try redis.connect()
        try theirs.expect("MSET revoked.epoch theirs revoked:jti:a logout", "+OK")
        try theirs.expect("BGREWRITEAOF", "+Background append only file rewriting started")
        try await eventually("the log is rewritten") {
            String(decoding: try theirs.command("INFO persistence"), as: UTF8.self).contains("aof_rewrites:1\r\n")
        }
        try redis.end()
        var daemon = try data.start()
        let epoch = try daemon.epoch()
        #expect(epoch.hasSuffix(" replaces theirs\""))
        let socket = try daemon.connect()
        try socket.expect("GET revoked:jti:a", "\"logout\"")
        // Their command gave it no expiry, and so it stays; ours take none away.
        try socket.expect("PERSIST revoked:jti:a", ":0")
        try socket.expect("GETEX revoked:jti:a PERSIST", "-ERR guarded key: …")
        try socket.expect("TTL revoked:jti:a", ":-1")
        try daemon.kill()
        daemon = try data.start()
        #expect(try daemon.epoch() == epoch)
    }

    @Test func theirSnapshotAlone() throws {
        let data = try DataFolder()
        try FileManager.default.createDirectory(atPath: data.path, withIntermediateDirectories: false)
        let redis = try LocalRedis(["--dir", data.path])
        try redis.connect().expect("SETEX revoked:jti:a 1000 logout", "+OK")
        try redis.connect().expect("SAVE", "+OK")
        try redis.end()
        let daemon = try data.start()
        try daemon.connect().expect("GET revoked:jti:a", "\"logout\"")
    }
}
