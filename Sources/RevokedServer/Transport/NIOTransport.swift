import AdminHTTP
import Logging
import NIOCore
import NIOPosix
import RESP
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The same sessions over SwiftNIO: for platforms without epoll.
final class NIOTransport: Transport {
    private let daemon: Daemon
    private let group: MultiThreadedEventLoopGroup
    private let listeners = Mutex([any Channel]())
    private let connections = Mutex([ObjectIdentifier: any Channel]())
    private let observers = NIOLogObservers()
    private let contexts: NIOLoopContexts

    init(_ daemon: Daemon) {
        self.daemon = daemon
        contexts = NIOLoopContexts(daemon)
        let threads = daemon.configuration.threads
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads > 0 ? threads : System.coreCount)
    }

    func start() async throws(ServerError) -> [Endpoint] {
        do { return try await listen() } catch {
            await stop()
            throw error
        }
    }

    private func listen() async throws(ServerError) -> [Endpoint] {
        daemon.observeLog { [observers] in observers.logDidAdvance() }
        var endpoints: [Endpoint] = []
        var port = daemon.configuration.port
        for address in daemon.configuration.bind.map(BindAddress.init) {
            guard let channel = try await bind(address, port) else { continue }
            port = channel.localAddress?.port ?? port
            endpoints.append(.tcp(host: channel.localAddress?.ipAddress ?? address.host, port: port))
        }
        guard !endpoints.isEmpty else { throw ServerError.noAddress }
        if let path = daemon.configuration.unixSocket {
            try UnixSocketPath.clear(path)
            let mask = umask(0o077)
            defer { umask(mask) }
            _ = try await bind(.unix(path: path)) { try await $0.bind(unixDomainSocketPath: path).get() }
            endpoints.append(.unix(path: path))
        }
        return endpoints
    }

    /// - Returns: nil if this machine does not have the address, and need not.
    private func bind(_ address: BindAddress, _ port: Int) async throws(ServerError) -> (any Channel)? {
        let host =
            switch address.wildcard {
            case .ipv4: "0.0.0.0"
            case .ipv6: "::"
            case nil: address.host
            }
        do throws(ServerError) {
            return try await bind(.tcp(host: host, port: port)) {
                let onlyIPv6 = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
                let bootstrap = host.contains(":") ? $0.serverChannelOption(onlyIPv6, value: 1) : $0
                return try await bootstrap.bind(host: host, port: port).get()
            }
        } catch {
            guard address.isOptional, error.code == .noResources else { throw error }
            daemon.logger.info("not listening on \(address.host): this machine does not have it")
            return nil
        }
    }

    private func bind(
        _ endpoint: Endpoint, _ bind: (ServerBootstrap) async throws -> any Channel
    ) async throws(ServerError) -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { [daemon] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptLimit(maximum: .max, logger: daemon.logger))
                }
            }
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [daemon, observers, contexts, self] channel in
                connections.withLock { $0[ObjectIdentifier(channel)] = channel }
                channel.closeFuture.whenComplete { [self] _ in
                    connections.withLock { $0[ObjectIdentifier(channel)] = nil }
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        SessionHandler(daemon, channel, contexts.context(of: channel.eventLoop), observers))
                }
            }
        do {
            let channel = try await bind(bootstrap)
            listeners.withLock { $0.append(channel) }
            return channel
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError.inUse(endpoint)
        } catch let error as IOError where [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode) {
            throw ServerError(.noResources, "cannot listen on \(endpoint): \(error)")
        } catch {
            throw ServerError(.cannotListen, "cannot listen on \(endpoint): \(error)")
        }
    }

    func stop() async {
        for channel in listeners.withLock({ $0 }) { try? await channel.close() }
        for channel in connections.withLock({ Array($0.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(SessionHandler.Drain())
        }
        let deadline = ContinuousClock.now + .milliseconds(OutputPolicy.drainTime)
        while !connections.withLock({ $0.isEmpty }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
        try? await group.shutdownGracefully()
    }
}
