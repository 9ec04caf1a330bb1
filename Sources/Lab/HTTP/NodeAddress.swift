#if os(Linux)
    import CLinux
    import Foundation
    import Glibc

    /// Where a node listens, resolved once.
    struct NodeAddress: Sendable {
        /// `host:port`, for the `Host` header and for messages.
        let authority: String
        private let storage: [UInt8]

        /// - Parameter url: `http://host:port`
        /// - Throws: ``LoadFailure`` for another scheme, or a host that is not known.
        init(_ url: String) throws(LoadFailure) {
            guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host else {
                throw LoadFailure(message: "a node's URL is http://host:port: \(url)")
            }
            let port = parts.port ?? 80
            authority = "\(host):\(port)"
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var found: UnsafeMutablePointer<addrinfo>?
            let bare = host.filter { $0 != "[" && $0 != "]" }
            guard getaddrinfo(bare, String(port), &hints, &found) == 0, let found else {
                throw LoadFailure(message: "the host of \(url) is not known")
            }
            defer { freeaddrinfo(found) }
            storage = Array(UnsafeRawBufferPointer(start: found.pointee.ai_addr, count: Int(found.pointee.ai_addrlen)))
        }

        /// - Returns: a connected socket that sends without delay; nil if the port has no listener, or none accepts
        ///   within a second.
        func connect() -> Int32? {
            storage.withUnsafeBytes { bytes in
                let address = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                let descriptor = socket(
                    Int32(address.pointee.sa_family), Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                guard descriptor >= 0 else { return nil }
                var yes: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
                // The time to connect, and to send what the other side does not read.
                var patience = timeval(tv_sec: 1, tv_usec: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
                guard Glibc.connect(descriptor, address, socklen_t(bytes.count)) == 0 else {
                    close(descriptor)
                    return nil
                }
                return descriptor
            }
        }
    }
#endif
