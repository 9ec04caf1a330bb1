import Logging
import NIOCore
import NIOPosix
import NIOSSL
import RESP
import Synchronization
import TLS

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
        let places = NIOListeners(logger: daemon.logger) { [self] channel in listeners.withLock { $0.append(channel) } }
        var endpoints: [Endpoint] = []
        if servesPlainText, configuration.servesPlainPort {
            endpoints += try await places.listen(on: configuration.bind, port: configuration.port) { bootstrap(nil) }
        }
        if let port = configuration.tlsPort, let tls = daemon.tls {
            endpoints += try await places.listen(on: configuration.bind, port: port, isEncrypted: true) {
                bootstrap(tls)
            }
        }
        if servesPlainText, let path = configuration.unixSocket {
            endpoints.append(try await places.listen(on: path) { bootstrap(nil) })
        }
        return endpoints
    }

    private func bootstrap(_ tls: ServerTLS?) -> ServerBootstrap {
        let recvAllocator =
            tls == nil
            ? AdaptiveRecvByteBufferAllocator()
            : AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: Self.largestEncryptedRead)
        return ServerBootstrap(group: group).listening(daemon.logger)
            .childChannelOption(.recvAllocator, value: recvAllocator)
            .childChannelInitializer { [self] channel in
                connections.withLock { $0[ObjectIdentifier(channel)] = channel }
                channel.closeFuture.whenComplete { [self] _ in
                    connections.withLock { $0[ObjectIdentifier(channel)] = nil }
                }
                return channel.eventLoop.makeCompletedFuture { try serve(channel, tls) }
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
