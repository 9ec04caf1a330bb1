#if os(Linux)
    import Foundation
    import NIOCore
    import NIOPosix
    import NIOSSL

    /// A port for plain text that leads to a server's TLS port, so that the load generator measures TLS, too. It costs
    /// this process time, not the server, whose processor time for a request is what is measured.
    final class TLSTunnel: Sendable {
        let port: Int
        /// The server's TLS port.
        let server: Int
        private let group: MultiThreadedEventLoopGroup

        /// - Parameter server: the TLS port of 127.0.0.1.
        /// - Parameter context: of a client that trusts its certificate.
        init(to server: Int, _ context: NIOSSLContext) async throws {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            self.group = group
            self.server = server
            let listener = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 4096)
                .childChannelOption(.autoRead, value: false)
                .childChannelInitializer { near in Self.connect(near, to: server, context) }
                .bind(host: "127.0.0.1", port: 0).get()
            guard let port = listener.localAddress?.port else { throw LoadFailure(message: "the tunnel has no port") }
            self.port = port
        }

        private static func connect(
            _ near: any Channel, to server: Int, _ context: NIOSSLContext
        ) -> EventLoopFuture<Void> {
            ClientBootstrap(group: near.eventLoop)
                .channelInitializer { far in
                    far.eventLoop.makeCompletedFuture {
                        try far.pipeline.syncOperations.addHandlers([
                            NIOSSLClientHandler(context: context, serverHostname: "localhost"), Relay(to: near),
                        ])
                    }
                }
                .connect(host: "127.0.0.1", port: server)
                .flatMap { far in
                    near.eventLoop.makeCompletedFuture {
                        try near.pipeline.syncOperations.addHandler(Relay(to: far))
                    }.flatMap { near.setOption(.autoRead, value: true) }
                }
        }

        func stop() async { try? await group.shutdownGracefully() }
    }

    /// Hands on what one side sends.
    private final class Relay: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel

        init(to other: any Channel) { self.other = other }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            other.write(unwrapInboundIn(data), promise: nil)
        }
        func channelReadComplete(context: ChannelHandlerContext) { other.flush() }
        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
#endif
