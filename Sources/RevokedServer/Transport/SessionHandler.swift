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

    /// How often it is looked at whether the client does what it has to do in time.
    private static let checkInterval = TimeAmount.milliseconds(OutputPolicy.checkInterval)

    private let daemon: Daemon
    private let loop: NIOLoopContext
    private let observers: NIOLogObservers
    private var session: ClientSession?
    private var policy: OutputPolicy
    /// Replies behind a write that waits for the log.
    private var queue = ReplyQueue()
    /// Bytes of replies that the channel has and the client has not read.
    private var unread = 0
    /// What of both counts among all clients' replies.
    private var counted = 0
    private var isReading = true
    private var check: Scheduled<Void>?

    init(_ daemon: Daemon, _ channel: any Channel, _ loop: NIOLoopContext, _ observers: NIOLogObservers) {
        self.daemon = daemon
        self.loop = loop
        self.observers = observers
        policy = OutputPolicy(outputLimit: daemon.configuration.outputLimit)
        let now = daemon.clock.uptime()
        let record = ClientRecord(
            id: daemon.clients.newID(), address: Self.describe(channel.remoteAddress),
            localAddress: Self.describe(channel.localAddress), connectedAt: now
        ) {
            // Later: the loop's reply writer may be at work.
            channel.eventLoop.execute { channel.close(promise: nil) }
        }
        record.mustAuthenticate.store(daemon.credentials.isPasswordRequired, ordering: .relaxed)
        if daemon.admit(record, loop.counters) { session = ClientSession(client: record, daemon: daemon) }
        if session?.user == .nobody { policy.awaitAuthentication(from: now) }
    }

    private static func describe(_ address: NIOCore.SocketAddress?) -> String {
        guard let address else { return "?:0" }
        if let host = address.ipAddress, let port = address.port {
            return SocketAddress.describe(host: host, port: port)
        }
        return "\(address.pathname ?? ""):0"
    }

    func channelActive(context: ChannelHandlerContext) {
        guard session == nil else {
            goOn(context)
            return context.fireChannelActive()
        }
        var refusal = context.channel.allocator.buffer(capacity: 64)
        refusal.writeString("-ERR max number of clients reached\r\n")
        context.writeAndFlush(wrapOutboundOut(refusal), promise: nil)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        observers.remove(context.channel)
        session?.end(daemon)
        if let id = session?.client.id { daemon.clients.remove(id) }
        session = nil
        daemon.counters.waitingOutput.wrappingSubtract(counted, ordering: .relaxed)
        counted = 0
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard session != nil, !policy.isClosing else { return }
        let bytes = unwrapInboundIn(data)
        loop.counters.add(bytes.readableBytes, to: .bytesIn)
        policy.didRead(bytes.readableBytes, holds: queue.holdCount)
        guard policy.executesInput else {
            loop.worker.readClock()
            bytes.readableBytesSpan.withUnsafeBytes { session!.keep(RawSpan(_unsafeBytes: $0), &loop.worker) }
            policy.didKeep()
            return goOn(context)
        }
        loop.worker.turnToConnection()
        let start = loop.worker.beginTiming()
        let outcome = bytes.readableBytesSpan.withUnsafeBytes {
            session!.receive(RawSpan(_unsafeBytes: $0), &loop.batch, &loop.worker)
        }
        loop.worker.endTiming(start)
        answer(outcome, context)
    }

    private func resume(_ context: ChannelHandlerContext) {
        guard session != nil, policy.takeResume() else { return }
        loop.worker.turnToConnection()
        answer(session!.resume(&loop.batch, &loop.worker), context)
    }

    private func answer(_ outcome: ClientSession.Outcome, _ context: ChannelHandlerContext) {
        let (bytes, holds) = (loop.worker.reply.bytes, loop.worker.holds)
        loop.counters.add(bytes.count, to: .bytesOut)
        guard !loop.worker.reply.hasOverflowed else { return drop(.replyTooLong, context) }
        if queue.count > 0 || !holds.isEmpty {
            queue.append(bytes, holds: holds)
            release(context)
        } else {
            write(bytes, context)
        }
        policy.didExecute(outcome)
        if outcome == .stalled {
            // Observers are told once; the log may have room by now.
            observers.add(context.channel)
            if (loop.worker.journal.disk?.queuedBytes ?? 0) <= AppendLog.backlogLimit / 2 { policy.endStall() }
        }
        goOn(context)
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
        guard bytes.count > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        if unread == 0 { policy.didProgress(at: daemon.clock.uptime()) }
        unread += bytes.count
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let count = bytes.count
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
            let (handler, context) = bound.value
            handler.unread -= count
            handler.policy.didProgress(at: handler.daemon.clock.uptime())
            handler.goOn(context)
        }
    }

    /// Answers writes that the log has acknowledged, or has failed to take.
    private func release(_ context: ChannelHandlerContext) {
        guard let log = loop.worker.journal.disk, queue.count > 0 else { return }
        observers.add(context.channel)
        let refusal = log.refusal
        loop.counters.add(queue.release(log.acknowledged, refusal: refusal))
        queue.withReady { write($0, context) }
        queue.consume(queue.readyCount)
        if queue.count == 0, !policy.isStalled { observers.remove(context.channel) }
    }

    // MARK: What comes next

    private var load: OutputPolicy.Load {
        OutputPolicy.Load(
            pending: unread + queue.count, unread: unread, holds: queue.holdCount, input: session?.inputCount ?? 0,
            isStranger: session?.user == .nobody)
    }

    /// Reads on, executes what is left, or closes.
    private func goOn(_ context: ChannelHandlerContext) {
        guard session != nil else { return }
        let load = load
        daemon.counters.waitingOutput.wrappingAdd(load.pending - counted, ordering: .relaxed)
        counted = load.pending
        let totals = daemon.outputTotals
        if load.unread > 0, policy.mustMakeRoom(load, totals) { return drop(.memory, context) }
        switch policy.next(load, totals, at: daemon.clock.uptime()) {
        case .close: context.close(promise: nil)
        case .drop(let drop): self.drop(drop, context)
        case .proceed(let reads, let resumes):
            if reads != isReading {
                isReading = reads
                context.channel.setOption(.autoRead, value: reads).whenFailure { _ in }
            }
            if policy.hasDeadline(load) { scheduleCheck(context) }
            guard resumes else { return }
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.execute { bound.value.0.resume(bound.value.1) }
        }
    }

    private func scheduleCheck(_ context: ChannelHandlerContext) {
        guard check == nil else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        check = context.eventLoop.scheduleTask(in: Self.checkInterval) {
            let (handler, context) = bound.value
            handler.check = nil
            handler.checkTime(context)
        }
    }

    /// Drops a client that does not read, or does not authenticate.
    private func checkTime(_ context: ChannelHandlerContext) {
        guard session != nil else { return }
        let load = load
        if let drop = policy.overdue(load, at: daemon.clock.uptime()) { return self.drop(drop, context) }
        if policy.hasDeadline(load) { scheduleCheck(context) }
    }

    /// Ends a connection that has gone too far, and says so.
    private func drop(_ drop: OutputPolicy.Drop, _ context: ChannelHandlerContext) {
        policy.didExecute(.closing)
        daemon.note(drop, of: Self.describe(context.channel.remoteAddress), loop.counters)
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is NIOLogObservers.LogDidAdvance {
            if policy.isStalled {
                policy.endStall()
                // If there is none after all it is stalled again.
                if queue.count == 0 { return goOn(context) }
            }
            release(context)
            return goOn(context)
        }
        // A client that has ended its side may be waiting for replies.
        if event is Drain {
            policy.drain()
        } else if event as? ChannelEvent == .inputClosed {
            policy.endInput()
        } else {
            return context.fireUserInboundEventTriggered(event)
        }
        goOn(context)
    }
}
