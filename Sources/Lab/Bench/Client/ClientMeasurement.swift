import CHiredisBaseline
import Contract
import Foundation
import Revocation
import Synchronization

/// One server, measured from here.
struct ClientMeasurement {
    /// Who does it.
    enum Subject: Hashable {
        /// The C program over hiredis, 64 in flight.
        case baseline
        /// The C program, with a command in flight on each of so many connections.
        case connections(Int)
        /// This client.
        case client(tasks: Int, ClientMode)
    }

    struct Sample {
        let operation: ClientOperation
        let subject: Subject
        let perSecond: Double
        /// Processor time of this process for one operation.
        let nanoseconds: Double
        /// Processor time of the server for one operation.
        let storeNanoseconds: Double
        var commandsPerWrite: Double?
    }

    let store: MeasuredStore
    let operations: [ClientOperation]
    let modes: [ClientMode]
    let tasks: [Int]
    let duration: Duration

    /// Everything once.
    func round() async throws -> [Sample] {
        var samples: [Sample] = []
        for operation in operations {
            samples.append(try baseline(operation, .baseline, connections: 1, depth: 64))
            samples.append(try baseline(operation, .connections(50), connections: 50, depth: 1))
            for tasks in tasks {
                for mode in modes { samples.append(try await client(operation, tasks, mode)) }
            }
        }
        return samples
    }

    private func baseline(
        _ operation: ClientOperation, _ subject: Subject, connections: Int32, depth: Int32
    ) throws -> Sample {
        var count = 0
        let start = ContinuousClock.now
        let (processorStart, storeStart) = (baseline_processor_nanoseconds(), store.processorNanoseconds)
        let result = baseline_run(
            "127.0.0.1", store.port, ClientOperation.keyPrefix, operation.keyCount ?? 0, connections, depth,
            duration / .seconds(1),
            &count)
        guard result == 0, count > 0 else { throw LoadFailure(message: "the baseline was not answered") }
        return Sample(
            operation: operation, subject: subject,
            perSecond: Double(count) / ((ContinuousClock.now - start) / .seconds(1)),
            nanoseconds: (baseline_processor_nanoseconds() - processorStart) / Double(count),
            storeNanoseconds: (store.processorNanoseconds - storeStart) / Double(count))
    }

    private func client(_ operation: ClientOperation, _ tasks: Int, _ mode: ClientMode) async throws -> Sample {
        let writes = WriteCount()
        var configuration = RevocationConfiguration()
        // A machine that is busy with something else is not what is measured.
        configuration.commandTimeout = .seconds(30)
        configuration.flushesEachCommand = mode == .flushing
        configuration.whenWritten = { writes.add($0) }
        let list = try RevocationList("redis://127.0.0.1:\(store.port)", configuration: configuration)
        let now = configuration.wallClock()
        // The first revocation gives a new denylist its terms: until then each check asks for them too.
        try await list.revoke(ClientOperation.revoke.claims(1_000_000, now))
        guard case .clear = await list.verdict(for: ClientOperation.token.claims(99_999_999, now)) else {
            throw LoadFailure(message: "the store gives no verdict")
        }
        _ = try await run(operation, tasks, mode, list, now, .milliseconds(100))
        writes.reset()
        let start = ContinuousClock.now
        let (processorStart, storeStart) = (baseline_processor_nanoseconds(), store.processorNanoseconds)
        let count = try await run(operation, tasks, mode, list, now, duration)
        let sample = Sample(
            operation: operation, subject: .client(tasks: tasks, mode),
            perSecond: Double(count) / ((ContinuousClock.now - start) / .seconds(1)),
            nanoseconds: (baseline_processor_nanoseconds() - processorStart) / Double(count),
            storeNanoseconds: (store.processorNanoseconds - storeStart) / Double(count),
            commandsPerWrite: writes.commandsPerWrite)
        await list.close()
        return sample
    }

    /// - Returns: how many operations were done.
    private func run(
        _ operation: ClientOperation, _ tasks: Int, _ mode: ClientMode, _ list: RevocationList, _ now: Int64,
        _ duration: Duration
    ) async throws -> Int {
        let executor = mode == .own ? list.executor : nil
        let end = ContinuousClock.now + duration
        let work: @Sendable (Int) async throws -> Int = { task in
            // The tokens are made beforehand, and so few that they stay in the cache: a server has just decoded its
            // own.
            let tokens = (0..<4).map { operation.claims(task * 4 + $0, now) }
            var count = 0
            while ContinuousClock.now < end {
                for round in 0..<32 {
                    let token = tokens[round & 3]
                    if operation == .revoke {
                        try await list.revoke(token)
                    } else {
                        let verdict = await list.verdict(for: token)
                        guard case .clear = verdict else {
                            throw LoadFailure(message: "a check was not clear: \(verdict)")
                        }
                    }
                }
                count += 32
            }
            return count
        }
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<tasks {
                // A preference for nothing in particular is one that every change of task looks up.
                if let executor {
                    group.addTask(executorPreference: executor) { try await work(task) }
                } else {
                    group.addTask { try await work(task) }
                }
            }
            return try await group.reduce(0, +)
        }
    }
}

/// How many commands left in how many writes.
private final class WriteCount: Sendable {
    private let counts = Mutex((commands: 0, writes: 0))

    func add(_ commandCount: Int) {
        counts.withLock { counts in
            counts.commands += commandCount
            counts.writes += 1
        }
    }

    func reset() { counts.withLock { $0 = (0, 0) } }

    var commandsPerWrite: Double { counts.withLock { Double($0.commands) / Double($0.writes) } }
}
