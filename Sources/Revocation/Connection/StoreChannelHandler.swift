import NIOCore
import NIOSSL

/// Carries out what ``CommandPipeline`` decides on one channel. Used on the channel's event loop only.
final class StoreChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let keptCalls = 1_024
    /// Of address space: only pages that were written take memory.
    private static let keptBytes = 1_048_576

    private var pipeline = CommandPipeline()
    /// Empty between flushes; kept to reuse its memory, like the next.
    private var output = ByteBuffer()
    private var spareList: [CallsInFlight.Finished] = []
    private var context: ChannelHandlerContext?
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    private var isEncrypted = false
    private var isClosing = false
    /// Whether TLS shows a certificate of ours.
    private let showsCertificate: Bool

    init(showsCertificate: Bool = false) { self.showsCertificate = showsCertificate }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isEncrypted = (try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)) != nil
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.connectionLost)
        self.context = nil
    }

    /// Writes the commands of all calls in one go.
    /// - Parameter timeout: from now to the last reply of each.
    /// - Parameter isWitnessed: whether a witness is read behind them.
    /// - Parameter sentAt: the present time, passed to the calls.
    func send(_ batch: CallBatch, timeout: TimeAmount, isWitnessed: Bool = false, at sentAt: SentTime = .never) {
        guard let context else {
            for call in batch.calls { call.finish(.failure(endedBecause ?? .connectionLost)) }
            return
        }
        pipeline.submit(
            batch, isWitnessed: isWitnessed, timeout: timeout, now: context.eventLoop.now, sentAt: sentAt, to: &output)
        if output.readableBytes > 0 {
            context.writeAndFlush(wrapOutboundOut(output), promise: nil)
            if output.capacity > Self.keptBytes { output = ByteBuffer() } else { output.clear(minimumCapacity: 0) }
            startTimer()
        }
        finishCalls()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pipeline.receive(unwrapInboundIn(data))
        finishCalls()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(
            pipeline.hasReceived
                ? StoreFailure(.unreachable, "the store closed the connection") : .closedUnheard)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let encryption = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self) else {
            return end(pipeline.hasReceived ? .broken : .closedUnheard)
        }
        end(StoreFailure(ofTLS: error, certificate: encryption.peerCertificate, showsOwn: showsCertificate))
    }

    /// Fails all calls, the ones to come included, and closes the channel. Only the first call does anything.
    func end(_ failure: StoreFailure) {
        pipeline.close(failure)
        finishCalls()
    }

    /// Why the connection ended; nil while it has not.
    var endedBecause: StoreFailure? { pipeline.failure }

    /// Finishes the calls that have left the pipeline, and closes the channel if the pipeline is closed.
    private func finishCalls() {
        if pipeline.hasFinished {
            var list: [CallsInFlight.Finished] = []
            swap(&list, &spareList)
            pipeline.takeFinished(into: &list)
            for (call, outcome) in list { call.finish(outcome) }
            list.removeAll(keepingCapacity: list.count <= Self.keptCalls)
            swap(&list, &spareList)
        }
        guard pipeline.failure != nil, !isClosing else { return }
        isClosing = true
        timer?.task.cancel()
        timer = nil
        context?.close(promise: nil)
    }

    /// Sets a timer for the next deadline. A timer that is too early does no harm, so it is kept when replies arrive.
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
        guard let context else { return }
        let slow = pipeline.advance(
            to: context.eventLoop.now,
            failingWith: isEncrypted && !pipeline.hasReceived ? .silentHandshake : .timedOut)
        for call in slow { call.resumeAsSlow() }
        finishCalls()
        startTimer()
    }
}
