import NIOCore
import Synchronization

/// What the connections of one event loop share: they are served one after the other, so one reply writer and one batch
/// do for all of them.
final class NIOLoopContext {
    var worker: Worker
    var batch: CommandBatch
    let counters: ThreadCounters

    init(_ daemon: Daemon) {
        worker = Worker(daemon)
        batch = CommandBatch(worker.denylist)
        counters = worker.counters
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
            let made = NIOLoopBound(NIOLoopContext(daemon), eventLoop: loop)
            contexts[id] = made
            return made
        }
        return bound.value
    }
}
