public import NIOCore
import Synchronization

/// Runs tasks on an event loop, so that a reply on a connection of that loop resumes them without a change of thread.
///
/// The loop is woken once for all tasks that become ready before it runs them. A task must not block.
///
/// ```swift
/// await withTaskExecutorPreference(EventLoopTaskExecutor(channel.eventLoop)) { … }
/// ```
public final class EventLoopTaskExecutor: TaskExecutor {
    private struct Queue {
        var jobs: [UnownedJob] = []
        var isLoopTold = false
        /// Empty; kept to reuse its memory.
        var spare: [UnownedJob] = []
    }

    private static let keptJobs = 4_096

    private let loop: any EventLoop
    private let queue = Mutex(Queue())

    public init(_ loop: any EventLoop) {
        self.loop = loop
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustTellLoop = queue.withLock { queue in
            queue.jobs.append(job)
            defer { queue.isLoopTold = true }
            return !queue.isLoopTold
        }
        if mustTellLoop { loop.execute { self.runAll() } }
    }

    private func runAll() {
        var jobs = queue.withLock { queue in
            defer { queue.spare = [] }
            let jobs = queue.jobs
            queue.jobs = queue.spare
            queue.isLoopTold = false
            return jobs
        }
        let executor = asUnownedTaskExecutor()
        for job in jobs { job.runSynchronously(on: executor) }
        guard jobs.count <= Self.keptJobs else { return }
        jobs.removeAll(keepingCapacity: true)
        queue.withLock { $0.spare = jobs }
    }
}
