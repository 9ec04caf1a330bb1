import NIOCore
import NIOHTTP1
import Revocation

/// Closes a connection whose request does not arrive: the first one soon after the connection was made, the body of
/// each soon after its head, and very soon once the node is to end. A request that is complete is not hurried.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    /// For the first head, and for each body: at most 16 KiB.
    private static let patience = TimeAmount.seconds(10)
    /// For what is still missing of a request when the node is to end.
    private static let drainTime = TimeAmount.seconds(1)

    private let timer = LoopTimer()
    /// Whether a head has come and its body has not ended.
    private var isReading = false
    /// Whether that head has come since the last timer was set.
    private var isHeadNew = false
    private var isEnding = false

    func handlerAdded(context: ChannelHandlerContext) {
        start(Self.patience, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isReading = true
            isHeadNew = true
        case .body: break
        case .end:
            isReading = false
            timer.cancel()
        }
        context.fireChannelRead(data)
    }

    /// Most requests arrive whole, and need no timer.
    func channelReadComplete(context: ChannelHandlerContext) {
        if isReading, isHeadNew { start(isEnding ? Self.drainTime : Self.patience, context) }
        isHeadNew = false
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isEnding = true
            if isReading { start(Self.drainTime, context) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func start(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer.set(on: context.eventLoop, in: time) { bound.value.close(promise: nil) }
    }
}
