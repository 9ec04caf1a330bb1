import Foundation

/// A client's end of a connection: raw bytes both ways, with a deadline for everything.
final class TestSocket {
    enum Place: Sendable {
        case port(Int)
        case path(String)
    }

    private(set) var descriptor: Int32
    private var received: Bytes = []
    private var position = 0
    private var isAtEnd = false

    static let patience: TimeInterval = 20

    /// - Parameter receiveBuffer: the size of the system's buffer in bytes, for a client that is to fill up quickly.
    init(_ place: Place, receiveBuffer: Int32? = nil) throws {
        switch place {
        case .port(let port):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw Self.failure("socket") }
            if let receiveBuffer { Self.set(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
            Self.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            try connect(&address)
        case .path(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw Self.failure("socket") }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            try connect(&address)
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close() }

    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Says that nothing more will be sent.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: Sending

    /// Sends everything; takes what arrives meanwhile, so that no pipeline is too long.
    func send(_ bytes: Bytes) throws {
        let deadline = Date(timeIntervalSinceNow: Self.patience)
        var sent = 0
        while sent < bytes.count {
            guard let count = try sendSome(bytes[sent...]) else {
                try wait(Int16(POLLIN | POLLOUT), deadline)
                try receive()
                continue
            }
            sent += count
        }
    }

    /// - Returns: how many bytes the system took; nil if none now.
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int? {
        let sent = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if sent >= 0 { return sent }
        guard errno == EAGAIN || errno == EINTR else { throw Self.failure("send") }
        return nil
    }

    // MARK: Receiving

    /// The next reply, as it came.
    func reply() throws -> Bytes {
        let deadline = Date(timeIntervalSinceNow: Self.patience)
        while true {
            if let end = try ReplyFrame.end(of: received, from: position) {
                defer { advance(to: end) }
                return Bytes(received[position..<end])
            }
            guard !isAtEnd else {
                throw TestFailure("closed before a reply; left: \(readable(Bytes(received[position...])))")
            }
            try wait(Int16(POLLIN), deadline)
            try receive()
        }
    }

    /// Everything until the other side closes.
    func readToEnd() throws -> Bytes {
        let deadline = Date(timeIntervalSinceNow: Self.patience)
        while !isAtEnd {
            try wait(Int16(POLLIN), deadline)
            try receive()
        }
        defer { position = received.count }
        return Bytes(received[position...])
    }

    func command(_ command: WireCommand) throws -> Bytes {
        try send(command.encoded)
        return try reply()
    }

    private func advance(to end: Int) {
        position = end
        if position == received.count || position > 1 << 16 {
            received.removeFirst(position)
            position = 0
        }
    }

    private func receive() throws {
        var buffer = Bytes(repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            received += buffer[..<count]
        } else if count == 0 || errno == ECONNRESET || errno == EPIPE {
            isAtEnd = true
        } else if errno != EAGAIN, errno != EINTR {
            throw Self.failure("recv")
        }
    }

    // MARK: System calls

    private func wait(_ events: Int16, _ deadline: Date) throws {
        var item = pollfd(fd: descriptor, events: events, revents: 0)
        let left = deadline.timeIntervalSinceNow
        guard left > 0, poll(&item, 1, Int32(left * 1000) + 1) > 0 else {
            throw TestFailure(
                "no answer within \(Self.patience) s; there is: \(readable(Bytes(received[position...])))")
        }
    }

    private func connect<Address>(_ address: inout Address) throws {
        let size = socklen_t(MemoryLayout<Address>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard result == 0 else {
            let failure = Self.failure("connect")
            close()
            throw failure
        }
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func failure(_ call: String) -> TestFailure {
        TestFailure("\(call): \(String(cString: strerror(errno)))")
    }
}
