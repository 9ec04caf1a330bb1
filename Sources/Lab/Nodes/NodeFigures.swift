/// What a load on nodes has counted, beside the oracle's tally and the recorder's latencies.
struct NodeFigures: Sendable {
    private static let maximumCauses = 64
    private static let maximumFindings = 20

    var availability = Availability()
    /// How often something was unavailable, by cause.
    private(set) var causes: [String: Int] = [:]
    /// The same while nothing was broken.
    private(set) var unexplained: [String: Int] = [:]
    private var latestCause: String?
    /// Answers that no node should give, by status.
    private(set) var oddities: [String: Int] = [:]
    /// The first violations and false rejections, in words, without the tokens.
    private(set) var findings: [String] = []
    private(set) var revocations = 0
    private(set) var unacknowledgedRevocations = 0
    /// Checks that were sent while the server of an issuer's keys stalled.
    var checksDuringStalls = 0
    /// Of those, answered by 503 for want of keys, although every node had them.
    var keylessAnswers = 0
    /// Of those, tokens of unknown keys for which a node looked too long.
    var lateAnswersOfUnknownKeys = 0
    /// Revocations that were never acknowledged, however often they were asked for.
    var neverAcknowledged = 0

    mutating func unavailable(_ cause: String) {
        Self.count(cause, in: &causes)
        latestCause = cause
    }

    /// Counts whether an operation was answered, right after its cause was told if it was not.
    mutating func count(_ operation: String, isAnswered: Bool, isExcused: Bool) {
        availability.count(operation, isAnswered: isAnswered, isExcused: isExcused)
        if !isAnswered, !isExcused, let latestCause { Self.count("\(operation): \(latestCause)", in: &unexplained) }
        latestCause = nil
    }

    mutating func odd(_ what: String) { Self.count(what, in: &oddities) }

    mutating func found(_ finding: @autoclosure () -> String) {
        if findings.count < Self.maximumFindings { findings.append(finding()) }
    }

    mutating func revoked(isAcknowledged: Bool) {
        if isAcknowledged { revocations += 1 } else { unacknowledgedRevocations += 1 }
    }

    private static func count(_ what: String, in counts: inout [String: Int]) {
        let name = counts[what] != nil || counts.count < maximumCauses ? what : "other causes"
        counts[name, default: 0] += 1
    }
}
