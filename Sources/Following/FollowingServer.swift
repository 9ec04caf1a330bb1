import Logging
import NIOCore
import NIOPosix
import Revocation
import RevokedServer
import Synchronization

/// Serves programs of this machine from a copy, and passes on what the copy does not hold.
final class FollowingServer: Sendable {
    /// What connections may take to end.
    private static let drainTime = Duration.seconds(3)

    private struct Clients {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var maximum: Int
        var refused = 0
    }

    private let configuration: ServerConfiguration
    private let copy: FollowedCopy
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let scratches: [ObjectIdentifier: LoopScratch]
    private let conversations = AllConversations()
    private let listeners = Mutex([any Channel]())
    private let clients: Mutex<Clients>

    init(_ configuration: ServerConfiguration, _ copy: FollowedCopy, logger: Logger) {
        self.configuration = configuration
        self.copy = copy
        self.logger = logger
        let threads = configuration.threads
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads > 0 ? threads : System.coreCount)
        self.group = group
        scratches = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), LoopScratch()) })
        clients = Mutex(Clients(maximum: configuration.maximumClients))
    }

    /// - Returns: where it listens, with the ports that were taken.
    func start() async throws(ServerError) -> [Endpoint] {
        // One for the client, one to the daemon.
        let possible = RevokedServer.allowConnections(configuration.maximumClients, descriptors: 2)
        if possible < configuration.maximumClients {
            clients.withLock { $0.maximum = possible }
            logger.warning("\(RevokedServer.lowered(to: possible))")
        }
        do { return try await listen() } catch {
            await stop()
            throw error
        }
    }

    private func listen() async throws(ServerError) -> [Endpoint] {
        let places = NIOListeners(logger: logger) { [self] channel in listeners.withLock { $0.append(channel) } }
        var endpoints: [Endpoint] = []
        if configuration.port > 0 || configuration.unixSocket == nil {
            endpoints += try await places.listen(on: configuration.bind, port: configuration.port) { bootstrap() }
        }
        if let path = configuration.unixSocket { endpoints.append(try await places.listen(on: path) { bootstrap() }) }
        return endpoints
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: group).listening(logger)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { [self] channel in
                guard admit(channel) else { return refuse(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if configuration.idleTimeout > 0 {
                        let timeout = TimeAmount.seconds(Int64(configuration.idleTimeout))
                        try pipeline.addHandler(IdleStateHandler(readTimeout: timeout))
                    }
                    guard let scratch = scratches[ObjectIdentifier(channel.eventLoop)] else {
                        preconditionFailure("a channel of another group")
                    }
                    try pipeline.addHandler(
                        ClientHandler(
                            copy, prefix: configuration.guardedPrefix, scratch.value, conversations, logger: logger))
                }
            }
    }

    /// - Returns: false if there are too many.
    private func admit(_ channel: any Channel) -> Bool {
        let isAdmitted = clients.withLock { clients in
            guard clients.channels.count < clients.maximum else {
                clients.refused += 1
                return false
            }
            clients.channels[ObjectIdentifier(channel)] = channel
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { [self] _ in
                clients.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
            }
        }
        return isAdmitted
    }

    private func refuse(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(RefusalHandler()) }
    }

    var figures: (clients: Int, refused: Int) { clients.withLock { ($0.channels.count, $0.refused) } }

    /// Returns when every thread that serves connections has answered.
    func waitForEveryThread() async {
        for loop in group.makeIterator() { try? await loop.submit {}.get() }
    }

    /// Stops listening, answers what has arrived, and closes all connections.
    func stop() async {
        for channel in listeners.withLock({ $0 }) { try? await channel.close() }
        if let path = configuration.unixSocket, !listeners.withLock({ $0.isEmpty }) {
            try? UnixSocketPath.clear(path)
        }
        for channel in clients.withLock({ Array($0.channels.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(DrainClient())
        }
        let deadline = ContinuousClock.now + Self.drainTime
        while figures.clients > 0, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(10)) }
        try? await group.shutdownGracefully()
    }

    /// `@unchecked Sendable`: used on its event loop only.
    private final class LoopScratch: @unchecked Sendable {
        let value = ConversationScratch()
    }
}

/// Tells a client that there are too many.
private final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        var refusal = context.channel.allocator.buffer(capacity: 64)
        refusal.writeString("-ERR max number of clients reached\r\n")
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(refusal)).whenComplete { _ in bound.value.close(promise: nil) }
    }
}
