/// Bounds how long somebody waits for an operation, whether or not the operation notices that it is cancelled.
enum Deadline {
    /// - Parameter pause: returns when the time is up.
    /// - Returns: nil if that was first. The operation is cancelled then, and what it still says is lost.
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
