import Foundation
import TestSupport
import Testing

/// `revoked serve` and `revoked node` under a service manager that waits for news (`Type=notify`).
@Suite struct ServiceManagerProcessTests {
    /// The socket that systemd would listen on.
    private final class Manager {
        private let folder: TemporaryFolder
        private let descriptor: Int32
        let path: String

        init() throws {
            folder = try TemporaryFolder()
            path = folder.path + "/notify"
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var target = sockaddr_un()
            target.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard result == 0 else { throw TestFailure("no socket") }
        }

        deinit { close(descriptor) }

        /// The next state, without what the watchdog is told.
        func next() throws -> String {
            while true {
                let state = try nextOfAny()
                if state != "WATCHDOG=1" { return state }
            }
        }

        func nextOfAny() throws -> String {
            guard try hasNews(within: TestSocket.patience) else { throw TestFailure("the manager heard nothing") }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
        }

        func hasNews(within seconds: TimeInterval = 0) throws -> Bool {
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&item, 1, Int32(seconds * 1000)) > 0
        }
    }

    @Test(arguments: ["epoll", "nio"])
    func theDaemonIsReadyWhenItHasLoadedAndSaysThatItStops(_ transport: String) throws {
        let manager = try Manager()
        let data = try DataFolder.large()
        let daemon = try data.start(
            ["--transport", transport],
            environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "30000"], isReady: false)
        let socket = try daemon.connect()
        let early = try manager.hasNews() ? try manager.next() : ""
        // It still loads, so it cannot have said before that it is ready.
        try socket.expect("PING", "-LOADING Redis is loading the dataset in memory")
        #expect(!early.contains("READY"), "\(early)")
        _ = try daemon.process.waitForLine(containing: "ready")
        var state = try manager.next()
        while state.hasPrefix("STATUS=loading") { state = try manager.next() }
        #expect(state == "READY=1\nSTATUS=")
        try socket.expect("PING", "+PONG")
        // Every thread answers, again and again.
        for _ in 0..<3 { #expect(try manager.nextOfAny() == "WATCHDOG=1") }
        daemon.process.terminate(SIGHUP)
        #expect(try manager.next().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(try manager.next() == "READY=1\nSTATUS=")
        daemon.process.terminate()
        #expect(try manager.next() == "STOPPING=1")
        #expect(try daemon.process.waitForEnd().status == 0)
    }

    @Test func theNodeIsReadyWhenItListensAndSaysThatItStops() throws {
        let manager = try Manager()
        let daemon = try DaemonProcess()
        let node = try TestNodeProcess(
            backend: daemon.port, environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "30000"])
        #expect(try manager.next() == "READY=1\nSTATUS=")
        for _ in 0..<3 { #expect(try manager.nextOfAny() == "WATCHDOG=1") }
        node.process.terminate(SIGHUP)
        #expect(try manager.next().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(try manager.next() == "READY=1\nSTATUS=")
        node.process.terminate()
        #expect(try manager.next() == "STOPPING=1")
        #expect(try node.process.waitForEnd().status == 0)
    }
}
