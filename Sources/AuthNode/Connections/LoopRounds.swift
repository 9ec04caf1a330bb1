import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The rounds of an event loop: in each it looks at all its sockets, then runs its tasks.
protocol LoopRounds: AnyObject {
    /// Runs `work` when the loop has looked at its sockets again. Called on the loop.
    ///
    /// A task does not wait for that: a loop runs all its tasks, and those that they add, before it looks at a socket.
    /// Nor does a task for a later time: when it is due there may be others, and again those that they add.
    func afterNextRound(_ work: @escaping () -> Void)
}

/// Learns of a round from a pipe of its own: it is read when the other sockets are.
final class PipeRounds: LoopRounds, ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var waiting: [() -> Void] = []
    private var channel: (any Channel)?
    private var byte = ByteBuffer(bytes: [0])

    fileprivate init() {}

    func afterNextRound(_ work: @escaping () -> Void) {
        waiting.append(work)
        guard waiting.count == 1 else { return }
        channel?.writeAndFlush(byte, promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let work = waiting
        waiting = []
        for work in work { work() }
    }
}

extension PipeRounds {
    /// Those of event loops that live as long as the process: a pipe is made once for each.
    final class Directory: Sendable {
        private let known = Mutex<[ObjectIdentifier: NIOLoopBound<PipeRounds>]>([:])

        /// - Returns: on the loop.
        func rounds(of loop: any EventLoop) -> EventLoopFuture<NIOLoopBound<PipeRounds>> {
            if let rounds = known.withLock({ $0[ObjectIdentifier(loop)] }) { return loop.makeSucceededFuture(rounds) }
            return loop.flatSubmit { self.make(on: loop) }
        }

        private func make(on loop: any EventLoop) -> EventLoopFuture<NIOLoopBound<PipeRounds>> {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else {
                return loop.makeFailedFuture(IOError(errnoCode: errno, reason: "pipe"))
            }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            let rounds = NIOLoopBound(PipeRounds(), eventLoop: loop)
            return NIOPipeBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(rounds.value)
                    }
                }
                .takingOwnershipOfDescriptors(input: ends[0], output: ends[1])
                .map { [self] channel in
                    let first = known.withLock { known in
                        let first = known[ObjectIdentifier(loop), default: rounds]
                        known[ObjectIdentifier(loop)] = first
                        return first
                    }
                    // Another connection may have made one meanwhile.
                    if first.value !== rounds.value { channel.close(promise: nil) }
                    return first
                }
        }
    }
}
