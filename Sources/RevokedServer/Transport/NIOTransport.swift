import AdminHTTP
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import RESP
import Synchronization
import TLS

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The same sessions over SwiftNIO: for TLS, and for platforms without epoll.
final class NIOTransport: Transport {
    /// What one read takes off a socket at most. The buffers of a connection's TLS stay as large as the largest read.
    private static let largestEncryptedRead = 16 << 10

    private let daemon: Daemon
    private let servesPlainText: Bool
    private let group: MultiThreadedEventLoopGroup
    private let listeners = Mutex([any Channel]())
    private let connections = Mutex([ObjectIdentifier: any Channel]())
    private let observers = NIOLogObservers()
    private let contexts: NIOLoopContexts

    /// - Parameter servesPlainText: whether it serves more than TLS.
    init(_ daemon: Daemon, servesPlainText: Bool) {
        self.daemon = daemon
        self.servesPlainText = servesPlainText
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
        let configuration = daemon.configuration
        var endpoints: [Endpoint] = []
        if servesPlainText, configuration.servesPlainPort {
            for (host, port) in try await bindAll(configuration.port, tls: nil) {
                endpoints.append(.tcp(host: host, port: port))
            }
        }
        if let port = configuration.tlsPort, let tls = daemon.tls {
            for (host, port) in try await bindAll(port, tls: tls) { endpoints.append(.tls(host: host, port: port)) }
        }
        if servesPlainText, let path = configuration.unixSocket {
            try UnixSocketPath.clear(path)
            let mask = umask(0o077)
            defer { umask(mask) }
            _ = try await bind(.unix(path: path), tls: nil) { try await $0.bind(unixDomainSocketPath: path).get() }
            endpoints.append(.unix(path: path))
        }
        return endpoints
    }

    /// Listens on each address of `bind`.
    private func bindAll(_ port: Int, tls: ServerTLS?) async throws(ServerError) -> [(host: String, port: Int)] {
        var taken: [(host: String, port: Int)] = []
        for address in daemon.configuration.bind.map(BindAddress.init) {
            // A free port is asked for once, for all addresses.
            let port = taken.first?.port ?? port
            guard let channel = try await bind(address, port, tls) else { continue }
            let local = channel.localAddress
            taken.append((local?.ipAddress ?? address.host, local?.port ?? port))
        }
        guard !taken.isEmpty else { throw ServerError.noAddress }
        return taken
    }

    /// - Returns: nil if this machine does not have the address, and need not.
    private func bind(
        _ address: BindAddress, _ port: Int, _ tls: ServerTLS?
    ) async throws(ServerError) -> (any Channel)? {
        let host =
            switch address.wildcard {
            case .ipv4: "0.0.0.0"
            case .ipv6: "::"
            case nil: address.host
            }
        do throws(ServerError) {
            let endpoint = tls == nil ? Endpoint.tcp(host: host, port: port) : .tls(host: host, port: port)
            return try await bind(endpoint, tls: tls) {
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
        _ endpoint: Endpoint, tls: ServerTLS?, _ bind: (ServerBootstrap) async throws -> any Channel
    ) async throws(ServerError) -> any Channel {
        let recvAllocator =
            tls == nil
            ? AdaptiveRecvByteBufferAllocator()
            : AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: Self.largestEncryptedRead)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { [daemon] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptLimit(maximum: .max, logger: daemon.logger))
                }
            }
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: recvAllocator)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [self] channel in
                connections.withLock { $0[ObjectIdentifier(channel)] = channel }
                channel.closeFuture.whenComplete { [self] _ in
                    connections.withLock { $0[ObjectIdentifier(channel)] = nil }
                }
                return channel.eventLoop.makeCompletedFuture { try serve(channel, tls) }
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

    func waitForEveryThread() async {
        for loop in group.makeIterator() { try? await loop.submit {}.get() }
    }

    private func serve(_ channel: any Channel, _ tls: ServerTLS?) throws {
        let (pipeline, context) = (channel.pipeline.syncOperations, contexts.context(of: channel.eventLoop))
        guard let tls else {
            return try pipeline.addHandler(SessionHandler(daemon, channel, context, observers, handshake: nil))
        }
        let gate = TLSGate(daemon)
        let (tlsContext, trust) = tls.beginning
        let handler = NIOSSLServerHandler(context: tlsContext)
        let handshake = Handshake(gate: gate, handler: handler, trust: trust)
        try pipeline.addHandlers([
            gate, handler, SessionHandler(daemon, channel, context, observers, handshake: handshake),
        ])
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
