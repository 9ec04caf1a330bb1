/// A store of revocations: a lookup and a write, each one round trip.
protocol Backend: Sendable {
    /// - Returns: as many values as keys, nil where there is none.
    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?]

    /// Returns once all entries are acknowledged. If it throws, some of them may have been written.
    func write(_ entries: [RevocationEntry]) async throws(StoreFailure)

    /// What is known of the store itself; the first call may have to ask.
    func condition() async throws(StoreFailure) -> StoreCondition

    func close() async
}

extension Backend {
    func condition() async throws(StoreFailure) -> StoreCondition { StoreCondition() }
}

/// One key to be written.
struct RevocationEntry: Sendable {
    let key: String
    let value: String
    /// Greater than zero.
    let secondsToLive: Int64
}
