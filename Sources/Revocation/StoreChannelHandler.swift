import NIOCore

/// Carries out what ``CommandPipeline`` decides on one channel. Used on the channel's event loop only.
final class StoreChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long after its deadline the oldest command may stay unanswered before the connection is given up.
    static let patience = TimeAmount.seconds(5)

    private var pipeline = CommandPipeline<PendingCall>(patience: StoreChannelHandler.patience)
    private var breaker = CircuitBreaker()
    private var context: ChannelHandlerContext?
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    /// Why the connection ends, once that is known.
    private var failure: StoreFailure?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(StoreFailure(.unreachable, "the connection to the store was lost"))
        self.context = nil
    }

    /// Writes the commands of all calls in one go.
    /// - Parameter timeout: from now to the last reply of each.
    func send(_ calls: some Sequence<PendingCall>, timeout: TimeAmount) {
        guard let context, failure == nil else {
            let failure = failure ?? StoreFailure(.unreachable, "the connection to the store was lost")
            for call in calls { call.finish(.failure(failure)) }
            return
        }
        let now = NIODeadline.now()
        let deadline = now + timeout
        var buffer = context.channel.allocator.buffer(capacity: 1_024)
        for call in calls where !call.isFinished {
            if !breaker.admits(now: now) {
                call.finish(.failure(.silent))
            } else if !pipeline.send(call.commands, for: call, deadline: deadline, into: &buffer) {
                call.finish(.failure(StoreFailure(.unreachable, "too many commands wait for the store's replies")))
            }
        }
        guard buffer.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        startTimer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        breaker.answered()
        do throws(StoreFailure) {
            try pipeline.receive(unwrapInboundIn(data))
        } catch {
            return end(error)
        }
        while true {
            switch pipeline.next() {
            case .deliver(let call, let replies): call.finish(.success(replies))
            case .wait: return
            case .close(let failure): return end(failure)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(StoreFailure(.unreachable, "the store closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(StoreFailure(.unreachable, "the connection to the store broke"))
    }

    /// Fails all calls, the ones to come included, and closes the channel. Only the first call does anything.
    func end(_ failure: StoreFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        timer?.task.cancel()
        timer = nil
        for call in pipeline.end() { call.finish(.failure(failure)) }
        context?.close(promise: nil)
    }

    /// Why the connection ended; nil while it has not.
    var endedBecause: StoreFailure? { failure }

    /// Sees to it that the next deadline is not missed. A timer that is set too early does no harm: so it is left alone
    /// when replies arrive.
    private func startTimer() {
        guard let context, let deadline = pipeline.nextDeadline else { return }
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.timeIsUp()
        }
        timer = (task, deadline)
    }

    private func timeIsUp() {
        let now = NIODeadline.now()
        for call in pipeline.expire(now: now) {
            breaker.timedOut(now: now)
            call.finish(.failure(.timedOut))
        }
        guard !pipeline.isStuck(now: now) else {
            return end(StoreFailure(.unreachable, "the store has stopped answering"))
        }
        startTimer()
    }
}
