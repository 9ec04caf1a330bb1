import NIOCore
import NIOHTTP1
import Revocation

/// Lets one request of a connection through at a time (``RequestQueue``), gives other sockets their turn between two of
/// them, and closes a connection whose peer does not read its answers. Meanwhile no more is read.
final class RequestTurns: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// An answer that the kernel has not taken by then is not being read.
    static let patience = TimeAmount.seconds(10)

    private let rounds: any LoopRounds
    private let place: ConnectionPlace?
    private var queue = RequestQueue()
    /// Whether a read was asked for while something waits.
    private var isReadPending = false
    /// Whether the end of an answer was written, and the kernel has not taken all of it.
    private var isWriting = false
    private var isClosing = false
    private let timer = LoopTimer()

    /// - Parameter place: the connection's among those of all users; nil for none.
    init(rounds: any LoopRounds, place: ConnectionPlace? = nil) {
        self.rounds = rounds
        self.place = place
    }

    func handlerRemoved(context: ChannelHandlerContext) { forget() }

    func channelInactive(context: ChannelHandlerContext) {
        forget()
        context.fireChannelInactive()
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        admit(.part(unwrapInboundIn(data)), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        admit(.failure(error), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: return admit(.inputClosed, context)
        // What waits has not been begun.
        case is ChannelShouldQuiesceEvent: queue.finish()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        guard queue.wantsMore else {
            isReadPending = true
            return
        }
        context.read()
    }

    private func admit(_ arrival: RequestQueue.Arrival, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        switch queue.admit(arrival) {
        case .deliver: deliver(arrival, context)
        case .hold, .drop: break
        case .refuse: close(context)
        }
    }

    private func deliver(_ arrival: RequestQueue.Arrival, _ context: ChannelHandlerContext) {
        switch arrival {
        case .part(let part):
            if queue.isAnswering { place?.beginTurn() }
            context.fireChannelRead(wrapInboundOut(queue.isLast ? part.closing : part))
        case .failure(let error): context.fireErrorCaught(error)
        case .inputClosed: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    private func deliverNext(_ context: ChannelHandlerContext) {
        queue.rested()
        while !isClosing, let arrival = queue.next() { deliver(arrival, context) }
        context.fireChannelReadComplete()
        readIfPending(context)
    }

    private func readIfPending(_ context: ChannelHandlerContext) {
        guard isReadPending, queue.wantsMore, !isClosing else { return }
        isReadPending = false
        context.read()
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        isWriting = true
        let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        taken.futureResult.whenSuccess {
            let (handler, context) = bound.value
            handler.answered(context)
        }
        context.write(data, promise: taken)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        // Most answers have been taken now: they need no timer.
        if isWriting || !context.channel.isWritable { beginToWait(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, !isWriting { timer.cancel() }
        context.fireChannelWritabilityChanged()
    }

    private func answered(_ context: ChannelHandlerContext) {
        isWriting = false
        timer.cancel()
        guard !isClosing else { return }
        if queue.isLast || place?.endTurn() == .leave { return close(context) }
        guard queue.answered() else { return readIfPending(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        rounds.afterNextRound {
            let (handler, context) = bound.value
            if context.channel.isActive { handler.deliverNext(context) }
        }
    }

    /// The peer has to read before anything goes on.
    private func beginToWait(_ context: ChannelHandlerContext) {
        guard !timer.isSet, !isClosing else { return }
        if place?.endTurn() == .leave { return close(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer.set(on: context.eventLoop, in: Self.patience) {
            let (handler, context) = bound.value
            handler.close(context)
        }
    }

    // MARK: The end

    private func close(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        queue.finish()
        context.close(promise: nil)
    }

    private func forget() {
        isClosing = true
        queue.finish()
        timer.cancel()
        place?.giveUp()
    }
}

extension HTTPServerRequestPart {
    /// The same of a request whose answer ends the connection, which the answer is to say.
    fileprivate var closing: HTTPServerRequestPart {
        guard case .head(var head) = self else { return self }
        head.headers.remove(name: "upgrade")
        head.headers.replaceOrAdd(name: "connection", value: "close")
        return .head(head)
    }
}
