#if os(Linux)
    import CLinux
    import Foundation

    extension LoadGenerator {
        /// Runs a plan on a thread of its own.
        /// - Parameter processor: the one it keeps to; nil for any.
        static func run(_ plan: LoadPlan, port: Int, on processor: Int?) async throws -> LoadResult {
            try await onThread(processor) { () throws(LoadFailure) in
                var generator = try LoadGenerator(plan, port: port)
                return try generator.run()
            }
        }

        private static func onThread<Value: Sendable>(
            _ processor: Int?, _ body: @escaping @Sendable () throws(LoadFailure) -> Value
        ) async throws -> Value {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    clinux_name_thread("generator")
                    if let processor, clinux_stay_on(Int32(processor)) != 0 {
                        return continuation.resume(throwing: LoadFailure.system("sched_setaffinity"))
                    }
                    continuation.resume(with: Result { () throws(LoadFailure) in try body() }.mapError { $0 })
                }
            }
        }
    }
#endif
