import Foundation
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
        try theirs.expect("MGET plain gone revoked.epoch", "[\"value\", nil, \(epoch)]")
        #expect(
            try theirs.ask("TTL revoked:jti:ours").hasPrefix(":99") || theirs.ask("TTL revoked:jti:ours") == ":1000")
        try theirs.expect("SETEX revoked:jti:theirs 1000 admin", "+OK")
        try redis.end()

        daemon = try data.start()
        socket = try daemon.connect()
        try socket.expect("MGET revoked:jti:ours revoked:jti:theirs plain", "[\"logout\", \"admin\", \"value\"]")
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
