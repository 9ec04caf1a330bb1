package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
package import TLS

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A small HTTP server for whoever looks after a process: `GET` and `HEAD` of a few paths, one request a connection, on
/// a thread of its own.
package final class AdminServer: Sendable {
    /// A connection that has not been answered by then is closed.
    private static let patience = TimeAmount.seconds(10)

    /// What a path answers; nil for 404.
    package typealias Answer = @Sendable (_ path: String) async -> AdminResponse?

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let answer: Answer
    private let tls: ServerTLS?
    private let channel = Mutex<(any Channel)?>(nil)
    private let connections = Mutex(AdminConnections())

    private init(tls: ServerTLS?, answer: @escaping Answer) {
        self.tls = tls
        self.answer = answer
    }

    /// Starts one where it is to listen.
    /// - Parameter tls: the certificate for an address that speaks TLS. No client has to show one.
    /// - Returns: nil if nowhere.
    package static func start(
        _ listening: AdminListening, tls: ServerTLS? = nil, logger: Logger, answer: @escaping Answer
    ) async throws(AdminError) -> AdminServer? {
        guard tls != nil || !listening.isEncrypted else {
            throw AdminError(
                isAddressInUse: false,
                description: "--http \(listening) needs a certificate: set --tls-cert-file and --tls-key-file")
        }
        switch listening {
        case .off: return nil
        case .on(let address):
            do { return try await start(address, tls, logger, answer) } catch {
                let isTaken = (error as? IOError)?.errnoCode == EADDRINUSE
                let cause = isTaken ? "it is in use" : "\(error)"
                throw AdminError(
                    isAddressInUse: isTaken,
                    description: "cannot serve HTTP on \(address): \(cause). Choose another --http, or --http off")
            }
        case .onIfFree(let address):
            do { return try await start(address, tls, logger, answer) } catch {
                logger.warning("no metrics: \(address) cannot be had. Choose another with --http, or --http off")
                return nil
            }
        }
    }

    private static func start(
        _ address: AdminAddress, _ tls: ServerTLS?, _ logger: Logger, _ answer: @escaping Answer
    ) async throws -> AdminServer {
        let server = AdminServer(tls: address.isEncrypted ? tls : nil, answer: answer)
        do { try await server.listen(on: address, logger) } catch {
            await server.stop()
            throw error
        }
        return server
    }

    /// Where it listens, with the port that was taken.
    package var address: AdminAddress? {
        guard let local = channel.withLock({ $0?.localAddress }), let host = local.ipAddress, let port = local.port
        else { return nil }
        return AdminAddress(host: host, port: port, isEncrypted: tls != nil)
    }

    private func listen(on address: AdminAddress, _ logger: Logger) async throws {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Those that are too many are accepted, and closed at once.
                    try channel.pipeline.syncOperations.addHandler(AcceptLimit(maximum: .max, logger: logger))
                }
            }
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in
                let (isAdmitted, victim) = connections.withLock { $0.add(channel) }
                victim?.close(promise: nil)
                guard isAdmitted else { return channel.close() }
                channel.closeFuture.whenComplete { [self] _ in connections.withLock { $0.remove(channel) } }
                let end = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
                channel.closeFuture.whenComplete { _ in end.cancel() }
                return channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: tls.contextForAnyone))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withPipeliningAssistance: false, withErrorHandling: true)
                    let handler = AdminRequestHandler(answer, answersAnyHost: !address.isLoopback) { [self] in
                        connections.withLock { $0.noteRequest(of: channel) }
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let channel = try await bootstrap.bind(host: address.host, port: address.port).get()
        self.channel.withLock { $0 = channel }
    }

    /// Stops listening and closes all connections.
    package func stop() async {
        if let channel = channel.withLock({ $0.take() }) {
            // Closed already is as good as closed.
            try? await channel.close()
        }
        try? await group.shutdownGracefully()
    }
}
