#if os(Linux)
    import CLinux
    import Foundation

    extension LoadGenerator {
        /// Runs a plan against a port of 127.0.0.1, on a thread of its own.
        /// - Parameter processor: the one it keeps to; nil for any.
        static func run(_ plan: LoadPlan, port: Int, on processor: Int?) async throws -> LoadResult {
            try await run(plan, on: .loopback(port: port), processor: processor)
        }

        /// Runs a plan on several threads of its own.
        /// - Throws: what the first of them that failed met; the others end with it.
        static func run(_ plan: LoadPlan, on address: ServerAddress, threads: Int) async throws -> LoadResult {
            try await withThrowingTaskGroup(of: LoadResult.self) { group in
                for part in plan.split(into: threads) {
                    group.addTask { try await run(part, on: address, processor: nil) }
                }
                var results: [LoadResult] = []
                for try await result in group { results.append(result) }
                return LoadResult(merging: results)
            }
        }

        private static func run(
            _ plan: LoadPlan, on address: ServerAddress, processor: Int?
        ) async throws -> LoadResult {
            try await onThread(processor) { () throws(LoadFailure) in
                do throws(LoadFailure) {
                    var generator = try LoadGenerator(plan, address)
                    return try generator.run()
                } catch {
                    plan.stop.set()
                    throw error
                }
            }
        }

        private static func onThread<Value: Sendable>(
            _ processor: Int?, _ body: @escaping @Sendable () throws(LoadFailure) -> Value
        ) async throws -> Value {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    clinux_name_thread("generator")
                    clinux_precise_timers()
                    if let processor, clinux_stay_on(Int32(processor)) != 0 {
                        return continuation.resume(throwing: LoadFailure.system("sched_setaffinity"))
                    }
                    continuation.resume(with: Result { () throws(LoadFailure) in try body() }.mapError { $0 })
                }
            }
        }
    }
#endif
