import Synchronization

/// Lets one thread execute several commands while no other executes any.
///
/// Each serving thread holds a lock of its own while it executes what one connection sent. No other thread wants that
/// lock, but for an exclusive turn, which holds the locks of all threads. So a command pays for a lock that is free and
/// in its cache.
///
/// A thread gives its own lock back before it asks for the exclusive turn, and a context comes and goes without one. So
/// no thread ever waits for a second lock while another waits for its first.
final class ExclusiveGate: Sendable {
    /// Held throughout an exclusive turn, and to change ``threads``.
    private let turn = FairLock()
    private let threads = Mutex<[FairLock]>([])

    /// One more thread that executes commands.
    /// - Returns: the lock that it holds meanwhile.
    func add() -> FairLock {
        let own = FairLock()
        turn.lock()
        threads.withLock { $0.append(own) }
        turn.unlock()
        return own
    }

    /// A thread executes no more commands. It does not hold its lock.
    func remove(_ own: FairLock) {
        turn.lock()
        threads.withLock { $0.removeAll { $0 === own } }
        turn.unlock()
    }

    /// Begins the exclusive turn of the thread that holds `own`. Others may have one before it.
    func close(_ own: FairLock) {
        own.unlock()
        turn.lock()
        for thread in threads.withLock({ $0 }) { thread.lock() }
    }

    /// Ends the exclusive turn; the thread goes on with its own lock.
    func open(_ own: FairLock) {
        for thread in threads.withLock({ $0 }) where thread !== own { thread.unlock() }
        turn.unlock()
    }
}
