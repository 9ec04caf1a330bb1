import Dispatch
import Synchronization

/// The thread that writes whole files, one job after the other, while the log's thread goes on.
final class BackgroundJobs: Sendable {
    typealias Completion = @Sendable (PersistenceError?) -> Void

    enum Job: Sendable, Equatable {
        /// Rewrite the log.
        case rewrite
        /// Write a `dump.rdb`. In the background its caller does not wait for it.
        case save(isInBackground: Bool)
        /// Turn the log on or off.
        case setLogging(Bool)
    }

    private struct State {
        var jobs: [(job: Job, completions: [Completion])] = []
        var current: Job?
        var isEnding = false
    }

    private let state = Mutex(State())
    private let doorbell = DispatchSemaphore(value: 0)
    /// The interval at which a failed log is retried and the log's growth is checked.
    private static let interval = DispatchTimeInterval.seconds(1)

    var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Whether such a job is running or queued.
    func has(_ job: Job) -> Bool {
        state.withLock { state in state.current == job || state.jobs.contains { $0.job == job } }
    }

    func request(_ job: Job, _ completion: @escaping Completion) {
        let isLate = state.withLock { state in
            guard !state.isEnding else { return true }
            // A snapshot that has not begun serves all callers who asked for one.
            if job == .save(isInBackground: false), let index = state.jobs.firstIndex(where: { $0.job == job }) {
                state.jobs[index].completions.append(completion)
            } else {
                state.jobs.append((job, [completion]))
            }
            return false
        }
        if isLate { completion(PersistenceError(.busy, "the daemon is ending")) }
        doorbell.signal()
    }

    /// Cancels the running job, and stops the thread.
    func end() {
        state.withLock { $0.isEnding = true }
        doorbell.signal()
    }

    func run(_ persistence: Persistence) {
        while !isEnding {
            _ = doorbell.wait(timeout: .now() + Self.interval)
            while !isEnding, let (job, completions) = next() {
                var failure: PersistenceError?
                do throws(PersistenceError) { try persistence.perform(job) } catch { failure = error }
                state.withLock { $0.current = nil }
                for completion in completions { completion(failure) }
            }
            if !isEnding { persistence.runPeriodic() }
        }
        let left = state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        for completion in left.flatMap(\.completions) { completion(PersistenceError(.busy, "the daemon is ending")) }
    }

    private func next() -> (job: Job, completions: [Completion])? {
        state.withLock { state in
            guard !state.jobs.isEmpty else { return nil }
            let next = state.jobs.removeFirst()
            state.current = next.job
            return next
        }
    }
}
