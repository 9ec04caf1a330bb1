import NIOCore
import NIOPosix
import NIOSSL

extension StoreChannelHandler {
    /// Connects, and adds this handler to the channel.
    static func connect(
        to location: StoreURL.Location, on loop: any EventLoop, encryption: StoreEncryption?, timeout: TimeAmount
    ) -> EventLoopFuture<any Channel> {
        guard let encryption else { return connect(to: location, on: loop, timeout: timeout, encryption: nil) }
        return encryption.context(on: loop).flatMap { context in
            connect(to: location, on: loop, timeout: timeout, encryption: (encryption, context))
        }
    }

    private static func connect(
        to location: StoreURL.Location, on loop: any EventLoop, timeout: TimeAmount,
        encryption: (StoreEncryption, NIOSSLContext)?
    ) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let (encryption, context) = encryption {
                        try pipeline.addHandler(try encryption.handler(context, for: location))
                    }
                    try pipeline.addHandler(
                        StoreChannelHandler(showsCertificate: encryption?.0.showsCertificate == true))
                }
            }
        return switch location {
        case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
        case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
        }
    }

    /// Sends commands on a channel that has no other user.
    static func call(
        _ commands: [Command], on channel: any Channel, timeout: TimeAmount
    ) -> EventLoopFuture<[Reply]> {
        let promise = channel.eventLoop.makePromise(of: [Reply].self)
        let call = PendingCall(commands).whenFinished { outcome in
            promise.completeWith(Result { try outcome.replies() })
        }
        do {
            try channel.pipeline.syncOperations.handler(type: StoreChannelHandler.self).send(
                CallBatch(call), timeout: timeout)
        } catch {
            call.finish(.failure(.connectionLost))
        }
        return promise.futureResult
    }
}
