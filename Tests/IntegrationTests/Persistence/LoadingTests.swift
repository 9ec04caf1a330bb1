import Foundation
import Logging
import Persistence
import RevokedServer
import TestSupport
import Testing

/// While the data directory is read clients are told to wait.
@Suite struct LoadingTests {
    @Test(arguments: ["epoll", "nio"])
    func commandsWaitAndInformationDoesNot(_ transport: String) throws {
        let data = try DataFolder.large()
        let daemon = try data.start(["--transport", transport], isReady: false)
        let socket = try daemon.connect()
        let isLoading = "-LOADING Redis is loading the dataset in memory"
        let replies = try socket.expect([
            ("PING", isLoading), ("EXISTS revoked:jti:key", isLoading), ("SETEX revoked:jti:x 100 logout", isLoading),
            ("FLUSHALL", isLoading), ("ECHO here", "\"here\""),
            // What is promised is decided by then.
            ("CONFIG SET appendfsync everysec", "-ERR CONFIG SET failed - the data directory is being read…"),
            ("CONFIG GET appendfsync", "[\"appendfsync\", \"always\"]"),
            ("INFO persistence", "…"), ("HELLO 3", "[…"),
        ])
        for field in [
            "loading:1", "loading_start_time:", "loading_total_bytes:", "loading_loaded_bytes:", "loading_loaded_perc:",
            "loading_eta_seconds:",
        ] { #expect(replies[7].contains(field), "\(replies[7])") }
        _ = try daemon.process.waitForLine(containing: "ready")
        try socket.expect("EXISTS revoked:jti:key", ":1")
        #expect(try daemon.information("loading") == 0)
    }

    @Test func itEndsMeanwhile() throws {
        for end in [SIGTERM, 0] {
            let data = try DataFolder.large()
            let daemon = try data.start(isReady: false)
            if end == 0 {
                try daemon.connect().send(WireCommand("SHUTDOWN").encoded)
            } else {
                daemon.process.terminate(end)
            }
            let ended = try daemon.process.waitForEnd()
            #expect(ended.status == 0)
            #expect(!ended.output.contains("ready"))
        }
    }

    /// Asked to end while it begins to write, it waits for that: under `everysec` the mark of an unclean end is there
    /// meanwhile, and would cost every client its epoch.
    @Test func anEndAmidTheFirstWritesLeavesNoMark() async throws {
        let data = try DataFolder()
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.logLevel = .critical
        configuration.directory = data.path
        configuration.syncPolicy = .everysec
        var hasBegun = 0
        for round in 0..<60 {
            let server = RevokedServer(configuration, logger: Logger(label: "revoked.test"))
            // One that was asked to end while it read lets the directory go when it has.
            while true {
                do { _ = try await server.start() } catch {
                    try await Task.sleep(for: .milliseconds(1))
                    continue
                }
                break
            }
            let recovery = Task { (try? await server.recover()) == true }
            if round > 0 { try await Task.sleep(for: .microseconds(round * 100)) } else { _ = await recovery.value }
            server.requestShutdown()
            if await recovery.value { hasBegun += 1 }
            await server.stop()
            #expect(!FileManager.default.fileExists(atPath: data.path + "/revoked.doubt"), "round \(round)")
        }
        #expect(hasBegun > 0)
    }
}
