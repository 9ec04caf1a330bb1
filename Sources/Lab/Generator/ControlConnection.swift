#if os(Linux)
    import Foundation
    import Glibc

    /// A blocking connection for the few questions around a run. Speaks as much of Redis' protocol as they need.
    final class ControlConnection {
        let descriptor: Int32
        private var received: [UInt8] = []

        /// Connects to a port of 127.0.0.1.
        convenience init(port: Int) throws(LoadFailure) { try self.init(.loopback(port: port)) }

        /// Connects and logs in.
        convenience init(_ address: ServerAddress) throws(LoadFailure) { self.init(descriptor: try address.connect()) }

        /// Connects to a Unix socket.
        convenience init(path: String) throws(LoadFailure) {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
                throw LoadFailure(message: "\(path) is too long for a socket")
            }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw .system("socket") }
            let status = withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard status == 0 else {
                let failure = LoadFailure.system("connect")
                close(descriptor)
                throw failure
            }
            self.init(descriptor: descriptor)
        }

        /// Every answer is waited for 30 s.
        private init(descriptor: Int32) {
            self.descriptor = descriptor
            var patience = timeval(tv_sec: 30, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        }

        deinit { close(descriptor) }

        /// Sends a command.
        /// - Returns: a simple string, an integer or a bulk string as text; nil for a null.
        /// - Throws: ``LoadFailure`` for an error reply too.
        func call(_ arguments: String...) throws(LoadFailure) -> String? { try call(arguments) }

        func call(_ arguments: [String]) throws(LoadFailure) -> String? {
            let line = try ask(RESPText.request(arguments))
            switch line.first {
            case "+", ":": return String(line.dropFirst())
            case "$":
                guard let length = Int(line.dropFirst()), length >= 0 else { return nil }
                return String(decoding: try take(length + 2).dropLast(2), as: UTF8.self)
            default: throw LoadFailure(message: "\(arguments[0]) was answered \(line)")
            }
        }

        /// Sends a request as it is.
        /// - Returns: the first line of the answer.
        func ask(_ request: String) throws(LoadFailure) -> String {
            try send(request)
            while true {
                if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                    return String(decoding: try take(end + 1).dropLast(2), as: UTF8.self)
                }
                try read()
            }
        }

        /// Sends a request whose answer somebody else reads.
        func send(_ request: String) throws(LoadFailure) {
            guard Array(request.utf8).withUnsafeBytes({ LoopbackSocket.send($0, to: descriptor) }) else {
                throw LoadFailure(message: "the server closed the control connection")
            }
        }

        /// Sends several requests in one go, and waits until each has got the same one-line answer.
        func ask(_ requests: String, expecting answer: String, times: Int) throws(LoadFailure) {
            var line = try ask(requests)
            for number in 0..<times {
                guard line == answer else { throw LoadFailure(message: "a write was answered \(line)") }
                if number + 1 < times { line = try ask("") }
            }
        }

        private func take(_ count: Int) throws(LoadFailure) -> [UInt8] {
            while received.count < count { try read() }
            defer { received.removeFirst(count) }
            return Array(received.prefix(count))
        }

        private func read() throws(LoadFailure) {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw LoadFailure(message: "the server does not answer on the control connection") }
            received += buffer[..<count]
        }
    }
#endif
