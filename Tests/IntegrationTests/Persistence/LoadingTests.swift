import Foundation
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
}
