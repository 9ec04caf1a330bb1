/// What is known of the revocation of one thing: a token, a session, a key. Times are nanoseconds of the harness' one
/// monotonic clock.
struct Standing: Equatable {
    /// The first acknowledgement: whatever is asked after it must be refused.
    private(set) var revocation: Acknowledged?
    private(set) var uncertainty = Uncertainty()
    private var underWay = 0
    /// Whether a revocation got no answer: it may have been written, or may still be.
    private var isUnsettled = false

    mutating func sent(at time: Int64) {
        underWay += 1
        uncertainty.add(time, .underWay)
    }

    mutating func end(_ end: RevocationUnderWay.End, by node: Int, at time: Int64) {
        underWay -= 1
        switch end {
        case .acknowledged: revoked(by: node, at: time)
        case .unacknowledged:
            isUnsettled = true
            uncertainty.add(time, .unacknowledged)
        case .withoutEffect: if underWay == 0, !isUnsettled, revocation == nil { uncertainty = Uncertainty() }
        }
    }

    /// Known to be revoked without a revocation of its own having been sent.
    mutating func revoked(by node: Int, at time: Int64) {
        uncertainty.add(time, .underWay)
        if time < revocation?.at ?? .max { revocation = Acknowledged(at: time, by: node) }
    }
}
