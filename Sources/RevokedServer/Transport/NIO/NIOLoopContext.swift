import NIOCore
import Synchronization

/// What the connections of one event loop share: they are served one after the other, so one reply writer and one batch
/// do for all of them.
final class NIOLoopContext {
    /// From the end of one round to the next. A loop looks at its sockets only when no task is due.
    private static let pause = TimeAmount.microseconds(50)

    var context: ServingContext
    var batch: CommandBatch
    let counters: ThreadCounters
    /// Those that connections may be pushed to, by their clients' numbers.
    var handlers: [Int64: SessionHandler] = [:]
    private let loop: any EventLoop
    /// Connections with input that is executed in the next round.
    private var unfinished: [SessionHandler] = []
    private var isRoundDue = false

    init(_ daemon: Daemon, _ loop: any EventLoop) {
        self.loop = loop
        context = ServingContext(daemon)
        batch = CommandBatch(context.denylist)
        counters = context.counters
    }

    // MARK: Rounds

    /// Goes on with a connection's input after the sockets of the others were looked at.
    func resumeInNextRound(_ handler: SessionHandler) {
        unfinished.append(handler)
        scheduleRound()
    }

    /// Everything that a loop does by itself is done in one task, which schedules the next one: two such chains could
    /// keep each other's tasks due, and the sockets waiting.
    func scheduleRound() {
        guard !isRoundDue else { return }
        isRoundDue = true
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: Self.pause) { bound.value.runRound() }
    }

    private func runRound() {
        var handlers: [SessionHandler] = []
        swap(&handlers, &unfinished)
        for handler in handlers { handler.resume() }
        deliver()
        // The pause begins here: if it began with what is done above, the next round could be due by now.
        isRoundDue = false
        if !unfinished.isEmpty || !context.deliveries.isEmpty { scheduleRound() }
    }

    /// Comes before input is executed: what was changed before it came is told before it is answered, as in Redis,
    /// unless more messages wait than one portion. May end connections.
    func deliverBeforeInput() {
        guard context.mailbox.hasMail || !context.deliveries.isEmpty else { return }
        deliver()
        if !context.deliveries.isEmpty { scheduleRound() }
    }

    /// Takes the messages that were posted to this loop's connections, and sends some of them.
    private func deliver() {
        if !context.deliveries.take(from: context.mailbox) {
            for handler in handlers.values { handler.dropIfMessagesWereLost() }
        }
        for _ in 0..<context.deliveries.portion(at: context.clock.uptime()) {
            guard let (letter, client) = context.deliveries.next(context.mailbox) else { return }
            handlers[client.id]?.push(letter)
        }
    }
}

/// The contexts of all event loops of a transport, made when first needed.
final class NIOLoopContexts: Sendable {
    private let daemon: Daemon
    private let contexts = Mutex([ObjectIdentifier: NIOLoopBound<NIOLoopContext>]())

    init(_ daemon: Daemon) { self.daemon = daemon }

    /// The context of an event loop. To be called on it.
    func context(of loop: any EventLoop) -> NIOLoopContext {
        let bound = contexts.withLock { contexts in
            let id = ObjectIdentifier(loop)
            if let known = contexts[id] { return known }
            let context = NIOLoopContext(daemon, loop)
            // Safe: it is used on the loop alone.
            nonisolated(unsafe) weak let weakly = context
            context.context.mailbox.onMail { loop.execute { weakly?.scheduleRound() } }
            let made = NIOLoopBound(context, eventLoop: loop)
            contexts[id] = made
            return made
        }
        return bound.value
    }
}
