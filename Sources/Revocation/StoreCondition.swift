import Contract

/// What a store that may be used was like when it was last examined.
struct StoreCondition: Sendable, Equatable {
    /// How long any store keeps a revocation at least, in seconds, unless it says otherwise: 400 days.
    static let maximumRevocationSeconds: Int64 = 400 * 86_400

    /// What an operator should know.
    var warnings: [String] = []
    var dialect = StoreDialect.daemon
    /// nil for a store that has not told its time.
    var clock: StoreClock?
    /// The longest time to live that the store accepts for a revocation, in seconds.
    var maximumRevocationSeconds = Self.maximumRevocationSeconds
}

extension StoreCondition {
    /// What is true of all of several servers: every warning, all clocks, the oldest version, the shortest lifetime.
    /// - Returns: nil if there are none.
    static func joining(_ conditions: some Sequence<StoreCondition>) -> StoreCondition? {
        conditions.reduce(nil) { joined, condition in
            guard var joined else { return condition }
            for warning in condition.warnings where !joined.warnings.contains(warning) {
                joined.warnings.append(warning)
            }
            joined.dialect = .mostCareful(joined.dialect, condition.dialect)
            joined.maximumRevocationSeconds = min(joined.maximumRevocationSeconds, condition.maximumRevocationSeconds)
            joined.clock =
                if let one = joined.clock, let other = condition.clock { one.joined(with: other) } else {
                    joined.clock ?? condition.clock
                }
            return joined
        }
    }
}
