import Denylist
import Synchronization

/// How far the reading of the data directory has come, and whether the keys of an import are still to be copied
/// (``Importer``). Until both have ended most commands are refused.
final class Loading: Sendable {
    /// Unix milliseconds.
    let startedAt: Int64
    /// The same in milliseconds of ``ServerClock/uptime()``: durations count from this.
    let begun: Int64
    private let conditions: ServingConditions
    private let done = Atomic<Int>(0)
    private let total = Atomic<Int>(0)
    private let parts: Mutex<Parts>

    private struct Parts: OptionSet {
        let rawValue: UInt8
        static let directory = Parts(rawValue: 1)
        static let copy = Parts(rawValue: 2)
    }

    /// - Parameters:
    ///   - isActive: whether there is a data directory to read.
    ///   - imports: whether an import follows.
    init(
        startedAt: (moment: ClockReading, uptime: Int64), isActive: Bool, imports: Bool = false,
        _ conditions: ServingConditions = ServingConditions()
    ) {
        self.startedAt = startedAt.moment.wall
        begun = startedAt.uptime
        self.conditions = conditions
        parts = Mutex(isActive ? imports ? [.directory, .copy] : .directory : [])
        if isActive { conditions.begin(.loading) }
    }

    var isActive: Bool { conditions.now.contains(.loading) }
    /// Whether the data directory is being read.
    var isReading: Bool { isActive && parts.withLock { $0.contains(.directory) } }

    /// In bytes.
    var progress: (done: Int, total: Int) { (done.load(ordering: .relaxed), total.load(ordering: .relaxed)) }

    func advance(to done: Int, of total: Int) {
        self.done.store(done, ordering: .relaxed)
        self.total.store(total, ordering: .relaxed)
    }

    /// The data directory is read.
    func end() { end(.directory) }
    /// A copy of the keys to be imported is complete.
    func endImport() { end(.copy) }

    private func end(_ part: Parts) {
        parts.withLock { parts in
            parts.remove(part)
            if parts.isEmpty { conditions.end(.loading) }
        }
    }

    /// How much is left, in seconds, as far as it goes on as before.
    /// - Parameter uptime: milliseconds of ``ServerClock/uptime()``.
    func secondsLeft(at uptime: Int64) -> Int64 {
        let (done, total) = progress
        guard done > 0, total > done else { return total > done ? 1 : 0 }
        let seconds = Double(max(0, uptime - begun)) * Double(total - done) / Double(done) / 1000
        return Int64(min(max(1, seconds), 1e9))
    }

    var percentage: Double {
        let (done, total) = progress
        return total > 0 ? min(100, Double(done) * 100 / Double(total)) : 0
    }
}
