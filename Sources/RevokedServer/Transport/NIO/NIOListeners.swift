import AdminHTTP
package import Logging
package import NIOCore
package import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where SwiftNIO listens: the addresses of `bind`, and Unix sockets.
package struct NIOListeners: Sendable {
    private let logger: Logger
    /// Told of each channel that listens, at once: whoever ends has to close those that there are.
    private let taken: @Sendable (any Channel) -> Void

    package init(logger: Logger, taken: @escaping @Sendable (any Channel) -> Void) {
        self.logger = logger
        self.taken = taken
    }

    /// Listens on each address.
    /// - Returns: the addresses with the ports that were taken, at least one.
    package func listen(
        on addresses: [String], port: Int, isEncrypted: Bool = false, _ bootstrap: () -> ServerBootstrap
    ) async throws(ServerError) -> [Endpoint] {
        var endpoints: [(host: String, port: Int)] = []
        for address in addresses.map(BindAddress.init) {
            // A free port is asked for once, for all addresses.
            let port = endpoints.first?.port ?? port
            guard let channel = try await bind(address, port, isEncrypted, bootstrap) else { continue }
            let local = channel.localAddress
            endpoints.append((local?.ipAddress ?? address.host, local?.port ?? port))
        }
        guard !endpoints.isEmpty else { throw ServerError.noAddress }
        return endpoints.map { isEncrypted ? .tls(host: $0.host, port: $0.port) : .tcp(host: $0.host, port: $0.port) }
    }

    /// Listens on a path, for this user only.
    package func listen(on path: String, _ bootstrap: () -> ServerBootstrap) async throws(ServerError) -> Endpoint {
        try UnixSocketPath.clear(path)
        let mask = umask(0o077)
        defer { umask(mask) }
        _ = try await bind(.unix(path: path)) { try await bootstrap().bind(unixDomainSocketPath: path).get() }
        return .unix(path: path)
    }

    /// - Returns: nil if this machine does not have the address, and need not.
    private func bind(
        _ address: BindAddress, _ port: Int, _ isEncrypted: Bool, _ bootstrap: () -> ServerBootstrap
    ) async throws(ServerError) -> (any Channel)? {
        let host =
            switch address.wildcard {
            case .ipv4: "0.0.0.0"
            case .ipv6: "::"
            case nil: address.host
            }
        do throws(ServerError) {
            let endpoint = isEncrypted ? Endpoint.tls(host: host, port: port) : .tcp(host: host, port: port)
            return try await bind(endpoint) {
                let onlyIPv6 = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
                let plain = bootstrap()
                let prepared = host.contains(":") ? plain.serverChannelOption(onlyIPv6, value: 1) : plain
                return try await prepared.bind(host: host, port: port).get()
            }
        } catch {
            guard address.isOptional, error.code == .noResources else { throw error }
            logger.info("not listening on \(address.host): this machine does not have it")
            return nil
        }
    }

    private func bind(
        _ endpoint: Endpoint, _ bind: () async throws -> any Channel
    ) async throws(ServerError) -> any Channel {
        do {
            let channel = try await bind()
            taken(channel)
            return channel
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError.inUse(endpoint)
        } catch let error as IOError where [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode) {
            throw ServerError(.noResources, "cannot listen on \(endpoint): \(error)")
        } catch {
            throw ServerError(.cannotListen, "cannot listen on \(endpoint): \(error)")
        }
    }
}

extension ServerBootstrap {
    /// What every listening socket of ours has: it does not ask in vain for connections that it cannot have.
    package func listening(_ logger: Logger) -> ServerBootstrap {
        serverChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(AcceptLimit(maximum: .max, logger: logger))
            }
        }
        .serverChannelOption(.backlog, value: 4096)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.maxMessagesPerRead, value: 1)
        .childChannelOption(.allowRemoteHalfClosure, value: true)
    }
}

extension NIOCore.SocketAddress? {
    /// As `CLIENT LIST` shows it.
    package var asListed: String {
        guard let self else { return "?:0" }
        if let host = self.ipAddress, let port = self.port {
            return SocketAddress.describe(host: host, port: port)
        }
        return "\(self.pathname ?? ""):0"
    }
}
