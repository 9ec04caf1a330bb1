import Foundation

/// A real redis-server on a free loopback port, without files.
final class LocalRedis {
    let port: Int
    private let process: TestProcess
    private let folder = try? TemporaryFolder()

    init(_ settings: [String] = []) throws {
        let program = try TestProcess.find("redis-server", package: "redis-server")
        var failure: (any Error)?
        // Between asking for a free port and taking it another may take it.
        for _ in 0..<5 {
            let port = try Self.freePort()
            let process = try TestProcess(
                program,
                ["--port", "\(port)", "--save", "", "--appendonly", "no", "--databases", "1", "--daemonize", "no"]
                    + (folder.map { ["--dir", $0.path] } ?? [])
                    + settings)
            do {
                _ = try process.waitForLine(containing: "Ready to accept connections")
                self.port = port
                self.process = process
                return
            } catch { failure = error }
        }
        throw failure!
    }

    /// Ends it in order.
    func end() throws {
        let socket = try connect()
        try socket.send(WireCommand("SHUTDOWN NOSAVE").encoded)
        _ = try socket.readToEnd()
        _ = try process.waitForEnd()
    }

    func connect() throws -> TestSocket { try TestSocket(.port(port)) }

    /// A port of loopback that nobody uses at the moment.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard result else { throw TestFailure("no free port: \(String(cString: strerror(errno)))") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
