import Denylist
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Persistence
import RESP
import Synchronization
import TLS

/// One client of the portable transport: a session in a channel's pipeline.
final class SessionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Ends the connection once it has what it is owed.
    struct Drain: Sendable {}

    /// How often it is looked at whether the client does what it has to do in time.
    private static let checkInterval = TimeAmount.milliseconds(OutputPolicy.checkInterval)

    /// Pieces in which replies are handed to the channel. The buffers of TLS stay as large as the largest piece.
    private static let largestWrite = 16 << 10

    /// What the channel has at most, with what the writes take besides. The rest waits in ``queue``, whose memory is
    /// what it counts: a write of TLS takes twice its bytes, and short ones much more.
    private static let writesLimit = 64 << 10

    /// What a write takes besides its bytes until the client has read it: a buffer, a promise, a TLS record.
    private static let writeOverhead = 512

    private let daemon: Daemon
    private let loop: NIOLoopContext
    private let observers: NIOLogObservers
    private var session: ClientSession?
    private var policy: OutputPolicy
    /// Replies that the channel does not have yet: behind others that the client has not read, or that wait for the
    /// log.
    private var queue = ReplyQueue()
    /// Bytes of replies that the channel has and the client has not read, with what each write takes besides.
    private var written = 0
    /// What of both counts among all clients' replies.
    private var counted = 0
    private var isReading = true
    /// Where messages are written; nil once the channel is closed.
    private var channelContext: ChannelHandlerContext?
    /// While replies are handed on, writes that are complete at once do not decide how to go on.
    private var isWriting = false
    private var check: Scheduled<Void>?
    private let isEncrypted: Bool
    /// Until it is complete; nil in plain text, too.
    private var handshake: Handshake?

    init(
        _ daemon: Daemon, _ channel: any Channel, _ loop: NIOLoopContext, _ observers: NIOLogObservers,
        handshake: Handshake?
    ) {
        self.daemon = daemon
        self.handshake = handshake
        isEncrypted = handshake != nil
        self.loop = loop
        self.observers = observers
        policy = OutputPolicy(outputLimit: daemon.configuration.outputLimit)
        let now = daemon.clock.uptime()
        let record = ClientRecord(
            id: daemon.clients.newID(), address: channel.remoteAddress.asListed,
            localAddress: channel.localAddress.asListed, connectedAt: now, loop.context.mailbox
        ) { [isEncrypted] in
            // Later: the loop's reply writer may be at work.
            channel.eventLoop.execute { Self.closeAtOnce(channel, isEncrypted) }
        }
        let standing = daemon.users.initial
        let isStranger = isEncrypted || !standing.user.isOpen
        record.mustAuthenticate.store(isStranger, ordering: .relaxed)
        if daemon.admit(record, loop.counters) { session = ClientSession(client: record, as: standing, daemon: daemon) }
        record.mustAuthenticate.store(isStranger, ordering: .relaxed)
        if isStranger { policy.awaitAuthentication(from: now) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let id = session?.client.id else { return }
        channelContext = context
        loop.handlers[id] = self
    }

    func channelActive(context: ChannelHandlerContext) {
        guard session == nil else {
            goOn(context)
            return context.fireChannelActive()
        }
        guard !isEncrypted else { return closeAtOnce(context) }
        var refusal = context.channel.allocator.buffer(capacity: 64)
        refusal.writeString("-ERR max number of clients reached\r\n")
        context.writeAndFlush(wrapOutboundOut(refusal), promise: nil)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        observers.remove(context.channel)
        session?.end(daemon)
        if let id = session?.client.id {
            daemon.clients.remove(id)
            loop.handlers[id] = nil
        }
        channelContext = nil
        session = nil
        daemon.counters.waitingOutput.wrappingSubtract(counted, ordering: .relaxed)
        counted = 0
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer ended its side without saying so in TLS. That it did comes as an event of its own.
        if case NIOSSLError.uncleanShutdown = error { return }
        if let handshake {
            // A probe of the port is nothing to write about.
            if handshake.gate.received > 0, !policy.isClosing { noteFailure(HandshakeFailure(error), context) }
            policy.didExecute(.closing)
        }
        closeAtOnce(context)
    }

    // MARK: TLS

    private func noteFailure(_ failure: HandshakeFailure, _ context: ChannelHandlerContext) {
        loop.counters.add(to: .failedHandshakes)
        let address = context.channel.remoteAddress.asListed
        daemon.warn(
            of: .handshake,
            "closed the connection of \(address) during its TLS handshake: \(failure.rawValue)")
    }

    private func completeHandshake(_ context: ChannelHandlerContext) {
        guard let handshake, session != nil else { return }
        loop.context.readClock()
        let certificate = handshake.handler.peerCertificate
        if let failure = failure(of: handshake, certificate) {
            noteFailure(failure, context)
            policy.didExecute(.closing)
            return closeAtOnce(context)
        }
        handshake.end(context.channel)
        self.handshake = nil
        if let certificate, daemon.tls?.configuration.certificateUser == .commonName {
            session?.logIn(certificateName: certificate.commonName, &loop.context)
        }
        let isStranger = session?.isAuthenticated == false
        session?.client.mustAuthenticate.store(isStranger, ordering: .relaxed)
        if isStranger { policy.awaitAuthentication(from: daemon.clock.uptime()) }
        goOn(context)
    }

    /// Why a client may not go on whose handshake is complete; nil if it may.
    private func failure(of handshake: Handshake, _ certificate: NIOSSLCertificate?) -> HandshakeFailure? {
        // It was verified under settings that are not in force any more.
        guard handshake.trust == daemon.tls?.trust else { return .outdated }
        // A resumed session is not verified again, and may outlive the certificate that it began with.
        let isValid = certificate?.isValid(at: Int(loop.context.moment.wall / 1000)) ?? true
        return isValid ? nil : .unknownCertificate
    }

    /// Closes without waiting for anything that has not left.
    private func closeAtOnce(_ context: ChannelHandlerContext) { Self.closeAtOnce(context.channel, isEncrypted) }

    private static func closeAtOnce(_ channel: any Channel, _ isEncrypted: Bool) {
        guard isEncrypted else { return channel.close(promise: nil) }
        channel.triggerUserOutboundEvent(TLSGate.CloseAtOnce(), promise: nil)
    }

    /// Closes once all has left. Nothing that arrives from now on is executed.
    private func close(_ context: ChannelHandlerContext) {
        policy.didExecute(.closing)
        context.close(mode: isEncrypted ? .output : .all, promise: nil)
    }

    // MARK: Bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard session != nil, !policy.isClosing else { return }
        let bytes = unwrapInboundIn(data)
        loop.counters.add(bytes.readableBytes, to: .bytesIn)
        policy.didRead(bytes.readableBytes, holds: queue.holdCount)
        guard policy.executesInput else {
            loop.context.readClock()
            bytes.readableBytesSpan.withUnsafeBytes { session!.keep(RawSpan(_unsafeBytes: $0), &loop.context) }
            policy.didKeep()
            return goOn(context)
        }
        if session?.isListening == true { loop.deliverBeforeInput() }
        guard session != nil, !policy.isClosing else { return }
        loop.context.turnToConnection()
        let start = loop.context.timer.begin()
        let outcome = bytes.readableBytesSpan.withUnsafeBytes {
            session!.receive(RawSpan(_unsafeBytes: $0), &loop.batch, &loop.context)
        }
        loop.context.timer.end(start, loop.counters)
        answer(outcome, context)
    }

    /// Executes input that is left.
    func resume() {
        guard let context = channelContext, session != nil, policy.takeResume() else { return }
        loop.context.turnToConnection()
        answer(session!.resume(&loop.batch, &loop.context), context)
    }

    private func answer(_ outcome: ClientSession.Outcome, _ context: ChannelHandlerContext) {
        let (bytes, holds) = (loop.context.reply.bytes, loop.context.holds.all)
        loop.counters.add(bytes.count, to: .bytesOut)
        guard !loop.context.reply.hasOverflowed else { return drop(.replyTooLong, context) }
        policy.didExecute(outcome)
        if queue.count == 0, holds.isEmpty {
            write(bytes, context)
        } else {
            queue.append(bytes, holds: holds)
            release(context)
        }
        if outcome == .stalled {
            // Observers are told once; the log may have room by now.
            observers.add(context.channel)
            if (loop.context.journal.disk?.queuedBytes ?? 0) <= AppendLog.backlogLimit / 2,
                !daemon.conditions.now.contains(.paused)
            {
                policy.endStall()
            }
        }
        goOn(context)
    }

    /// Hands replies on, and keeps those that the channel has no room for. The caller decides how to go on.
    private func write(_ bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
        let count = writePieces(of: bytes, context)
        if count < bytes.count { queue.append(UnsafeRawBufferPointer(rebasing: bytes[count...])) }
    }

    /// Hands on what waits for the client alone.
    private func writeQueue(_ context: ChannelHandlerContext) {
        guard queue.readyCount > 0, written < Self.writesLimit else { return }
        queue.consume(queue.withReady { writePieces(of: $0, context) })
    }

    /// - Returns: how many bytes the channel has taken.
    private func writePieces(of bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) -> Int {
        isWriting = true
        defer { isWriting = false }
        var count = 0
        while count < bytes.count, written < Self.writesLimit {
            let piece = bytes[count..<min(bytes.count, count + Self.largestWrite)]
            write(piece: UnsafeRawBufferPointer(rebasing: piece), context)
            count += piece.count
        }
        return count
    }

    private func write(piece bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        if written == 0 { policy.didProgress(at: daemon.clock.uptime()) }
        let count = bytes.count + Self.writeOverhead
        written += count
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
            let (handler, context) = bound.value
            handler.written -= count
            handler.policy.didProgress(at: handler.daemon.clock.uptime())
            guard !handler.isWriting, handler.session != nil else { return }
            handler.writeQueue(context)
            handler.goOn(context)
        }
    }

    /// Answers writes that the log has acknowledged, or has failed to take.
    private func release(_ context: ChannelHandlerContext) {
        if queue.holdCount > 0 {
            observers.add(context.channel)
            loop.counters.add(queue.release(loop.context.journal.disk, loop.context.holds.leases))
            if queue.holdCount == 0, !policy.isStalled { observers.remove(context.channel) }
        }
        writeQueue(context)
    }

    // MARK: Messages

    /// Sends a message that the client did not ask for just now, behind the replies that wait.
    func push(_ letter: Mailbox.Letter) {
        guard let context = channelContext, session != nil else { return }
        guard session!.accepts(letter, daemon) else {
            if session!.isClosing { policy.didExecute(.closing) }
            return goOn(context)
        }
        letter.message.bytes(in: session!.version).withUnsafeBytes { bytes in
            loop.counters.add(bytes.count, to: .bytesOut)
            if queue.count > 0 { queue.append(bytes) } else { write(bytes, context) }
        }
        loop.counters.add(to: .deliveredMessages)
        goOn(context)
    }

    func dropIfMessagesWereLost() {
        guard let context = channelContext, session?.client.hasLostMessages == true else { return }
        drop(.lostMessages, context)
    }

    // MARK: What comes next

    private var load: OutputPolicy.Load {
        OutputPolicy.Load(
            pending: written + queue.count, unread: written + queue.readyCount, holds: queue.holdCount,
            input: session?.inputCount ?? 0, isStranger: handshake != nil || session?.isAuthenticated == false,
            limit: session?.isBoundAsSubscriber == true ? daemon.subscriberLimit.withLock { $0 } : nil)
    }

    /// Reads on, executes what is left, or closes.
    private func goOn(_ context: ChannelHandlerContext) {
        guard session != nil else { return }
        let load = load
        daemon.counters.waitingOutput.wrappingAdd(load.pending - counted, ordering: .relaxed)
        counted = load.pending
        session?.noteUnsent(counted)
        let totals = daemon.outputTotals
        if load.unread > 0, policy.mustMakeRoom(load, totals) { return drop(.memory, context) }
        switch policy.next(load, totals, at: daemon.clock.uptime()) {
        case .close: close(context)
        case .drop(let drop): self.drop(drop, context)
        case .proceed(let reads, let resumes):
            if reads != isReading {
                isReading = reads
                context.channel.setOption(.autoRead, value: reads).whenFailure { _ in }
            }
            if policy.hasDeadline(load) { scheduleCheck(context) }
            if resumes { loop.resumeInNextRound(self) }
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
        if let drop = policy.overdue(load, at: daemon.clock.uptime()) {
            return self.drop(drop == .unauthenticated && handshake != nil ? .handshake : drop, context)
        }
        if policy.hasDeadline(load) { scheduleCheck(context) }
    }

    /// Ends a connection that has gone too far, and says so.
    private func drop(_ drop: OutputPolicy.Drop, _ context: ChannelHandlerContext) {
        policy.didExecute(.closing)
        daemon.note(drop, of: context.channel.remoteAddress.asListed, loop.counters)
        closeAtOnce(context)
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
        } else if case .handshakeCompleted? = event as? TLSUserEvent {
            return completeHandshake(context)
        } else if event as? ChannelEvent == .inputClosed {
            policy.endInput()
        } else {
            return context.fireUserInboundEventTriggered(event)
        }
        goOn(context)
    }
}
