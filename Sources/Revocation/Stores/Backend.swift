import Contract

/// A store of revocations. Nearly every call is one round trip.
protocol Backend: Sendable {
    /// - Returns: as many values as keys, nil where there is none.
    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?]

    /// The connection on which one command answers a check; nil if the store needs more commands, or no connection.
    func connectionForChecks() -> StoreConnection?

    /// The connection on which one command writes a revocation other than a cut-off, with its store's clock. nil if the
    /// store needs more commands, or has not been examined.
    func directWrites() -> DirectWrites?

    /// Looks up keys.
    /// - Returns: the values, and the clock of the server that answered; nil if unknown.
    func check(_ keys: [String]) async throws(StoreFailure) -> (values: [[UInt8]?], clock: StoreClock?)

    /// The clock of the store for writes. The first call may have to connect.
    func clock() async throws(StoreFailure) -> StoreClock

    /// The store's clock as last measured; nil if unknown. Sends nothing.
    var latestClock: StoreClock? { get }

    /// Reads the store's time, then looks up keys.
    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues

    /// Writes an entry unless its key exists, then looks up keys. Of concurrent claims of one key exactly one succeeds.
    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim>

    /// Returns once all entries are acknowledged. If it throws, some of them may have been written.
    /// - Parameters:
    ///   - terms: the denylist's terms, from which the lifetimes were calculated.
    ///   - receipt: whether to ask where they are in force.
    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?, receipt: Bool
    ) async throws(StoreFailure) -> Witnessed<Written>

    /// Removes keys.
    /// - Returns: what each of them held, nil where there was none.
    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]>

    /// Writes terms, if the denylist still has the previous ones.
    /// - Parameter held: what it held; nil if it had none.
    /// - Returns: the witness read behind the write.
    func write(terms: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness

    /// Replaces the value of a plain key, if it is still the one held.
    /// - Parameter held: nil if there is to be none.
    /// - Returns: whether it was.
    func exchange(
        _ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(StoreFailure) -> Bool

    /// The witness of the store for writes; nil if nothing was ever written.
    func witnessOfWrites() async throws(StoreFailure) -> Witness?

    /// The store's status. The first call may have to connect.
    func status() async throws(StoreFailure) -> StoreStatus

    func close() async

    /// The TLS of its connections; nil without.
    var encryption: StoreEncryption? { get }

    /// The executor on which tasks resume without a change of thread; nil if there is none.
    var executor: (any TaskExecutor)? { get }
}

extension Backend {
    var encryption: StoreEncryption? { nil }
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

/// A connection with witnesses, for revocations that take one command each.
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

/// Where entries are that were written.
struct Written: Sendable {
    /// How many replicas have them; nil if none are waited for.
    var replicas: Int?
    /// nil if the store does not say, or was not asked.
    var receipt: Receipt?
}

/// One key that was removed.
struct RemovedEntry: Sendable {
    let value: [UInt8]
    /// The remaining lifetime; nil if it had no expiry.
    let millisecondsToLive: Int64?
}

/// Values, and the store's time before they were read.
struct TimedValues: Sendable {
    let values: [[UInt8]?]
    /// For each value the time of the server that has its key, in Unix milliseconds. A cut-off takes that of its own
    /// key.
    let times: [Int64]

    /// The earliest and the latest of the servers' clocks. A log-in takes the earliest.
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

/// The outcome of a claim.
struct Claim: Sendable {
    /// The value that the key held; nil if the entry was written.
    let existing: [UInt8]?
    /// Read after the claim.
    let after: TimedValues
}
