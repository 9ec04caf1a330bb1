import Foundation
import TestSupport
import Testing

/// `revoked cut-over`, from a redis-server to the daemon that imports it.
@Suite(.timeLimit(.minutes(3))) struct CutOverTests {
    private static let epoch = "11111111-2222-4333-8444-555555555555"
    private let data: DataFolder
    private let source: ImportedRedis

    init() throws {
        data = try DataFolder()
        source = try ImportedRedis()
    }

    private func run(_ daemon: DaemonProcess, _ arguments: [String] = []) throws -> (status: Int32, output: String) {
        try TestProcess(
            try DaemonProcess.program(),
            ["cut-over", "--from", "redis://127.0.0.1:\(source.port)", "--backend", "redis://127.0.0.1:\(daemon.port)"]
                + arguments
        ).waitForEnd(within: 60)
    }

    /// What a process that has pinned the source's epoch makes of a token.
    private func check(_ jti: String, _ port: Int) throws -> Int32 {
        try TestProcess(
            try DaemonProcess.program(),
            ["check", "--backend", "redis://127.0.0.1:\(port)", "--epoch", Self.epoch, "--jti", jti]
        ).waitForEnd().status
    }

    private func follow(_ arguments: [String] = []) async throws -> DaemonProcess {
        let daemon = try data.start(["--import-from", "redis://127.0.0.1:\(source.port)"] + arguments)
        try await eventually("it follows") { ImportState(of: try daemon.connect())["import_state"] == "following" }
        return daemon
    }

    @Test func clientsGoOnWithTheDaemon() async throws {
        let old = try source.connect()
        try old.expect("SET revoked.epoch \(Self.epoch)", "+OK")
        try old.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        let daemon = try await follow()
        #expect(try check("b", source.port) == 0)
        #expect(try check("b", daemon.port) == 2)
        let outcome = try run(daemon, ["--pause", "20"])
        #expect(outcome.status == 0, "\(outcome.output)")
        let new = try daemon.connect()
        let epoch = try new.ask("GET revoked.epoch")
        #expect(!epoch.contains("replaces"))
        #expect(try new.ask("GET revoked.accepted").contains(" replaces \(Self.epoch)"))
        #expect(ImportState(of: new)["import_state"] == "ended")
        // The same process as before: it goes on with the daemon, and believes the source no more.
        #expect(try check("a", daemon.port) == 1)
        #expect(try check("b", daemon.port) == 0)
        #expect(try check("b", source.port) == 2)
        try new.expect("SETEX revoked:jti:b 1000 logout", "+OK")
        #expect(try check("b", daemon.port) == 1)
        // The source takes nothing more that its writer could rely on.
        try source.connect().send(WireCommand("SETEX revoked:jti:late 1000 logout").encoded)
        try old.expect("EXISTS revoked:jti:late", ":0")
    }

    /// Who may not administer changes nothing, here or there.
    @Test func whatFailsIsTakenBack() async throws {
        let old = try source.connect()
        try old.expect("SET revoked.epoch \(Self.epoch)", "+OK")
        let daemon = try await follow(["--admin-password", "secret"])
        let outcome = try run(daemon)
        #expect(outcome.status == 2, "\(outcome.output)")
        #expect(outcome.output.contains("Not cut over"))
        try old.expect("GET revoked.epoch", "\"\(Self.epoch)\"")
        try old.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        #expect(try check("b", source.port) == 0)
        try await eventually("it follows still") { try daemon.connect().ask("EXISTS revoked:jti:a") == ":1" }
    }

    @Test func whatDoesNotFollowIsNotCutOver() async throws {
        let daemon = try data.start()
        for (first, second) in [(source.port, daemon.port), (daemon.port, daemon.port), (source.port, source.port)] {
            let outcome = try TestProcess(
                try DaemonProcess.program(),
                ["cut-over", "--from", "redis://127.0.0.1:\(first)", "--backend", "redis://127.0.0.1:\(second)"]
            ).waitForEnd()
            #expect(outcome.status == 2, "\(outcome.output)")
        }
        try source.connect().expect("SET a 1", "+OK")
    }
}
