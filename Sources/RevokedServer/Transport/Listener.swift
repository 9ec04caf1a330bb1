#if os(Linux)
    import Glibc

    /// A socket that listens.
    struct Listener: Sendable {
        let descriptor: Int32
        let endpoint: Endpoint
        /// What `CLIENT LIST` shows of its connections' side.
        let localAddress: String

        /// Connections that may wait to be accepted; the system's `somaxconn` may be lower.
        private static let backlog: Int32 = 4096

        // MARK: TCP

        /// Listens on every address that it stands for. Without `SO_REUSEPORT`: a second daemon on the port must
        /// fail, not take half of the connections and answer from an empty table.
        static func tcp(_ address: BindAddress, port: Int) throws(ServerError) -> [Listener] {
            let host = address.host
            var hints = addrinfo()
            hints.ai_flags = AI_PASSIVE
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var first: UnsafeMutablePointer<addrinfo>?
            switch address.wildcard {
            case .ipv4: hints.ai_family = AF_INET
            case .ipv6: hints.ai_family = AF_INET6
            case nil: break
            }
            let failure = getaddrinfo(address.wildcard == nil ? host : nil, String(port), &hints, &first)
            guard failure == 0 else {
                throw ServerError(.cannotListen, "cannot listen on \(host): \(String(cString: gai_strerror(failure)))")
            }
            defer { freeaddrinfo(first) }
            var listeners: [Listener] = []
            var missing: ServerError?
            var port = port
            var next = first
            while let info = next {
                next = info.pointee.ai_next
                do throws(ServerError) {
                    let listener = try listen(on: info.pointee, host, port)
                    listeners.append(listener)
                    // A free port is asked for once, for all addresses of the host.
                    if case .tcp(_, let taken) = listener.endpoint { port = taken }
                } catch {
                    // A machine without IPv6 still has the host's other addresses.
                    if error.code == .noResources {
                        missing = error
                        continue
                    }
                    for listener in listeners { close(listener.descriptor) }
                    throw error
                }
            }
            if listeners.isEmpty, let missing { throw missing }
            return listeners
        }

        private static func listen(on info: addrinfo, _ host: String, _ port: Int) throws(ServerError) -> Listener {
            let descriptor = SocketAddress.makeSocket(info.ai_family)
            guard descriptor >= 0 else {
                throw failed("cannot make a socket for \(host)", errno == EAFNOSUPPORT ? .noResources : .cannotListen)
            }
            prepare(descriptor)
            set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            if info.ai_family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
            guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0,
                Glibc.listen(descriptor, backlog) == 0
            else {
                let isMissing = errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT
                let error =
                    errno == EADDRINUSE
                    ? ServerError.inUse(.tcp(host: host, port: port))
                    : failed("cannot listen on \(host):\(port)", isMissing ? .noResources : .cannotListen)
                close(descriptor)
                throw error
            }
            var address = SocketAddress.Storage()
            var length = socklen_t(MemoryLayout<SocketAddress.Storage>.size)
            withUnsafeMutablePointer(to: &address) {
                _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
            }
            let actual = SocketAddress.hostAndPort(&address, length) ?? (host, port)
            return Listener(
                descriptor: descriptor, endpoint: .tcp(host: actual.host, port: actual.port),
                localAddress: SocketAddress.describe(host: actual.host, port: actual.port))
        }

        // MARK: Unix

        /// Listens on a path, for this user only.
        static func unix(path: String) throws(ServerError) -> Listener {
            try UnixSocketPath.clear(path)
            let descriptor = SocketAddress.makeSocket(AF_UNIX)
            guard descriptor >= 0 else { throw failed("cannot make a socket") }
            prepare(descriptor)
            let mask = umask(0o077)
            let bound = SocketAddress.withUnixAddress(path) { bind(descriptor, $0, $1) }
            let error = errno
            umask(mask)
            errno = error
            guard bound == 0, Glibc.listen(descriptor, backlog) == 0 else {
                let error =
                    errno == EADDRINUSE ? ServerError.inUse(.unix(path: path)) : failed("cannot listen on \(path)")
                close(descriptor)
                throw error
            }
            return Listener(descriptor: descriptor, endpoint: .unix(path: path), localAddress: "\(path):0")
        }

        // MARK: Sockets

        /// Closes it; a Unix socket's file goes with it.
        func end() {
            if case .unix(let path) = endpoint { unlink(path) }
            close(descriptor)
        }

        private static func prepare(_ descriptor: Int32) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }

        /// What every TCP connection gets: no waiting for more to send, and a probe of peers that vanished.
        static func prepareConnection(_ descriptor: Int32) {
            set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
            set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 300)
        }

        private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
            var value = value
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }

        private static func failed(_ what: String, _ code: ServerError.Code = .cannotListen) -> ServerError {
            ServerError(code, "\(what): \(String(cString: strerror(errno)))")
        }
    }
#endif
