#if os(Linux)
    import CLinux
    import Glibc

    /// Plain sockets.
    enum LoopbackSocket {
        /// Sends all of it.
        /// - Returns: false if the other side is gone.
        static func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.send(
                    descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }

        /// Sends what goes at once.
        /// - Returns: how many bytes went; below 0 and errno if none.
        static func sendSome(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
            Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }

        /// - Returns: a socket that listens, and the free port that it took.
        static func listen() throws(LoadFailure) -> (descriptor: Int32, port: Int) {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw .system("socket") }
            var address = loopback(port: 0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let listens = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                        && Glibc.listen(descriptor, 128) == 0
                }
            }
            guard listens else {
                defer { close(descriptor) }
                throw .system("listen")
            }
            return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
        }

        /// A port that is free now.
        static func freePort() throws(LoadFailure) -> Int {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw .system("socket") }
            defer { close(descriptor) }
            var address = loopback(port: 0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
            guard isBound else { throw .system("bind") }
            return Int(UInt16(bigEndian: address.sin_port))
        }

        private static func loopback(port: Int) -> sockaddr_in {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port)).bigEndian
            address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
            return address
        }
    }
#endif
