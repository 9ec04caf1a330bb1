/// What is known of the revocation of one thing: a session, or a token. Times are nanoseconds of the harness' one
/// monotonic clock.
struct Standing: Equatable {
    /// From when on a refusal is right: a revocation was sent. `.max` if none was.
    private(set) var doubtedFrom = Int64.max
    /// When the first acknowledgement was received: whatever is asked later must be refused. `.max` if there was none.
    private(set) var revokedFrom = Int64.max
    private var underWay = 0
    /// Whether a revocation got no answer: it may have been written, or may still be.
    private(set) var isUnsettled = false

    mutating func sent(at time: Int64) {
        underWay += 1
        doubtedFrom = min(doubtedFrom, time)
    }

    mutating func acknowledged(at time: Int64) {
        underWay -= 1
        revoked(at: time)
    }

    /// Known to be revoked without a revocation of its own having been sent.
    mutating func revoked(at time: Int64) {
        doubtedFrom = min(doubtedFrom, time)
        revokedFrom = min(revokedFrom, time)
    }

    /// Nobody knows whether it was, or will be, written.
    mutating func unacknowledged() {
        underWay -= 1
        isUnsettled = true
    }

    /// It may fall under something whose order relative to it is not known.
    mutating func doubted(at time: Int64) {
        doubtedFrom = min(doubtedFrom, time)
        isUnsettled = true
    }

    /// What was sent is known to have had no effect.
    mutating func hadNoEffect() {
        underWay -= 1
        guard underWay == 0, !isUnsettled, revokedFrom == .max else { return }
        doubtedFrom = .max
    }
}
