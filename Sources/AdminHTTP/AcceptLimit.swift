package import Logging
package import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Stops a listening channel from accepting while there are as many connections as there may be, or no descriptors for
/// another one. Without it the channel would ask for the same connection again and again, and burn a processor: a
/// channel that cannot accept stays readable.
///
/// Belongs at the head of the listening channel's pipeline. Who comes meanwhile waits in the kernel's queue, until a
/// connection ends: one is asked to, if there is someone to ask.
package final class AcceptLimit: ChannelDuplexHandler {
    package typealias InboundIn = any Channel
    package typealias OutboundIn = Never

    private var state: AcceptState
    private let status: AcceptStatus
    private let logger: Logger
    private let makeRoom: (@Sendable (Int) -> Void)?

    /// - Parameter maximum: how many connections there may be; the channel's last burst may add up to 16.
    /// - Parameter status: where it is noted whether connections are accepted.
    /// - Parameter makeRoom: closes so many connections, now or soon; without it nobody has to leave.
    package init(
        maximum: Int, status: AcceptStatus = AcceptStatus(), logger: Logger,
        makeRoom: (@Sendable (Int) -> Void)? = nil
    ) {
        state = AcceptState(maximum: maximum)
        self.status = status
        self.logger = logger
        self.makeRoom = makeRoom
    }

    package func read(context: ChannelHandlerContext) {
        let mayRead = state.shouldRead()
        status.note(isAccepting: mayRead)
        guard mayRead else {
            tellIfStopped()
            makeRoom?(state.excess)
            return
        }
        context.read()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        state.opened()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            let (handler, context) = bound.value
            if handler.state.closed() { handler.resume(context) }
        }
        context.fireChannelRead(data)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case ECONNABORTED:
            // It has gone away before it was accepted.
            break
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            state.failed()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: AcceptState.pause) {
                let (handler, context) = bound.value
                if handler.state.pauseEnded() { handler.resume(context) }
            }
        default:
            context.fireErrorCaught(error)
        }
    }

    private func resume(_ context: ChannelHandlerContext) {
        status.note(isAccepting: true)
        context.read()
    }

    private func tellIfStopped() {
        guard state.shouldTell(now: .now()) else { return }
        let remedy = makeRoom == nil ? "they wait until one ends" : "those that have waited the longest are closed"
        logger.error(
            """
            accepting no more connections for now: there are too many, or no descriptors for another one; \(remedy) (raise \
            the limit of open files: ulimit -n, LimitNOFILE)
            """, metadata: ["connections": "\(state.open)"])
    }
}

/// When a listening channel may accept.
struct AcceptState {
    /// How long to wait after a failure, unless a connection ends before.
    static let pause = TimeAmount.milliseconds(100)
    /// It is said no more often than that.
    static let interval = TimeAmount.seconds(60)

    let maximum: Int
    private(set) var open = 0
    private var isPaused = false
    /// Whether the channel wanted to accept and was not let.
    private var isHeld = false
    private var toldAt: NIODeadline?

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// How many connections have to end before another one is accepted.
    var excess: Int { open < maximum ? 1 : open - maximum + 1 }

    private var mayAccept: Bool { !isPaused && open < maximum }

    /// Whether the channel, which wants to accept, may do so now.
    mutating func shouldRead() -> Bool {
        isHeld = !mayAccept
        return !isHeld
    }

    mutating func opened() { open += 1 }

    /// - Returns: whether the channel is to accept again.
    mutating func closed() -> Bool {
        open -= 1
        isPaused = false
        return release()
    }

    /// No descriptor could be had.
    mutating func failed() { isPaused = true }

    /// - Returns: whether the channel is to accept again.
    mutating func pauseEnded() -> Bool {
        isPaused = false
        return release()
    }

    private mutating func release() -> Bool {
        guard isHeld, mayAccept else { return false }
        isHeld = false
        return true
    }

    /// Whether it is time to say that the channel does not accept.
    mutating func shouldTell(now: NIODeadline) -> Bool {
        if let toldAt, now - toldAt < Self.interval { return false }
        toldAt = now
        return true
    }
}
