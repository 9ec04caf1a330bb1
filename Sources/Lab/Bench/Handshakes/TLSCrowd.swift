#if os(Linux)
    import CLinux
    import Foundation
    import NIOCore
    import NIOPosix
    import NIOSSL

    /// Many clients that connect over TLS at once, ask something, and stay. They stand for clients on other machines:
    /// their thread has the lowest priority.
    final class TLSCrowd: Sendable {
        struct Arrival {
            /// How many were answered, and how many were not.
            var answered = 0
            var lost = 0
            /// From the first connection to the last answer.
            var seconds = 0.0
        }

        private static let patience = TimeAmount.seconds(60)

        private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        private let count: Int
        private let port: Int
        private let context: NIOSSLContext

        /// - Parameter port: the server's TLS port, of 127.0.0.1.
        init(_ count: Int, to port: Int, _ context: NIOSSLContext) {
            (self.count, self.port, self.context) = (count, port, context)
        }

        /// Returns when each was answered, or will not be.
        func arrive() async throws -> Arrival {
            let loop = group.next()
            let isIdle = try await loop.submit { clinux_run_when_idle() == 0 }.get()
            guard isIdle else { throw LoadFailure.system("sched_setscheduler") }
            let start = ContinuousClock.now
            let clients = try await loop.submit { (0..<self.count).map { _ in self.connect(on: loop) } }.get()
            let results = try await EventLoopFuture.whenAllComplete(clients, on: loop).get()
            var arrival = Arrival()
            arrival.seconds = (ContinuousClock.now - start) / .seconds(1)
            for result in results {
                if case .success = result { arrival.answered += 1 } else { arrival.lost += 1 }
            }
            return arrival
        }

        private func connect(on loop: any EventLoop) -> EventLoopFuture<Void> {
            let promise = loop.makePromise(of: Void.self)
            let timeout = loop.scheduleTask(in: Self.patience) {
                promise.fail(ChannelError.connectTimeout(Self.patience))
            }
            ClientBootstrap(group: loop)
                .connectTimeout(Self.patience)
                .channelInitializer { [context] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOSSLClientHandler(context: context, serverHostname: "localhost"), Asker(promise),
                        ])
                    }
                }
                .connect(host: "127.0.0.1", port: port).cascadeFailure(to: promise)
            promise.futureResult.whenComplete { _ in timeout.cancel() }
            return promise.futureResult
        }

        func end() async { try? await group.shutdownGracefully() }
    }

    /// Sends one command, and succeeds when it is answered.
    private final class Asker: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answered: EventLoopPromise<Void>
        init(_ answered: EventLoopPromise<Void>) { self.answered = answered }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "PING\r\n")), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard unwrapInboundIn(data).readableBytesView.elementsEqual("+PONG\r\n".utf8) else {
                return answered.fail(LoadFailure(message: "PING was not answered with PONG"))
            }
            answered.succeed()
        }

        func channelInactive(context: ChannelHandlerContext) { answered.fail(ChannelError.eof) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            answered.fail(error)
            context.close(promise: nil)
        }
    }
#endif
