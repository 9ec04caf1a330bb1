/// How often requests were answered, by operation. What an injected fault explains is counted apart and excused.
struct Availability: Sendable, Equatable {
    /// Of the requests of an operation that no fault explains, so many may go unanswered.
    static let maximumUnanswered = 0.01
    /// So few do not count: one lost connection is no outage.
    static let toleratedUnanswered = 3
    /// Of all requests so many must be answered, faults or not: otherwise too little was judged.
    static let leastAnswered = 0.2

    struct Counts: Sendable, Equatable {
        /// By a verdict, or an acknowledgement.
        var answered = 0
        /// By 503, or not at all, while nothing was done to the node or its store; or let through by a lenient policy.
        var unanswered = 0
        /// The same, while a fault was under way.
        var excused = 0

        /// More than a server that lacks as many as it may would lack among so few requests by chance: three standard
        /// deviations of a Poisson distribution.
        var isTooUnavailable: Bool {
            let most = maximumUnanswered * Double(answered + unanswered)
            return unanswered > toleratedUnanswered && Double(unanswered) > most + 3 * most.squareRoot()
        }
    }

    private(set) var operations: [String: Counts] = [:]

    mutating func count(_ operation: String, isAnswered: Bool, isExcused: Bool) {
        let path: WritableKeyPath<Counts, Int> =
            isAnswered ? \.answered : isExcused ? \.excused : \.unanswered
        operations[operation, default: Counts()][keyPath: path] += 1
    }

    /// What must not be, with figures. Empty if enough was answered.
    var failures: [String] {
        var failures: [String] = []
        var (answered, asked) = (0, 0)
        for (name, counts) in operations.sorted(by: { $0.key < $1.key }) {
            let all = counts.answered + counts.unanswered + counts.excused
            (answered, asked) = (answered + counts.answered, asked + all)
            if counts.isTooUnavailable {
                failures.append(
                    """
                    \(name): \(counts.unanswered) of \(counts.answered + counts.unanswered) requests got no answer or 503 \
                    while nothing was broken: more than \(Int(Self.maximumUnanswered * 100)) %
                    """)
            } else if counts.answered == 0, all > Self.toleratedUnanswered {
                failures.append("\(name): none of \(all) requests was answered")
            }
        }
        if asked > 0, Double(answered) < Self.leastAnswered * Double(asked) {
            failures.append(
                "only \(answered) of \(asked) requests were answered: less than \(Int(Self.leastAnswered * 100)) %")
        }
        return failures
    }
}
