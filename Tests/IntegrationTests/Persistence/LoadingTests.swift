import Foundation
import Testing

/// While the data directory is read clients are told to wait.
@Suite struct LoadingTests {
    @Test(arguments: ["epoll", "nio"])
    func commandsWaitAndInformationDoesNot(_ transport: String) throws {
        let data = try DataFolder.large()
        let daemon = try data.start(["--transport", transport], isReady: false)
        let socket = try daemon.connect()
        for command: WireCommand in ["PING", "EXISTS revoked:jti:key", "SETEX revoked:jti:x 100 logout", "FLUSHALL"] {
            try socket.expect(command, "-LOADING Redis is loading the dataset in memory")
        }
        try socket.expect("ECHO here", "\"here\"")
        // What is promised is decided by then.
        try socket.expect(
            "CONFIG SET appendfsync everysec", "-ERR CONFIG SET failed - the data directory is being read…")
        try socket.expect("CONFIG GET appendfsync", "[\"appendfsync\", \"always\"]")
        let information = try socket.ask("INFO persistence")
        for field in [
            "loading:1", "loading_start_time:", "loading_total_bytes:", "loading_loaded_bytes:", "loading_loaded_perc:",
            "loading_eta_seconds:",
        ] { #expect(information.contains(field), "\(information)") }
        try socket.expect("HELLO 3", "[…")
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
