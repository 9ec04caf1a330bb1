import NIOCore
import NIOSSL

/// Carries out what ``CommandPipeline`` decides on one channel. Used on the channel's event loop only.
final class StoreChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long after its deadline the oldest command may stay unanswered before the connection is given up.
    static let patience = TimeAmount.seconds(5)
    /// How long a caller may wait without looking out for its cancellation.
    private static let promptness = TimeAmount.milliseconds(5)

    private var pipeline = CommandPipeline<PendingCall>(patience: StoreChannelHandler.patience)
    /// Empty; kept for its memory, like the next.
    private var output = ByteBuffer()
    private var spareCalls: [PendingCall] = []
    private static let keptCalls = 1_024
    /// Of address space: only what was written takes memory.
    private static let keptBytes = 1_048_576
    private var breaker = CircuitBreaker()
    private var context: ChannelHandlerContext?
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    /// Why the connection ends, once that is known.
    private var failure: StoreFailure?
    private var hasReceived = false
    private var isEncrypted = false

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isEncrypted = (try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)) != nil
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(StoreFailure(.unreachable, "the connection to the store was lost"))
        self.context = nil
    }

    /// Writes the commands of all calls in one go.
    /// - Parameter timeout: from now to the last reply of each.
    /// - Parameter isWitnessed: whether the store is asked behind them who it is.
    /// - Parameter sentAt: the present time, for calls that want to know it.
    func send(_ batch: CallBatch, timeout: TimeAmount, isWitnessed: Bool = false, at sentAt: SentTime = .never) {
        guard let context, failure == nil else {
            let failure = failure ?? StoreFailure(.unreachable, "the connection to the store was lost")
            for call in batch.calls { call.finish(.failure(failure)) }
            return
        }
        let now = NIODeadline.now()
        let deadline = now + timeout
        let witnessCount = isWitnessed ? 1 : 0
        if breaker.isClosed, pipeline.hasRoom(for: batch.commandCount + witnessCount) {
            if !batch.isEmpty {
                write(batch, isWitnessed, sentAt, lateAt: now + Self.promptness, by: deadline, context)
            }
        } else {
            var commandCount = witnessCount
            let rest = batch.filtered { call in
                guard admits(call, behind: commandCount, now: now) else { return false }
                commandCount += call.commandCount
                return true
            }
            if !rest.isEmpty {
                write(rest, isWitnessed, sentAt, lateAt: now + Self.promptness, by: deadline, context)
            }
        }
    }

    private func write(
        _ batch: CallBatch, _ isWitnessed: Bool, _ sentAt: SentTime, lateAt: NIODeadline, by deadline: NIODeadline,
        _ context: ChannelHandlerContext
    ) {
        pipeline.send(
            batch, deadline: deadline, lateAt: lateAt, isWitnessed: isWitnessed, to: &output, at: sentAt)
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        if output.capacity > Self.keptBytes { output = ByteBuffer() } else { output.clear(minimumCapacity: 0) }
        startTimer()
    }

    /// Whether a call may be sent; it fails if not.
    /// - Parameter commandCount: commands that are to be sent before it.
    private func admits(_ call: PendingCall, behind commandCount: Int, now: NIODeadline) -> Bool {
        guard breaker.admits(now: now) else {
            call.finish(.failure(.silent))
            return false
        }
        guard pipeline.hasRoom(for: commandCount + call.commandCount) else {
            call.finish(.failure(StoreFailure(.unreachable, "too many commands wait for the store's replies")))
            return false
        }
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        breaker.answered()
        let bytes = unwrapInboundIn(data)
        let isFirst = !hasReceived
        hasReceived = true
        do throws(StoreFailure) {
            try pipeline.receive(bytes)
        } catch {
            return end(isFirst && StoreFailure.isTLSRecord(bytes) ? .tlsExpected : error)
        }
        // Whoever is answered may send again: not before the pipeline is done with what it has received.
        var calls: [PendingCall] = []
        swap(&calls, &spareCalls)
        pipeline.deliverExpected(to: &calls)
        let (answers, failure) = pipeline.deliver()
        for call in calls { call.finish(.success(.expected)) }
        for (call, answer) in answers { call.finish(.success(answer)) }
        calls.removeAll(keepingCapacity: calls.count <= Self.keptCalls)
        swap(&calls, &spareCalls)
        if let failure { end(failure) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(hasReceived ? StoreFailure(.unreachable, "the store closed the connection") : .closedUnheard)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let encryption = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self) else {
            return end(hasReceived ? .broken : .closedUnheard)
        }
        end(StoreFailure(ofTLS: error, certificate: encryption.peerCertificate))
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
        for call in pipeline.late(now: now) { call.resumeAsSlow() }
        for call in pipeline.expire(now: now) {
            breaker.timedOut(now: now)
            call.finish(.failure(isEncrypted && !hasReceived ? .silentHandshake : .timedOut))
        }
        guard !pipeline.isStuck(now: now) else {
            return end(StoreFailure(.unreachable, "the store has stopped answering"))
        }
        startTimer()
    }
}
