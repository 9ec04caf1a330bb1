import Contract

/// A store of revocations. Nearly every call is one round trip.
protocol Backend: Sendable {
    /// - Returns: as many values as keys, nil where there is none.
    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?]

    /// The connection on which one command looks up the keys of a check; nil where that takes more, or none.
    func connectionForChecks() -> StoreConnection?

    /// The connection on which one command writes a revocation that is no cut-off, and its store's clock; nil where
    /// that takes more, or is not known yet.
    func directWrites() -> DirectWrites?

    /// Looks up keys.
    /// - Returns: the clock of whoever answered, too; nil if it is not known.
    func check(_ keys: [String]) async throws(StoreFailure) -> (values: [[UInt8]?], clock: StoreClock?)

    /// The clock of the store that writes go to; the first call may have to ask.
    func clock() async throws(StoreFailure) -> StoreClock

    /// The store's clock as last measured; nil if it is not known. Nobody is asked.
    var latestClock: StoreClock? { get }

    /// Asks the store for its time, and then looks up keys.
    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues

    /// Writes an entry unless its key is there, and then looks up keys. Of many concurrent claims of one key one
    /// succeeds.
    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim>

    /// Returns once all entries are acknowledged. If it throws, some of them may have been written.
    /// - Parameter terms: those that the entries were reckoned from, as the denylist holds them.
    /// - Returns: how many replicas have them too; nil if that was not to be waited for.
    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?
    ) async throws(StoreFailure) -> Witnessed<Int?>

    /// Removes keys.
    /// - Returns: what each of them held, nil where there was none.
    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]>

    /// Writes terms, if the denylist still holds what they were made of.
    /// - Parameter held: what it held; nil if it had none.
    /// - Returns: what the store says of itself afterwards.
    func write(terms: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness

    /// What the store that takes writes says of itself; nil if none was ever sent.
    func witnessOfWrites() async throws(StoreFailure) -> Witness?

    /// What is known of the store itself; the first call may have to ask.
    func status() async throws(StoreFailure) -> StoreStatus

    func close() async

    /// Where tasks are answered without a change of thread; nil if there is no such place.
    var executor: (any TaskExecutor)? { get }
}

extension Backend {
    func connectionForChecks() -> StoreConnection? { nil }

    func directWrites() -> DirectWrites? { nil }

    var latestClock: StoreClock? { connectionForChecks()?.status?.clock }

    func check(_ keys: [String]) async throws(StoreFailure) -> (values: [[UInt8]?], clock: StoreClock?) {
        (try await lookUp(keys), try await clock())
    }

    func clock() async throws(StoreFailure) -> StoreClock {
        guard let clock = try await status().clock else { throw .clockUnknown }
        return clock
    }

    var executor: (any TaskExecutor)? { nil }
}

/// Where revocations are written that take one command each, on a connection with witnesses.
struct DirectWrites {
    let connection: StoreConnection
    let clock: StoreClock
    /// The longest time to live that the store accepts, in seconds.
    let longestToLive: Int64
}

/// One key to be written. Writing merges: a revocation only ever grows.
struct RevocationEntry: Sendable {
    let key: String
    let kind: Scope.Kind
    let value: String
    /// Greater than zero.
    let secondsToLive: Int64
}

/// One key that was removed.
struct RemovedEntry: Sendable {
    let value: [UInt8]
    /// What was left of its life; nil for one without end.
    let millisecondsToLive: Int64?
}

/// Values, and the store's time before they were read.
struct TimedValues: Sendable {
    let values: [[UInt8]?]
    /// For each value the time of the server that has its key, Unix milliseconds. A cut-off is reckoned from that of
    /// its own key.
    let times: [Int64]

    /// The earliest and the latest of the servers' clocks. A log-in is reckoned from the earliest.
    var time: ClosedRange<Int64> { (times.min() ?? 0)...(times.max() ?? 0) }

    init(values: [[UInt8]?], times: [Int64]) {
        self.values = values
        self.times = times
    }

    /// Of one server.
    init(values: [[UInt8]?], time: Int64) {
        self.init(values: values, times: values.map { _ in time })
    }
}

/// What became of a claim.
struct Claim: Sendable {
    /// What the key held already; nil if the entry was written.
    let existing: [UInt8]?
    /// Read after the claim.
    let after: TimedValues
}
