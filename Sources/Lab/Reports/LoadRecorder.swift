import Foundation
import Histogram
import Synchronization

/// Collects what a run's operations took, from any number of threads.
///
/// Threads record into shards that they seldom share; a thread of its own may keep a ``LoadRecord`` and hand it over
/// once a second.
final class LoadRecorder: Sendable {
    /// What has come together so far.
    struct Progress: Sendable {
        var completed = 0
        var errors = 0
        var violations = 0
        /// Of all operations, in microseconds.
        var p50 = 0.0
        var p99 = 0.0
    }

    private let shards: [Shard]
    private let timeLine = Mutex(TimeLine())

    init() {
        shards = (0..<min(8, ProcessInfo.processInfo.activeProcessorCount)).map { _ in Shard() }
    }

    /// Records an operation that was answered.
    /// - Parameter nanoseconds: how long it took.
    /// - Parameter second: when it ended, in seconds from the run's start.
    func record(_ operation: String, latency nanoseconds: Int64, at second: Double) {
        update(at: second) { shard, second in
            let index = shard.index(of: operation)
            shard.operations[index].record(nanoseconds, count: 1)
            shard.seconds[second, default: SecondRecord()].record(nanoseconds, count: 1)
        }
    }

    /// Records an operation that got no answer, or an error instead of one. It is not among the completed.
    func recordError(_ operation: String, at second: Double) {
        update(at: second) { shard, second in
            let index = shard.index(of: operation)
            shard.operations[index].errors += 1
            shard.seconds[second, default: SecondRecord()].errors += 1
        }
    }

    /// Records that an answer was one that must not be; the operation itself is recorded besides.
    func recordViolation(at second: Double) {
        update(at: second) { shard, second in
            shard.seconds[second, default: SecondRecord()].violations += 1
            shard.violations += 1
        }
    }

    /// Takes over what a thread recorded during one second.
    func add(_ record: LoadRecord, of second: Int) {
        shards[0].state.withLock { shard in
            for operation in record.operations {
                let index = shard.index(of: operation.name)
                shard.operations[index].add(operation)
            }
        }
        timeLine.withLock { $0.add(record.second, to: second) }
    }

    var progress: Progress {
        var progress = Progress()
        var all = OperationRecord("")
        for shard in shards {
            shard.state.withLock { shard in
                for operation in shard.operations { all.add(operation) }
                progress.violations += shard.violations
            }
        }
        progress.completed = Int(all.latency.totalCount)
        progress.errors = all.errors
        progress.p50 = all.percentile(50)
        progress.p99 = all.percentile(99)
        return progress
    }

    /// Puts operations and time line into a report.
    func fill(_ report: inout LoadReport) {
        var operations: [OperationRecord] = []
        for shard in shards {
            shard.state.withLock { shard in
                for operation in shard.operations {
                    if let index = operations.firstIndex(where: { $0.name == operation.name }) {
                        operations[index].add(operation)
                    } else {
                        operations.append(operation)
                    }
                }
                hand(over: shard.takeSeconds(before: .max))
            }
        }
        report.operations = operations.sorted { $0.name < $1.name }.map(\.figures)
        report.timeLine = timeLine.withLock { $0.seconds }
    }

    // MARK: Shards

    private func update(at second: Double, _ change: (inout Shard.State, Int) -> Void) {
        let second = max(0, Int(second))
        shard.state.withLock { shard in
            change(&shard, second)
            guard second > shard.newest else { return }
            shard.newest = second
            hand(over: shard.takeSeconds(before: second - 1))
        }
    }

    private func hand(over seconds: [Int: SecondRecord]) {
        guard !seconds.isEmpty else { return }
        timeLine.withLock { timeLine in
            for (second, record) in seconds { timeLine.add(record, to: second) }
        }
    }

    /// That of the calling thread.
    private var shard: Shard {
        let mixed = UInt64(UInt(bitPattern: pthread_self().hashValue))
        return shards[Int(mixed.multipliedFullWidth(by: UInt64(shards.count)).high)]
    }

    private final class Shard: Sendable {
        struct State {
            var operations: [OperationRecord] = []
            var seconds: [Int: SecondRecord] = [:]
            var newest = 0
            var violations = 0

            mutating func index(of name: String) -> Int {
                if let index = operations.firstIndex(where: { $0.name == name }) { return index }
                operations.append(OperationRecord(name))
                return operations.count - 1
            }

            mutating func takeSeconds(before end: Int) -> [Int: SecondRecord] {
                let taken = seconds.filter { $0.key < end }
                for second in taken.keys { seconds[second] = nil }
                return taken
            }
        }

        let state = Mutex(State())
    }
}
