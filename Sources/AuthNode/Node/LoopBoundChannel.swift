import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Revocation
import TLS

/// Handles the requests of a connection on the event loop that reads them, one at a time (``RequestTurns``), if they
/// arrive in time (``RequestDeadline``). They must not block it: passwords are checked on threads of their own.
struct LoopBoundChannel: ServerChildChannel {
    /// Bytes of a read: a connection's next requests wait in the kernel, not here.
    private static let readSize = 4 << 10
    /// Bytes of answers that the kernel keeps for a peer that does not read them.
    private static let sendBuffer = 64 << 10
    /// The event loops live as long as the process.
    private static let rounds = PipeRounds.Directory()

    private let base: HTTP1Channel
    private let places: ConnectionPlaces
    private let tls: ServerTLS?
    private let executors: [ObjectIdentifier: EventLoopTaskExecutor]

    init(_ base: HTTP1Channel, eventLoops: any EventLoopGroup, places: ConnectionPlaces, tls: ServerTLS?) {
        self.base = base
        self.tls = tls
        self.places = places
        executors = Dictionary(
            uniqueKeysWithValues: eventLoops.makeIterator().map { (ObjectIdentifier($0), EventLoopTaskExecutor($0)) })
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        Self.rounds.rounds(of: channel.eventLoop).flatMapThrowing { rounds in
            if let tls {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context))
            }
            return rounds
        }.flatMap { rounds in
            base.setup(channel: channel, logger: logger).flatMapThrowing { value in
                let pipeline = channel.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                let turns = RequestTurns(rounds: rounds.value, place: places.add(channel))
                try pipeline.addHandler(turns, position: .after(decoder))
                let deadline = RequestDeadline()
                try pipeline.addHandler(deadline, position: .after(turns))
                try pipeline.addHandler(ContinueHandler(), position: .after(deadline))
                let options = channel.syncOptions
                try options?.setOption(
                    .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize))
                try options?.setOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
                return value
            }
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(executors[ObjectIdentifier(value.channel.eventLoop)]) {
            await base.handle(value: value, logger: logger)
        }
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1, over TLS where there is a certificate. Each request is handled on its connection's event loop, one of
    /// these.
    static func onEventLoops(
        _ eventLoops: any EventLoopGroup, places: ConnectionPlaces, tls: ServerTLS?,
        configuration: HTTP1Channel.Configuration
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            LoopBoundChannel(
                HTTP1Channel(responder: responder, configuration: configuration), eventLoops: eventLoops,
                places: places,
                tls: tls)
        }
    }
}
