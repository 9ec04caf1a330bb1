import Synchronization

/// What happened, counted by all reactor threads.
final class Counters: Sendable {
    let connections = Atomic(0)
    let rejectedConnections = Atomic(0)
    let commands = Atomic(0)
    let hits = Atomic(0)
    let misses = Atomic(0)
    let errors = Atomic(0)
    let bytesIn = Atomic(0)
    let bytesOut = Atomic(0)
    /// Writes refused because of `maxmemory`.
    let refusedForMemory = Atomic(0)
    /// Replies that clients have not read yet, in bytes, on all connections together.
    let waitingOutput = Atomic(0)
    /// Bytes of requests that wait for their rest, on all connections together.
    let waitingInput = Atomic(0)

    /// `CONFIG RESETSTAT`.
    func reset() {
        connections.store(0, ordering: .relaxed)
        rejectedConnections.store(0, ordering: .relaxed)
        commands.store(0, ordering: .relaxed)
        hits.store(0, ordering: .relaxed)
        misses.store(0, ordering: .relaxed)
        errors.store(0, ordering: .relaxed)
        bytesIn.store(0, ordering: .relaxed)
        bytesOut.store(0, ordering: .relaxed)
        refusedForMemory.store(0, ordering: .relaxed)
    }
}

/// What one thread has counted since it last told ``Counters``: plain numbers, so that the hot path shares nothing.
struct LocalCounters {
    var commands = 0
    var hits = 0
    var misses = 0
    var errors = 0

    mutating func publish(to counters: borrowing Counters) {
        counters.commands.wrappingAdd(commands, ordering: .relaxed)
        if hits > 0 { counters.hits.wrappingAdd(hits, ordering: .relaxed) }
        if misses > 0 { counters.misses.wrappingAdd(misses, ordering: .relaxed) }
        if errors > 0 { counters.errors.wrappingAdd(errors, ordering: .relaxed) }
        self = LocalCounters()
    }
}
