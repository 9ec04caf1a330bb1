import Foundation
import Testing

/// A directory that is in use, damaged or not ours stops the start, and says what to do.
@Suite struct RefusedStartTests {
    @Test func aSecondDaemonInTheDirectory() throws {
        let data = try DataFolder()
        let daemon = try data.start()
        let second = try data.startInVain()
        #expect(second.status == 1)
        #expect(second.output.contains("another process uses the directory \(data.path)"), "\(second.output)")
        let check = try data.checkLog()
        #expect(check.status == 1 && check.output.contains("another process uses"))
        try daemon.connect().expect("PING", "+PONG")
    }

    private func damaged() throws -> DataFolder {
        let data = try DataFolder()
        let daemon = try data.start()
        let socket = try daemon.connect()
        for number in 0..<20 { try socket.expect(WireCommand(text: "SETEX revoked:jti:\(number) 1000 logout"), "+OK") }
        try daemon.end()
        return data
    }

    @Test func damageInTheMiddle() throws {
        let data = try damaged()
        let file = try data.file(".incr.aof")
        // The length of an argument in the middle: what follows must not pass for a torn end.
        try data.change(file) { $0[$0.count / 2] ^= 0x10 }
        let refused = try data.startInVain()
        #expect(refused.status == 1)
        #expect(refused.output.contains(file) && refused.output.contains("is damaged at byte"), "\(refused.output)")
        #expect(refused.output.contains("revoked check-log \(data.path) --repair"))

        let check = try data.checkLog()
        #expect(check.status == 1 && check.output.contains("damaged: "), "\(check.output)")
        let unasked = try data.checkLog(["--repair"])
        #expect(unasked.status == 1 && unasked.output.contains("nothing was changed"))
        let repaired = try data.checkLog(["--repair", "--yes"])
        #expect(repaired.status == 0 && repaired.output.contains(".cut-"), "\(repaired.output)")
        let whole = try data.checkLog()
        #expect(whole.status == 0 && whole.output.contains("nothing is wrong"), "\(whole.output)")
        #expect(whole.output.contains("the log was repaired: the next start gives the denylist a new epoch"))
        let daemon = try data.start()
        try daemon.connect().expect("EXISTS revoked:jti:0", ":1")
    }

    @Test func aRepairGivesANewEpoch() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        let epoch = try daemon.epoch()
        for name in ["a", "b", "c"] {
            try daemon.connect().expect(WireCommand(text: "SETEX revoked:jti:\(name) 1000 logout"), "+OK")
        }
        try daemon.kill()
        let file = try data.file(".incr.aof")
        try data.change(file) { $0[$0.count / 2] ^= 0x10 }
        #expect(try data.checkLog(["--repair", "--yes"]).status == 0)
        daemon = try data.start()
        #expect(try daemon.epoch() != epoch)
    }

    @Test func aTornEndIsCutOff() throws {
        let data = try damaged()
        let file = try data.file(".incr.aof")
        try data.change(file) { $0 += Data("*3\r\n$3\r\nSET\r\n$5\r\nto".utf8) }
        let check = try data.checkLog()
        #expect(check.status == 0 && check.output.contains("torn: "), "\(check.output)")
        let daemon = try data.start()
        _ = try daemon.process.waitForLine(containing: "cut ")
        try daemon.connect().expect("DBSIZE", ":20")
    }

    @Test func aMissingManifestOrFile() throws {
        for suffix in [".manifest", ".base.rdb"] {
            let data = try damaged()
            try FileManager.default.removeItem(atPath: try data.file(suffix))
            let refused = try data.startInVain()
            #expect(refused.status == 1)
            #expect(refused.output.contains(suffix), "\(refused.output)")
        }
    }

    @Test func otherTypesAreRefusedOrPassedOver() throws {
        let data = try DataFolder()
        try FileManager.default.createDirectory(atPath: data.path, withIntermediateDirectories: false)
        let redis = try LocalRedis(["--appendonly", "yes", "--dir", data.path])
        let socket = try redis.connect()
        try socket.expect("SADD set member", ":1")
        try socket.expect("SET key value", "+OK")
        try redis.end()
        let refused = try data.startInVain()
        #expect(refused.status == 1)
        #expect(refused.output.contains("SADD") && refused.output.contains("--skip-unsupported"), "\(refused.output)")
        let daemon = try data.start(["--skip-unsupported"])
        try daemon.connect().expect("GET key", "\"value\"")
    }

    @Test func aDirectoryThatCannotBeMade() throws {
        let ended = try DaemonProcess.start(["--port", "0", "--dir", "/proc/revoked-data"]).waitForEnd()
        #expect(ended.status == 1)
        #expect(ended.output.contains("the data directory cannot be used") && ended.output.contains("--dir"))
    }
}
