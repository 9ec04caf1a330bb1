import Foundation
import Synchronization

/// Passes bytes between clients and a server on loopback. Each piece that a client sends is a step, announced before it
/// goes on.
final class SteppedRelay: Sendable {
    let port: Int
    private let listener: Int32

    /// - Parameter server: the port of the server.
    init(to server: Int, onStep: @escaping @Sendable () -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isListening else { throw TestFailure("no relay: \(errno)") }
        port = Int(in_port_t(bigEndian: address.sin_port))
        Thread.detachNewThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Self.connect(client, to: server, onStep)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func connect(_ client: Int32, to port: Int, _ onStep: @escaping @Sendable () -> Void) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port)
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(client)
            close(server)
            return
        }
        let open = OpenEnds(client, server)
        Thread.detachNewThread { copy(client, server, open, onStep) }
        Thread.detachNewThread { copy(server, client, open) {} }
    }

    /// Closes both sockets when neither direction uses them any more.
    private final class OpenEnds: Sendable {
        private let ends: [Int32]
        private let users = Mutex(2)

        init(_ ends: Int32...) { self.ends = ends }

        func leave() {
            for end in ends { shutdown(end, Int32(SHUT_RDWR)) }
            let isLast = users.withLock { users in
                users -= 1
                return users == 0
            }
            if isLast { for end in ends { close(end) } }
        }
    }

    private static func copy(_ from: Int32, _ to: Int32, _ open: OpenEnds, _ onPiece: () -> Void) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        defer { open.leave() }
        while true {
            let count = recv(from, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            onPiece()
            var sent = 0
            while sent < count {
                let part = buffer[sent..<count].withUnsafeBytes {
                    send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard part > 0 else { return }
                sent += part
            }
        }
    }
}
