import Foundation
import RevokedServer
import TestSupport
import Testing

/// What comes back after a restart, and whether the denylist is still the same.
@Suite struct RestartTests {
    @Test(arguments: ["always", "everysec", "no"], [SIGTERM, SIGKILL])
    func theEpochIsKeptOnlyIfNothingCanBeMissing(_ policy: String, _ signal: Int32) throws {
        let data = try DataFolder()
        var daemon = try data.start(["--appendfsync", policy])
        let epoch = try daemon.epoch()
        try daemon.connect().expect("SETEX revoked:jti:a 1000 logout", "+OK")
        if signal == SIGKILL { try daemon.kill() } else { try daemon.end() }
        daemon = try data.start(["--appendfsync", policy])
        if signal == SIGTERM || policy == "always" {
            #expect(try daemon.epoch() == epoch)
            try daemon.connect().expect("GET revoked:jti:a", "\"logout\"")
        } else {
            #expect(try daemon.epoch().hasSuffix(" replaces \(epoch.dropFirst())"))
        }
    }

    @Test func aFlushIsKeptWithItsNewEpoch() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        let socket = try daemon.connect()
        try socket.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        try socket.expect("FLUSHALL", "+OK")
        let epoch = try daemon.epoch()
        try daemon.kill()
        daemon = try data.start()
        #expect(try daemon.epoch() == epoch)
        try daemon.connect().expect("EXISTS revoked:jti:a", ":0")
    }

    @Test func timeWithoutALogGivesANewEpoch() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        let epoch = try daemon.epoch()
        try daemon.end()
        daemon = try data.start(["--appendonly", "no"])
        #expect(try daemon.epoch() != epoch)
        try daemon.end()
        daemon = try data.start()
        #expect(try daemon.epoch() != epoch)
    }

    /// A token issued before the wall clock was set back must not lie behind a cut-off that is set after a restart.
    @Test func theTimeDoesNotGoBackAcrossARestart() async throws {
        let folder = try TemporaryFolder()
        let clock = TestClock()
        func serve(_ body: @escaping (TestSocket) async throws -> Void) async throws {
            try await LocalDaemon.run(
                time: clock.source, { $0.directory = folder.path + "/data" },
                { daemon in try await body(try daemon.connect()) })
        }
        try await serve { socket in
            try socket.expect("TIME", "[\"1790000000\", \"0\"]")
            clock.setWall(by: .seconds(-20))
            try socket.expect("TIME", "[\"1790000000\", \"0\"]")
        }
        clock.advance(.seconds(10))
        // What a daemon may have said that was ended by force, had it lived until now.
        try await serve { socket in
            try socket.expect("TIME", "[\"1790000010\", \"0\"]")
            // It stands still until what is on disk covers it.
            clock.advance(.seconds(100))
            try await eventually("it runs slower by a tenth") { try socket.ask("TIME") == "[\"1790000100\", \"0\"]" }
            clock.advance(.seconds(300))
            try await eventually("the wall clock has caught up") {
                try socket.ask("TIME") == "[\"1790000390\", \"0\"]"
            }
        }
    }

    /// From memory only, all that is there becomes durable.
    @Test func aLogBegunWhileItRunsIsComplete() throws {
        let data = try DataFolder()
        var daemon = try data.start(["--appendonly", "no"])
        let socket = try daemon.connect()
        try socket.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        try socket.expect("BGREWRITEAOF", "-ERR there is no append only file…")
        try socket.expect("CONFIG SET appendonly yes appendfsync always", "+OK")
        try socket.expect("CONFIG GET appendonly", "[\"appendonly\", \"yes\"]")
        try socket.expect("SETEX revoked:jti:b 1000 logout", "+OK")
        let epoch = try daemon.epoch()
        try daemon.kill()
        daemon = try data.start()
        try daemon.connect().expect("EXISTS revoked:jti:a revoked:jti:b", ":2")
        #expect(try daemon.epoch() == epoch)
    }

    /// Each waits for the one before, and none is refused.
    @Test func snapshotsOneAfterTheOther() throws {
        let data = try DataFolder()
        let daemon = try data.start()
        let socket = try daemon.connect()
        try socket.send(["SAVE", "SET key value", "SAVE", "SAVE"].flatMap { WireCommand(text: $0).encoded })
        for _ in 0..<4 { #expect(try socket.reply() == Bytes("+OK\r\n".utf8)) }
        try daemon.kill()
        try FileManager.default.removeItem(atPath: data.log)
        let again = try data.start()
        try again.connect().expect("GET key", "\"value\"")
    }

    /// A cache that never touches the directory keeps nobody out of it.
    @Test func withoutALogTheDirectoryIsLeftAlone() throws {
        let data = try DataFolder()
        let first = try data.start(["--appendonly", "no"])
        let second = try data.start(["--appendonly", "no"])
        #expect(!FileManager.default.fileExists(atPath: data.path))
        try first.connect().expect("SAVE", "+OK")
        try second.connect().expect(
            "SAVE", "-ERR the snapshot could not be written: another process uses the directory…")
        try second.connect().expect("CONFIG SET appendonly yes", "-ERR CONFIG SET failed - another process uses…")
        try first.connect().expect("CONFIG SET appendonly yes", "+OK")
    }

    /// Somebody removes everything, even what it stood in: a new log is written as soon as it can be.
    @Test(arguments: ["always", "everysec"]) func theDirectoryGoesAndComesBack(_ policy: String) async throws {
        let data = try DataFolder()
        let parent = data.folder.path + "/parent"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
        let settings = ["--dir", parent + "/data", "--appendfsync", policy]
        var daemon = try DaemonProcess(settings)
        let socket = try daemon.connect()
        let epoch = try daemon.epoch()
        try socket.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        try FileManager.default.removeItem(atPath: parent)
        try await eventually("writes are refused") {
            try socket.ask("SETEX revoked:jti:b 1000 logout").hasPrefix("-MISCONF")
        }
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
        try await eventually("writes are taken again") { try socket.ask("SETEX revoked:jti:c 1000 logout") == "+OK" }
        #expect(throws: (any Error).self, "the new directory is locked, too") { try DaemonProcess(settings) }
        try daemon.kill()
        daemon = try DaemonProcess(settings)
        try daemon.connect().expect("EXISTS revoked:jti:a", ":1")
        if policy == "always" {
            try daemon.connect().expect("EXISTS revoked:jti:c", ":1")
            #expect(try daemon.epoch() == epoch)
        } else {
            #expect(try daemon.epoch() != epoch)
        }
    }

    @Test func snapshotsAndRewritesAreDone() async throws {
        let data = try DataFolder()
        let daemon = try data.start()
        let socket = try daemon.connect()
        try socket.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        try socket.expect("SAVE", "+OK")
        #expect(FileManager.default.fileExists(atPath: data.path + "/dump.rdb"))
        try socket.expect("BGSAVE", "+Background saving started")
        try await eventually("the second snapshot is written") { try daemon.information("rdb_saves") == 2 }
        let before = try daemon.information("aof_rewrites")
        try socket.expect("BGREWRITEAOF", "+Background append only file rewriting started")
        try await eventually("the log is rewritten") { try daemon.information("aof_rewrites") == before + 1 }
        #expect(try daemon.information("aof_enabled") == 1)
        #expect(try daemon.information("aof_durable_lag") == 0)
        try socket.send(WireCommand("SHUTDOWN SAVE").encoded)
        #expect(try socket.readToEnd().isEmpty)
        #expect(try daemon.process.waitForEnd().status == 0)
    }
}
