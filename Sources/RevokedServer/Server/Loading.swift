import Denylist
import Synchronization

/// How far the reading of the data directory has come. Until it has ended most commands are refused.
final class Loading: Sendable {
    /// Unix milliseconds.
    let startedAt: Int64
    /// The same in milliseconds of ``ServerClock/uptime()``: durations count from this.
    let begun: Int64
    private let conditions: ServingConditions
    private let done = Atomic<Int>(0)
    private let total = Atomic<Int>(0)

    init(
        startedAt: (moment: ClockReading, uptime: Int64), isActive: Bool,
        _ conditions: ServingConditions = ServingConditions()
    ) {
        self.startedAt = startedAt.moment.wall
        begun = startedAt.uptime
        self.conditions = conditions
        if isActive { conditions.begin(.loading) }
    }

    var isActive: Bool { conditions.now.contains(.loading) }

    /// In bytes.
    var progress: (done: Int, total: Int) { (done.load(ordering: .relaxed), total.load(ordering: .relaxed)) }

    func advance(to done: Int, of total: Int) {
        self.done.store(done, ordering: .relaxed)
        self.total.store(total, ordering: .relaxed)
    }

    func end() { conditions.end(.loading) }

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
