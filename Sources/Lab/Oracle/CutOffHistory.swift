import Replication

/// The cut-offs of a subject, a client or all: when each was sent, when it ended, and what that says of a log-in.
///
/// A cut-off's instant lies between its sending and its end. So it surely covers a log-in that had ended before it was
/// sent, and surely spares one that began after its end. What lies in between only the store knows.
struct CutOffHistory {
    private struct CutOff {
        let number: Int
        let sentAt: Int64
        let endedAt: Int64
        let isAcknowledged: Bool
        let node: Int
    }

    /// Cut-offs that may have been written, in the order of their ends.
    private var ended: [CutOff] = []
    /// The acknowledged ones that no later one makes redundant: `sentAt` and `endedAt` both rise.
    private var acknowledged: [CutOff] = []
    private var underWay: [(number: Int, sentAt: Int64)] = []

    /// - Parameter number: above 0, never used before.
    mutating func sent(_ number: Int, at time: Int64) { underWay.append((number, time)) }

    /// - Parameter node: who acknowledged it.
    mutating func ended(_ number: Int, _ end: RevocationUnderWay.End, by node: Int, at time: Int64) {
        guard let place = underWay.firstIndex(where: { $0.number == number }) else {
            preconditionFailure("a cut-off ends once")
        }
        let sentAt = underWay.remove(at: place).sentAt
        guard end != .withoutEffect else { return }
        let cutOff = CutOff(
            number: number, sentAt: sentAt, endedAt: time, isAcknowledged: end == .acknowledged, node: node)
        ended.append(cutOff)
        if cutOff.isAcknowledged, sentAt > acknowledged.last?.sentAt ?? .min { acknowledged.append(cutOff) }
    }

    /// When the first acknowledgement was received of a cut-off that surely covers the log-in, and from whom.
    func revocation(of logIn: LogInSpan) -> Acknowledged? {
        // The first that was sent after the log-in had ended.
        let first = acknowledged.place { $0.sentAt <= logIn.latest }
        guard first < acknowledged.count else { return nil }
        return Acknowledged(at: acknowledged[first].endedAt, by: acknowledged[first].node)
    }

    /// What may cover the log-in.
    func uncertainty(about logIn: LogInSpan) -> Uncertainty {
        var uncertainty = Uncertainty()
        for cutOff in underWay where cutOff.number != logIn.sparedBy { uncertainty.add(cutOff.sentAt, .underWay) }
        for cutOff in ended.reversed() {
            guard cutOff.endedAt >= logIn.earliest else { break }
            guard cutOff.number != logIn.sparedBy else { continue }
            uncertainty.add(cutOff.sentAt, cutOff.isAcknowledged ? .concurrent : .unacknowledged)
        }
        return uncertainty
    }
}

/// The first acknowledgement of a revocation.
struct Acknowledged: Sendable, Equatable {
    /// When it was received.
    let at: Int64
    /// The node that gave it; below 0 for none of them.
    let by: Int
}

/// Why a refusal may be right although no acknowledgement says so.
struct Uncertainty: Sendable, Equatable {
    enum Cause: Int, Sendable, Comparable {
        case none
        /// A revocation was sent and has not ended.
        case underWay
        /// A log-in and a cut-off were under way together.
        case concurrent
        /// A revocation got no answer.
        case unacknowledged

        static func < (one: Cause, other: Cause) -> Bool { one.rawValue < other.rawValue }
    }

    /// From when on a refusal is right; `.max` if there is no uncertainty.
    private(set) var from = Int64.max
    private(set) var cause = Cause.none

    mutating func add(_ time: Int64, _ cause: Cause) {
        from = min(from, time)
        self.cause = max(self.cause, cause)
    }

    mutating func add(_ other: Uncertainty) {
        if other.cause != .none { add(other.from, other.cause) }
    }
}
