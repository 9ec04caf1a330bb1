import Contract

/// The result of the last examination of a store that may be used.
struct StoreStatus: Sendable, Equatable {
    /// What an operator should know.
    var warnings: [String] = []
    var dialect = StoreDialect.daemon
    /// nil if the store's time is unknown.
    var clock: StoreClock?
    /// The longest time to live that the store accepts for a revocation, in seconds.
    var longestToLive = Lifetime.longestToLive
    /// What guarded keys begin with; nil if unknown.
    var guardedPrefix: String?
    /// For how long a write may wait for followers, in milliseconds.
    var lease: Int64 = 0
}

extension StoreStatus {
    /// - Returns: nil if the store accepts every revocation that the terms ask for.
    func warning(of terms: TermsInForce) -> String? {
        guard terms.secondsToLiveOfAll > longestToLive else { return nil }
        return """
            the store keeps a revocation for at most \(longestToLive) seconds, and the terms ask for \
            \(terms.secondsToLiveOfAll): some will be refused. Start it with --max-revocation \(terms.secondsToLiveOfAll)
            """
    }

    /// The status of several servers as one: all warnings, the joined clocks, the oldest version, the shortest
    /// lifetime.
    /// - Returns: nil if there are none.
    static func joining(_ statuses: some Sequence<StoreStatus>) -> StoreStatus? {
        statuses.reduce(nil) { joined, status in
            guard var joined else { return status }
            for warning in status.warnings where !joined.warnings.contains(warning) {
                joined.warnings.append(warning)
            }
            joined.dialect = .mostCareful(joined.dialect, status.dialect)
            joined.lease = max(joined.lease, status.lease)
            if joined.guardedPrefix != status.guardedPrefix { joined.guardedPrefix = nil }
            joined.longestToLive = min(joined.longestToLive, status.longestToLive)
            joined.clock =
                if let one = joined.clock, let other = status.clock { one.joined(with: other) } else {
                    joined.clock ?? status.clock
                }
            return joined
        }
    }
}
