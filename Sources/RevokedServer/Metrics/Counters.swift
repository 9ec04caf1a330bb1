import PrometheusMetrics
import Synchronization

/// What happened, counted by all threads, each for itself (``ThreadCounters``), and added up for whoever asks.
final class Counters: Sendable {
    /// Replies that clients have not read yet, in bytes, on all connections together.
    let waitingOutput = Atomic(0)
    /// Bytes of requests that wait for their rest, on all connections that have authenticated together.
    let waitingInput = Atomic(0)
    /// The same of those that have not.
    let strangerInput = Atomic(0)
    /// Both.
    var allInput: Int { waitingInput.load(ordering: .relaxed) + strangerInput.load(ordering: .relaxed) }
    /// Requests and replies.
    var waitingBytes: Int { waitingOutput.load(ordering: .relaxed) + allInput }
    /// Connections that check tokens and have not said that they are of this release's library
    /// (``CheckingPeer/older``).
    let olderNodes = Atomic(0)

    func addInput(_ bytes: Int, ofStranger isStranger: Bool) {
        if isStranger {
            strangerInput.wrappingAdd(bytes, ordering: .relaxed)
        } else {
            waitingInput.wrappingAdd(bytes, ordering: .relaxed)
        }
    }

    private struct State {
        var threads: [ThreadCounters] = []
        /// What those have counted that are gone.
        var gone = [Int](repeating: 0, count: ThreadCounters.size)
        var batches = Histogram().snapshot
        /// What `CONFIG RESETSTAT` takes off.
        var baseline = [Int](repeating: 0, count: ThreadCounters.size)

        var totals: [Int] {
            threads.reduce(into: gone) { sums, thread in
                for (index, value) in thread.values.enumerated() { sums[index] += value }
            }
        }
    }

    private let state = Mutex(State())

    /// Counters for one more thread, or connection.
    func add() -> ThreadCounters {
        let counters = ThreadCounters()
        state.withLock { $0.threads.append(counters) }
        return counters
    }

    /// Nobody counts with these any more.
    func retire(_ counters: ThreadCounters) {
        state.withLock { state in
            guard let index = state.threads.firstIndex(where: { $0 === counters }) else { return }
            state.threads.swapAt(index, state.threads.count - 1)
            state.threads.removeLast()
            for (index, value) in counters.values.enumerated() { state.gone[index] += value }
            state.batches = state.batches + counters.batches.snapshot
        }
    }

    /// Since the start.
    var totals: CounterTotals { CounterTotals(values: state.withLock { $0.totals }) }

    /// Since the start, or the last ``reset()``.
    var totalsSinceReset: CounterTotals {
        CounterTotals(values: state.withLock { zip($0.totals, $0.baseline).map { $0 - $1 } })
    }

    /// How long it took to execute what one read brought.
    var batches: Histogram.Snapshot {
        state.withLock { $0.threads.reduce($0.batches) { $0 + $1.batches.snapshot } }
    }

    /// `CONFIG RESETSTAT`: for `INFO`. Prometheus' counters only rise.
    func reset() { state.withLock { $0.baseline = $0.totals } }
}

/// The sums of what all threads have counted.
struct CounterTotals: Sendable {
    fileprivate let values: [Int]

    subscript(counter: CounterSlot) -> Int { values[counter.index] }

    /// Executed commands of all names.
    var commands: Int { values[CounterSlot.calls(0).index..<CounterSlot.rejections(0).index].reduce(0, +) }
    var hits: Int { self[.plainHits] + self[.guardedHits] }
    var misses: Int { self[.plainMisses] + self[.guardedMisses] }
}
