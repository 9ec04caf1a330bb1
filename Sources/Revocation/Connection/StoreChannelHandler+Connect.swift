import NIOCore
import NIOPosix
import NIOSSL

extension StoreChannelHandler {
    /// Connects, and adds this handler to the channel.
    static func connect(
        to location: StoreURL.Location, on loop: any EventLoop, encryption: StoreEncryption?, timeout: TimeAmount
    ) -> EventLoopFuture<any Channel> {
        let showsCertificate = encryption?.showsCertificate == true
        return connect(to: location, on: loop, encryption: encryption, timeout: timeout) {
            StoreChannelHandler(showsCertificate: showsCertificate)
        }
    }

    /// The same with another handler.
    static func connect(
        to location: StoreURL.Location, on loop: any EventLoop, encryption: StoreEncryption?, timeout: TimeAmount,
        handler: @escaping @Sendable () -> any ChannelHandler
    ) -> EventLoopFuture<any Channel> {
        guard let encryption else {
            return connect(to: location, on: loop, timeout: timeout, encryption: nil, handler)
        }
        return encryption.context(on: loop).flatMap { context in
            connect(to: location, on: loop, timeout: timeout, encryption: (encryption, context), handler)
        }
    }

    private static func connect(
        to location: StoreURL.Location, on loop: any EventLoop, timeout: TimeAmount,
        encryption: (StoreEncryption, NIOSSLContext)?, _ handler: @escaping @Sendable () -> any ChannelHandler
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
                    try pipeline.addHandler(handler())
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
