/// Limits how long a caller waits for an operation, even if the operation ignores its cancellation.
enum Deadline {
    /// - Parameter pause: returns when the time is up.
    /// - Returns: nil if the time was up first. The operation is then cancelled, and its result dropped.
    static func run<Value: Sendable>(
        pause: @escaping @Sendable () async throws -> Void, _ operation: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let (results, continuation) = AsyncStream<Value?>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let work = Task { continuation.yield(await operation()) }
        let timer = Task { if (try? await pause()) != nil { continuation.yield(nil) } }
        defer {
            work.cancel()
            timer.cancel()
        }
        for await result in results { return result }
        return nil
    }
}
