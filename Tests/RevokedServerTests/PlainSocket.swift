import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A client's end of a connection on loopback, without a protocol.
final class PlainSocket {
    private let descriptor: Int32

    init(port: Int) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0, "cannot connect: \(errno)")
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// - Returns: how many bytes the system took.
    func sendSome(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { max(0, systemSend($0)) }
    }

    private func systemSend(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #else
            Darwin.send(descriptor, bytes.baseAddress, bytes.count, 0)
        #endif
    }

    /// Sends what fits into the system's buffers, which it must.
    func send(_ bytes: [UInt8]) { #expect(sendSome(bytes[...]) == bytes.count) }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection so that the other side hears of it at once.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        // The descriptor stays ours until the end.
        let other = socket(AF_INET, sockType, 0)
        dup2(other, descriptor)
        close(other)
    }

    private var sockType: Int32 {
        #if canImport(Glibc)
            Int32(SOCK_STREAM.rawValue)
        #else
            SOCK_STREAM
        #endif
    }

    /// What has come, once something has, or the time is over.
    /// - Returns: nil at the end.
    func receive(within time: Duration) -> [UInt8]? {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&item, 1, Int32(time / .milliseconds(1))) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { return Array(buffer[..<count]) }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? [] : nil
    }

    /// So many bytes, or what came of them within 10 s or before the end.
    func receive(until count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(10)
        while bytes.count < count, ContinuousClock.now < deadline {
            guard let more = receive(within: .milliseconds(100)) else { break }
            bytes += more
        }
        return bytes
    }
}
