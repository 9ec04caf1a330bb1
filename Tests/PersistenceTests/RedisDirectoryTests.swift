import Denylist
import Foundation
import Testing

@testable import Persistence

/// A whole directory goes to a real redis-server and comes back.
@Suite struct RedisDirectoryTests {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let path = "/usr/bin/\(program)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Missing(description: "\(program) is missing: apt-get install redis-server redis-tools")
        }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    private static func open(_ path: String, _ denylist: Denylist) throws -> Persistence {
        // Redis drops what has expired on its own clock.
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return try Persistence(
            PersistenceConfiguration(directory: path), denylist, moment: { ClockReading(wall: now, guarded: now) })
    }

    @Test func redisReadsOursAndWeReadItsOwn() throws {
        let path = "/tmp/revoked-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let expiry = Int64(Date().timeIntervalSince1970 * 1000) + 3_600_000
        let denylist = Denylist.small()
        let ours = try Self.open(path, denylist)
        _ = try ours.recover()
        _ = try ours.begin(inBackground: false)
        for number in 0..<100 { denylist.set(Array("base \(number)".utf8), [0, 255, 10], expiry: expiry, ours.log) }
        try ours.perform(.rewrite)
        for number in 0..<100 {
            denylist.set(Array("later \(number)".utf8), Array("v".utf8), expiry: expiry, ours.log)
            ours.log.commit(synchronously: true)
        }
        denylist.remove(Array("base 1".utf8), ours.log)
        ours.end()

        let checked = try Self.run("redis-check-aof", ["\(path)/appendonlydir/appendonly.aof.manifest"])
        #expect(checked.contains("All AOF files and manifest are valid"))

        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
        server.arguments = [
            "--port", "0", "--unixsocket", "\(path)/socket", "--dir", path, "--appendonly", "yes", "--logfile",
            "\(path)/redis.log",
        ]
        server.standardOutput = FileHandle.nullDevice
        try server.run()
        defer { if server.isRunning { kill(server.processIdentifier, SIGKILL) } }
        func redis(_ arguments: String...) throws -> String {
            try Self.run("redis-cli", ["-s", "\(path)/socket"] + arguments).trimmingCharacters(in: .newlines)
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while try redis("ping") != "PONG" {
            guard ContinuousClock.now < deadline, server.isRunning else {
                throw Missing(description: "redis-server does not take the directory")
            }
        }
        #expect(try redis("dbsize") == "199")
        #expect(try redis("get", "later 99") == "v")
        #expect(try redis("pexpiretime", "base 0") == "\(expiry)")
        #expect(try redis("set", "from redis", "hello", "px", "3000000") == "OK")
        _ = try redis("shutdown")
        server.waitUntilExit()

        let copy = Denylist.small()
        let again = try Self.open(path, copy)
        let report = try again.recover()
        #expect(report.counts.records > 200 && report.cuts.isEmpty && report.unsealedBytes > 0)
        let found = copy.contents
        #expect(found.count == 200 && found[Array("from redis".utf8)]?.value == Array("hello".utf8))
        again.end()
    }
}
