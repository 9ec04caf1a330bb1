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
    private static let checkInterval = TimeAmount.seconds(1)

    private let daemon: Daemon
    private let flow: FlowControl
    private var session: ClientSession?
    private var worker: Worker
    private var batch: CommandBatch
    /// Replies behind a write that waits for the log.
    private var queue = ReplyQueue()
    /// Bytes of replies that the channel has and the client has not read.
    private var unread = 0
    /// What of both counts among all clients' replies.
    private var counted = 0
    private let waiters: NIOLogObservers
    private var needsResume = false
    private var isStalled = false
    private var step = FlowControl.Step.execute
    private var inputSinceHold = 0
    private var isClosing = false
    /// Close as soon as all that has arrived is answered.
    private var isDraining = false
    /// When the client last read something while more was waiting, in milliseconds since boot.
    private var progressAt: Int64 = 0
    private var mustAuthenticateSince: Int64?
    private var check: Scheduled<Void>?

    init(_ daemon: Daemon, _ channel: any Channel, _ waiters: NIOLogObservers) {
        self.daemon = daemon
        self.waiters = waiters
        flow = FlowControl(outputLimit: daemon.configuration.outputLimit)
        worker = Worker(daemon)
        batch = CommandBatch(daemon.denylist.keys)
        let now = daemon.clock.uptime()
        let record = ClientRecord(
            id: daemon.clients.newID(), address: Self.describe(channel.remoteAddress),
            localAddress: Self.describe(channel.localAddress), connectedAt: now
        ) { channel.close(promise: nil) }
        record.mustAuthenticate.store(daemon.credentials.isPasswordRequired, ordering: .relaxed)
        if daemon.admit(record, worker.counters) { session = ClientSession(client: record, daemon: daemon) }
        if session?.user == .nobody { mustAuthenticateSince = now }
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
        isClosing = true
        context.writeAndFlush(wrapOutboundOut(refusal), promise: nil)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        waiters.remove(context.channel)
        session?.end(daemon)
        if let id = session?.client.id { daemon.clients.remove(id) }
        session = nil
        daemon.counters.waitingOutput.wrappingSubtract(counted, ordering: .relaxed)
        counted = 0
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard session != nil, !isClosing else { return }
        let bytes = unwrapInboundIn(data)
        worker.counters.add(bytes.readableBytes, to: .bytesIn)
        if queue.holdCount > 0 { inputSinceHold += bytes.readableBytes }
        worker.readClock()
        guard !needsResume, step == .execute else {
            bytes.readableBytesSpan.withUnsafeBytes { session!.keep(RawSpan(_unsafeBytes: $0), &worker) }
            needsResume = true
            return goOn(context)
        }
        worker.beginReplies()
        let start = worker.beginTiming()
        let outcome = bytes.readableBytesSpan.withUnsafeBytes {
            session!.receive(RawSpan(_unsafeBytes: $0), &batch, &worker)
        }
        worker.endTiming(start)
        answer(outcome, context)
    }

    private func resume(_ context: ChannelHandlerContext) {
        guard needsResume, !isClosing, session != nil, step == .execute else { return }
        needsResume = false
        worker.readClock()
        worker.beginReplies()
        answer(session!.resume(&batch, &worker), context)
    }

    private func answer(_ outcome: ClientSession.Outcome, _ context: ChannelHandlerContext) {
        let bytes = worker.reply.bytes
        worker.counters.add(bytes.count, to: .bytesOut)
        guard !worker.reply.hasOverflowed else { return drop("one reply passed output-limit", context) }
        if queue.count > 0 || !worker.holds.isEmpty {
            queue.append(bytes, holds: worker.holds)
            release(context)
        } else {
            write(bytes, context)
        }
        switch outcome {
        case .open: break
        case .closing: isClosing = true
        case .paused: needsResume = true
        case .stalled:
            needsResume = true
            isStalled = true
            // Whoever waits is told once; the log may have room by now.
            waiters.add(context.channel)
            if (worker.written.log?.queuedBytes ?? 0) <= AppendLog.backlogLimit / 2 { isStalled = false }
        }
        goOn(context)
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
        guard bytes.count > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        if unread == 0 { progressAt = daemon.clock.uptime() }
        unread += bytes.count
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let count = bytes.count
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
            let (handler, context) = bound.value
            handler.unread -= count
            handler.progressAt = handler.daemon.clock.uptime()
            handler.goOn(context)
        }
    }

    /// Answers writes that the log has acknowledged, or has failed to take.
    private func release(_ context: ChannelHandlerContext) {
        guard let log = worker.written.log, queue.count > 0 else { return }
        waiters.add(context.channel)
        let refusal = log.refusal
        worker.counters.add(queue.release(log.acknowledged, refusal: refusal))
        queue.withReady { write($0, context) }
        queue.consume(queue.readyCount)
        if queue.count == 0, !isStalled { waiters.remove(context.channel) }
    }

    // MARK: What comes next

    /// Decides whether to read, to execute what is left, or to close.
    private func goOn(_ context: ChannelHandlerContext) {
        guard session != nil else { return }
        let isStranger = session!.user == .nobody
        let load = FlowControl.Load(
            pending: unread + queue.count, unread: unread, holds: queue.holdCount, inputSinceHold: inputSinceHold,
            input: session?.inputCount ?? 0, isStalled: isStalled, isStranger: isStranger)
        daemon.counters.waitingOutput.wrappingAdd(load.pending - counted, ordering: .relaxed)
        counted = load.pending
        if isClosing || isDraining && !needsResume, load.pending == 0 {
            isClosing = true
            return context.close(promise: nil)
        }
        if let excess = flow.excess(load) { return drop(excess, context) }
        if load.holds == 0 { inputSinceHold = 0 }
        let limit = daemon.memory.clientLimit
        let allOutput = daemon.counters.waitingOutput.load(ordering: .relaxed)
        guard load.unread == 0 || allOutput <= limit else {
            return drop("it does not read its replies, and memory is needed", context)
        }
        let next = flow.next(
            load, after: step, allOutput: allOutput,
            mayKeep: daemon.counters.waitingInput.load(ordering: .relaxed) < limit)
        if (next == .wait) != (step == .wait) {
            context.channel.setOption(.autoRead, value: next != .wait).whenFailure { _ in }
        }
        step = next
        awaitAuthentication(session!.user)
        if load.pending > 0 || mustAuthenticateSince != nil { scheduleCheck(context) }
        if needsResume, step == .execute, !isClosing {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.execute { bound.value.0.resume(bound.value.1) }
        }
    }

    private func awaitAuthentication(_ user: User) {
        guard user == .nobody else {
            mustAuthenticateSince = nil
            return
        }
        if mustAuthenticateSince == nil { mustAuthenticateSince = daemon.clock.uptime() }
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
        let now = daemon.clock.uptime()
        if let since = mustAuthenticateSince, now - since >= FlowControl.authenticationTime {
            worker.counters.add(to: .unauthenticatedConnections)
            daemon.warn(
                of: .unauthenticated,
                "closing \(Self.describe(context.channel.remoteAddress)): it has not authenticated within 10 s")
            return context.close(promise: nil)
        }
        let load = FlowControl.Load(
            pending: unread + queue.count, unread: unread, holds: queue.holdCount, isStalled: isStalled)
        if let dropped = flow.dropped(load, at: step, idle: now - progressAt) { return drop(dropped.reason, context) }
        if load.pending > 0 || mustAuthenticateSince != nil { scheduleCheck(context) }
    }

    /// Ends a connection that has gone too far, and says so.
    private func drop(_ why: String, _ context: ChannelHandlerContext) {
        isClosing = true
        daemon.warn(of: .output, "dropping \(Self.describe(context.channel.remoteAddress)): \(why)")
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is NIOLogObservers.News {
            if isStalled {
                isStalled = false
                // If there is none after all it is stalled again.
                if queue.count == 0 { return goOn(context) }
            }
            release(context)
            return goOn(context)
        }
        let isInputOver = event as? ChannelEvent == .inputClosed
        guard event is Drain || isInputOver else { return context.fireUserInboundEventTriggered(event) }
        // A client that has ended its side may be waiting for replies.
        isDraining = true
        goOn(context)
    }
}
