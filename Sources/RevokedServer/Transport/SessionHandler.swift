import Logging
import NIOCore
import Persistence
import RESP
import Synchronization

/// One client of the portable transport: a session in a channel's pipeline.
final class SessionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Ends the connection once it has what it is owed.
    struct Drain: Sendable {}

    private static let stallLimit = TimeAmount.seconds(60)

    private let daemon: Daemon
    private var session: Session?
    private var worker: Worker
    private var batch = RequestBatch()
    /// Replies behind a write that waits for the log.
    private var queue = ReplyQueue()
    private let waiters: LogWaiters
    private var needsResume = false
    private var isClosing = false
    /// Close as soon as all that has arrived is answered.
    private var isDraining = false
    private var stall: Scheduled<Void>?

    init(_ daemon: Daemon, _ channel: any Channel, _ waiters: LogWaiters) {
        self.daemon = daemon
        self.waiters = waiters
        worker = Worker(daemon)
        let record = ClientRecord(
            id: daemon.clients.newID(), address: Self.describe(channel.remoteAddress),
            localAddress: Self.describe(channel.localAddress), connectedAt: daemon.clock.uptime()
        ) { channel.close(promise: nil) }
        worker.counters.add(to: .connections)
        if daemon.clients.add(record) { session = Session(client: record, daemon: daemon) }
    }

    private static func describe(_ address: NIOCore.SocketAddress?) -> String {
        guard let address else { return "?:0" }
        if let host = address.ipAddress, let port = address.port {
            return SocketAddress.describe(host: host, port: port)
        }
        return "\(address.pathname ?? ""):0"
    }

    func channelActive(context: ChannelHandlerContext) {
        guard session == nil else { return context.fireChannelActive() }
        worker.counters.add(to: .rejectedConnections)
        var refusal = context.channel.allocator.buffer(capacity: 64)
        refusal.writeString("-ERR max number of clients reached\r\n")
        isClosing = true
        context.writeAndFlush(wrapOutboundOut(refusal), promise: nil)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stall?.cancel()
        waiters.remove(context.channel)
        session?.end(daemon)
        if let id = session?.client.id { daemon.clients.remove(id) }
        session = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard session != nil, !isClosing else { return }
        let bytes = unwrapInboundIn(data)
        worker.counters.add(bytes.readableBytes, to: .bytesIn)
        worker.readClock()
        worker.beginReplies()
        let start = worker.beginTiming()
        let outcome = bytes.readableBytesSpan.withUnsafeBytes {
            session!.receive(RawSpan(_unsafeBytes: $0), &batch, &worker)
        }
        worker.endTiming(start)
        answer(outcome, context)
    }

    private func resume(_ context: ChannelHandlerContext) {
        guard needsResume, !isClosing, session != nil, context.channel.isWritable else { return }
        needsResume = false
        worker.readClock()
        worker.beginReplies()
        answer(session!.resume(&batch, &worker), context)
    }

    private func answer(_ outcome: Session.Outcome, _ context: ChannelHandlerContext) {
        let bytes = worker.reply.bytes
        worker.counters.add(bytes.count, to: .bytesOut)
        guard !worker.reply.hasOverflowed else {
            daemon.logger.warning("closing a client: one reply passed output-limit")
            return context.close(promise: nil)
        }
        if queue.count > 0 || !worker.holds.isEmpty {
            queue.append(bytes, holds: worker.holds)
            guard queue.count <= daemon.configuration.outputLimit else {
                daemon.logger.warning("closing a client: its replies passed output-limit while they waited for the log")
                return context.close(promise: nil)
            }
            release(context)
        } else {
            write(bytes, context)
        }
        switch outcome {
        case .open: if isDraining { finish(context) }
        case .closing: finish(context)
        case .paused:
            needsResume = true
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.execute { bound.value.0.resume(bound.value.1) }
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
        guard bytes.count > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Answers writes that the log has acknowledged, or has failed to take.
    private func release(_ context: ChannelHandlerContext) {
        guard let log = worker.written.log, queue.count > 0 else { return }
        waiters.add(context.channel)
        let refusal = log.refusal
        worker.counters.add(queue.release(log.acknowledged, refusal: refusal))
        queue.withReady { write($0, context) }
        queue.consume(queue.readyCount)
        guard queue.count == 0 else { return }
        waiters.remove(context.channel)
        if isClosing { finish(context) }
    }

    /// Closes behind what is still to be written.
    private func finish(_ context: ChannelHandlerContext) {
        isClosing = true
        guard queue.count == 0 else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.close(promise: nil) }
        stall?.cancel()
        stall = context.eventLoop.scheduleTask(in: Self.stallLimit) { bound.value.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is LogWaiters.News { return release(context) }
        guard event is Drain else { return context.fireUserInboundEventTriggered(event) }
        isDraining = true
        if !needsResume, !isClosing { finish(context) }
    }

    /// A client that does not read is not read from; one that reads nothing for a minute is dropped.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        let isWritable = context.channel.isWritable
        context.channel.setOption(.autoRead, value: isWritable).whenFailure { _ in }
        if isWritable {
            resume(context)
        } else {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            stall = context.eventLoop.scheduleTask(in: Self.stallLimit) { bound.value.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }
}
