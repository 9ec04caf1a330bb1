import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Revocation

/// Handles the requests of a connection on the event loop that reads them, if they arrive in time (``RequestDeadline``). They must not block it: passwords are checked on
/// threads of their own.
struct LoopBoundChannel: ServerChildChannel {
    private let base: HTTP1Channel
    private let executors: [ObjectIdentifier: EventLoopTaskExecutor]

    init(_ base: HTTP1Channel, eventLoops: any EventLoopGroup) {
        self.base = base
        executors = Dictionary(
            uniqueKeysWithValues: eventLoops.makeIterator().map { (ObjectIdentifier($0), EventLoopTaskExecutor($0)) })
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(RequestDeadline(), position: .after(decoder))
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(executors[ObjectIdentifier(value.channel.eventLoop)]) {
            await base.handle(value: value, logger: logger)
        }
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1, with every request handled on its connection's event loop, which is one of these.
    static func onEventLoops(
        _ eventLoops: any EventLoopGroup, configuration: HTTP1Channel.Configuration
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            LoopBoundChannel(HTTP1Channel(responder: responder, configuration: configuration), eventLoops: eventLoops)
        }
    }
}
