import Foundation
import TestSupport
import Testing

/// Stock Sentinels that watch the daemon: they find each other through its channels, see it go and come back.
@Suite struct SentinelWatchTests {
    private static func sentinel(watching port: Int) throws -> (process: TestProcess, socket: TestSocket) {
        let program = try TestProcess.find("redis-server", package: "redis-server")
        let (folder, own) = (try TemporaryFolder(), try freePort())
        let settings = """
            port \(own)
            bind 127.0.0.1
            dir \(folder.path)
            sentinel monitor tokens 127.0.0.1 \(port) 2
            sentinel down-after-milliseconds tokens 1000
            """
        let path = folder.path + "/sentinel.conf"
        try settings.write(toFile: path, atomically: true, encoding: .utf8)
        let process = try TestProcess(program, [path, "--sentinel"])
        process.folder = folder
        _ = try process.waitForLine(containing: "Sentinel ID is")
        return (process, try TestSocket(.port(own)))
    }

    /// The fields of `SENTINEL MASTER`.
    private static func master(_ sentinel: TestSocket) throws -> [String: String] {
        let words = try ReplyFrame.elements(of: sentinel.command("SENTINEL MASTER tokens")).map {
            String(decoding: ReplyFrame.bulk($0) ?? [], as: UTF8.self)
        }
        let pairs = stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
        return Dictionary(pairs) { first, _ in first }
    }

    @Test func sentinelsSeeAPrimary() async throws {
        let data = try DataFolder()
        let port = try freePort()
        let daemon = try data.start(["--port", "\(port)"])
        let sentinels = try (0..<2).map { _ in try Self.sentinel(watching: port) }
        defer { for sentinel in sentinels { sentinel.process.terminate(SIGKILL) } }
        func areAgreed(_ flags: String) throws -> Bool {
            try sentinels.allSatisfy { sentinel in
                let master = try Self.master(sentinel.socket)
                return master["flags"] == flags && master["num-other-sentinels"] == "1"
                    && master["role-reported"] == "master"
            }
        }
        try await eventually("both see the primary, and each other") { try areAgreed("master") }
        try sentinels[0].socket.expect("SENTINEL CKQUORUM tokens", "+OK 2 usable Sentinels…")
        try daemon.kill()
        try await eventually("both see it down") { try areAgreed("s_down,o_down,master,disconnected") }
        let again = try data.start(["--port", "\(port)"])
        try await eventually("both see it again") { try areAgreed("master") }
        try again.end()
    }
}
