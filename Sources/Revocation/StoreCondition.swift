import Contract

/// What a store that may be used was like when it was last examined.
struct StoreCondition: Sendable, Equatable {
    /// What an operator should know.
    var warnings: [String] = []
    var dialect = StoreDialect.daemon
    /// What is to be added to our clock to get the store's, in milliseconds.
    var clockOffset: Int64 = 0

    /// Whether the clocks differ by more than revocations are kept for (``Limits/marginMilliseconds``).
    var isClockSkewed: Bool { clockOffset.magnitude > Limits.maximumSkewMilliseconds.magnitude }
}
