import PrometheusMetrics
import Synchronization

/// What one thread has counted. That thread alone writes, with a load and a store, so the hot path shares nothing and
/// waits for nothing; others read at any time.
final class ThreadCounters: Sendable {
    static let size = 736

    private let cells = InlineArray<736, Atomic<Int>> { _ in Atomic(0) }
    /// How long it took to execute what one read brought; one time in ``timedBatches`` is measured.
    let batches = Histogram()

    /// Times from one that is measured to the next.
    static let timedBatches = 64

    @inline(__always)
    func add(_ count: Int = 1, to counter: CounterSlot) {
        let cell = counter.index
        cells[cell].store(cells[cell].load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }

    /// Counts replies with this error.
    func add(_ count: Int = 1, error code: ErrorCode) {
        add(count, to: .allErrors)
        add(count, to: .errors(code))
    }

    func add(_ errors: ReplyQueue.Errors) {
        guard errors != ReplyQueue.Errors() else { return }
        add(errors.ofLog, error: .misconf)
        add(errors.ofOthers, error: .err)
    }

    subscript(counter: CounterSlot) -> Int { cells[counter.index].load(ordering: .relaxed) }

    var values: [Int] { (0..<Self.size).map { cells[$0].load(ordering: .relaxed) } }
}
