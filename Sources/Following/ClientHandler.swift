import Logging
import NIOCore
import RESP
import RevokedServer

/// Ends a client's connection once every command that has arrived is answered.
struct DrainClient: Sendable {}

/// A client's channel: carries out what its ``Conversation`` decides, with a connection of its own to the daemon on the
/// same event loop. If one of the two ends, so does the other.
///
/// Used on the channel's event loop only.
final class ClientHandler<Copy: CheckedCopy>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let copy: Copy
    private let scratch: ConversationScratch
    private let logger: Logger
    private var conversation: Conversation<Copy>
    private var context: ChannelHandlerContext?
    private var daemon: (any Channel)?
    private var isRunning = false
    private var isClosing = false
    /// Nothing more is read from the client: it has ended its side, or the follower ends.
    private var isDraining = false
    private var hasEndedInput = false
    private var isReading = false
    private var isReadingReplies = true
    private var output = UnreadOutput()
    /// While the client has no room for more.
    private var check: Scheduled<Void>?

    init(
        _ copy: Copy, prefix: String, _ scratch: ConversationScratch, _ all: AllConversations, logger: Logger
    ) {
        self.copy = copy
        self.scratch = scratch
        self.logger = logger
        conversation = Conversation(copy, prefix: prefix, all: all)
    }

    /// The client's channel reads nothing before there is a connection to the daemon.
    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        copy.connect(on: context.eventLoop) { DaemonHandler(bound.value) }.whenComplete { result in
            bound.value.connected(result)
        }
        context.fireChannelActive()
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        switch result {
        case .success(let channel):
            // Its handler has told already if it has ended since.
            guard !isClosing, context != nil, channel.isActive else { return channel.close(promise: nil) }
            daemon = channel
            run()
        case .failure: close()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing, !isDraining else { return }
        conversation.receive(unwrapInboundIn(data))
        run()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        run()
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        check?.cancel()
        conversation.end()
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        // Who listens to messages says nothing. The daemon ends those that it wants to end.
        case is IdleStateHandler.IdleStateEvent: if !conversation.isPassedThrough { close() }
        case is DrainClient: endInput()
        case let event as ChannelEvent where event == .inputClosed: endInput()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: The daemon

    func received(_ bytes: ByteBuffer) {
        guard !isClosing else { return }
        do throws(ReplyFramer.Malformed) {
            try conversation.receiveReplies(bytes, &scratch.batch, &scratch.reply)
        } catch { return close() }
        run()
    }

    func daemonWritabilityChanged() { run() }

    /// What it said last is still written.
    func daemonEnded() {
        guard let context else { return close() }
        // What is still to be written is written by the code that closes the connection.
        guard !isClosing else { return }
        isClosing = true
        daemon = nil
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(conversation.takeToClient())).whenComplete { _ in
            bound.value.close(promise: nil)
        }
        context.eventLoop.scheduleTask(in: ConversationLimits.farewell) { bound.value.close(promise: nil) }
    }

    // MARK: What comes next

    /// Executes what has arrived as long as its output leaves.
    private func run() {
        guard !isRunning, !isClosing, let context, let daemon else { return }
        // Writing may tell that a channel is writable again.
        isRunning = true
        defer { isRunning = false }
        repeat {
            conversation.execute(&scratch.batch, &scratch.reply)
            flush(context, daemon)
        } while !isClosing && conversation.isHeld && hasRoom(context, daemon) && !conversation.awaitsReplies
        guard !isClosing else { return }
        if isDraining { drain(context, daemon) }
        guard !isClosing else { return }
        let reads = !isDraining && !conversation.isHeld && hasRoom(context, daemon)
        if reads != isReading {
            isReading = reads
            context.channel.setOption(.autoRead, value: reads).whenFailure { _ in }
        }
        if context.channel.isWritable != isReadingReplies {
            isReadingReplies = context.channel.isWritable
            daemon.setOption(.autoRead, value: isReadingReplies).whenFailure { _ in }
        }
        watchUnread(context)
    }

    private func hasRoom(_ context: ChannelHandlerContext, _ daemon: any Channel) -> Bool {
        context.channel.isWritable && daemon.isWritable
    }

    private func flush(_ context: ChannelHandlerContext, _ daemon: any Channel) {
        // Taken first: a write that fails ends the connection before it returns, and that writes what is left.
        let bytes = conversation.takeToDaemon()
        if bytes.readableBytes > 0 { daemon.writeAndFlush(bytes, promise: nil) }
        guard !isClosing else { return }
        let replies = conversation.takeToClient()
        guard replies.readableBytes > 0 else { return }
        output.didWrite(replies.readableBytes)
        context.writeAndFlush(wrapOutboundOut(replies), promise: nil)
    }

    /// Nothing is read of a client that has no room for replies: it is dropped if it goes on so.
    private func watchUnread(_ context: ChannelHandlerContext) {
        guard check == nil, !context.channel.isWritable else { return }
        if !output.isWatched { output.watch(waiting(context), at: context.eventLoop.now) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        check = context.eventLoop.scheduleTask(in: ConversationLimits.unreadCheck) {
            let (handler, context) = bound.value
            handler.check = nil
            handler.checkUnread(context)
        }
    }

    private func checkUnread(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        guard !context.channel.isWritable else { return output.endWatch() }
        guard output.isOverdue(waiting(context), at: context.eventLoop.now) else { return watchUnread(context) }
        let reason = OutputPolicy.Drop.unread.reason
        logger.warning("dropping \(context.channel.remoteAddress.asListed): \(reason)")
        close()
    }

    /// Bytes that were written and not taken.
    private func waiting(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// What has arrived is answered, then both connections end.
    private func endInput() {
        guard !isClosing, !isDraining else { return }
        isDraining = true
        // Without a connection to the daemon yet it goes on once there is one.
        run()
    }

    private func drain(_ context: ChannelHandlerContext, _ daemon: any Channel) {
        if conversation.isSettled { return closeWhenWritten(context) }
        guard conversation.isPassedThrough, !hasEndedInput else { return }
        // The replies are not counted any more: the daemon ends when it has written them.
        hasEndedInput = true
        let bound = NIOLoopBound(self, eventLoop: daemon.eventLoop)
        daemon.close(mode: .output).whenFailure { _ in bound.value.close() }
    }

    private func closeWhenWritten(_ context: ChannelHandlerContext) {
        isClosing = true
        daemon?.close(promise: nil)
        daemon = nil
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.close(promise: nil) }
        context.eventLoop.scheduleTask(in: ConversationLimits.farewell) { bound.value.close(promise: nil) }
    }

    private func close() {
        isClosing = true
        daemon?.close(promise: nil)
        daemon = nil
        context?.close(promise: nil)
    }
}

/// The daemon's end of a client's connection.
private final class DaemonHandler<Copy: CheckedCopy>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: ClientHandler<Copy>

    init(_ client: ClientHandler<Copy>) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { client.received(unwrapInboundIn(data)) }

    func channelWritabilityChanged(context: ChannelHandlerContext) { client.daemonWritabilityChanged() }

    func channelInactive(context: ChannelHandlerContext) {
        client.daemonEnded()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
