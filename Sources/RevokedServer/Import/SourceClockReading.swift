import Denylist
import NIOCore
import Replication

/// Asks the source for its clock, on a connection of its own: the one that it is followed on carries nothing else.
/// Used on one event loop.
final class SourceClockReading: @unchecked Sendable {
    /// How many milliseconds, at least and at most, guarded time is ahead of the source's clock; nil if that is not
    /// known.
    typealias Completion = (_ lead: ClosedRange<Int64>?) -> Void

    private static let patience = TimeAmount.seconds(2)

    private let sink: ImportSink
    private var machine: SourceStream<ImportSink>
    private var completion: Completion?
    private var channel: (any Channel)?
    private var askedAt: Int64 = 0
    private var timeout: Scheduled<Void>?

    /// - Parameter sink: nothing is written to it.
    init(
        _ sink: ImportSink, _ credentials: (user: [UInt8]?, password: [UInt8])?, on loop: any EventLoop,
        _ completion: @escaping Completion
    ) {
        self.sink = sink
        self.completion = completion
        machine = SourceStream(sink, at: nil, credentials: credentials)
        timeout = loop.scheduleTask(in: Self.patience) { [self] in end(nil) }
    }

    var handler: @Sendable () -> any ChannelHandler { { Handler(self) } }

    func end(_ lead: ClosedRange<Int64>?) {
        timeout?.cancel()
        let (completion, channel) = (completion, channel)
        // First: closing the channel ends this, too.
        (self.completion, self.channel) = (nil, nil)
        channel?.close(promise: nil)
        completion?(lead)
    }

    private func begin(_ channel: any Channel) {
        guard completion != nil else { return channel.close(promise: nil) }
        self.channel = channel
        read([])
    }

    private func read(_ bytes: [UInt8]) {
        guard completion != nil else { return }
        if !bytes.isEmpty { machine.append(bytes.span.bytes) }
        let moment = sink.inTurn { sink.moment }
        do throws(StreamError) {
            while let event = try machine.next(at: moment.wall) {
                switch event {
                case .send(let bytes):
                    askedAt = moment.guarded
                    channel?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
                case .knows(let facts): return end(facts.time.map { askedAt - $0...moment.guarded - $0 })
                case .stream: return end(nil)
                }
            }
        } catch {
            end(nil)
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let owner: SourceClockReading

        init(_ owner: SourceClockReading) { self.owner = owner }

        func handlerAdded(context: ChannelHandlerContext) {
            if context.channel.isActive { owner.begin(context.channel) }
        }

        func channelActive(context: ChannelHandlerContext) {
            owner.begin(context.channel)
            context.fireChannelActive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            owner.read(Array(unwrapInboundIn(data).readableBytesView))
        }

        func channelInactive(context: ChannelHandlerContext) {
            owner.end(nil)
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { owner.end(nil) }
    }
}
