/// How the answers were judged.
struct Tally: Sendable, Equatable {
    /// For so long after an acknowledgement an answer counts as one soon after it, in nanoseconds.
    static let soon: Int64 = 100_000_000

    private(set) var rightlyAccepted = 0
    private(set) var rightlyRefused = 0
    private(set) var falseRejections = 0
    private(set) var duringRevocation = 0
    private(set) var concurrent = 0
    private(set) var unacknowledged = 0
    private(set) var atExpiry = 0
    private(set) var lenient = 0
    private(set) var unavailable = 0
    private(set) var other = 0
    private var violationsByRule = Array(repeating: 0, count: Rule.allCases.count)
    private var judgedByRule = Array(repeating: 0, count: Rule.allCases.count)
    /// Answers to questions that were sent at most 100 ms after the acknowledgement of the token's revocation.
    private(set) var soonAfterRevocation = 0

    mutating func count(_ judgement: Judgement, isSoon: Bool = false) {
        switch judgement {
        case .rightlyAccepted: rightlyAccepted += 1
        case .rightlyRefused: rightlyRefused += 1
        case .violation(let rule): violationsByRule[rule.rawValue] += 1
        case .falseRejection: falseRejections += 1
        case .eitherDuringRevocation: duringRevocation += 1
        case .eitherConcurrent: concurrent += 1
        case .eitherUnacknowledged: unacknowledged += 1
        case .eitherAtExpiry: atExpiry += 1
        case .lenient: lenient += 1
        case .unavailable: unavailable += 1
        case .other: other += 1
        }
        if isSoon, judgement.isVerdict { soonAfterRevocation += 1 }
    }

    /// An answer that a rule has decided about.
    mutating func decided(by rule: Rule) { judgedByRule[rule.rawValue] += 1 }

    /// How many answers would have broken a rule, had they been others: none, and the rule was not tried.
    func judged(by rule: Rule) -> Int { judgedByRule[rule.rawValue] }

    func violations(of rule: Rule) -> Int { violationsByRule[rule.rawValue] }
    var violations: Int { violationsByRule.reduce(0, +) }

    /// Answers that said something about a token.
    var judged: Int {
        rightlyAccepted + rightlyRefused + violations + falseRejections + duringRevocation + undecided
    }

    /// Answers that are right either way for good. With too many of them, the load judges nothing. (Answers while a
    /// revocation is under way are the price of asking at that very moment.)
    var undecided: Int { concurrent + unacknowledged + atExpiry }

    /// Of all judged answers, 0 to 1.
    var shareUndecided: Double { share(of: undecided) }
    var shareSoonAfterRevocation: Double { share(of: soonAfterRevocation) }

    private func share(of count: Int) -> Double { judged == 0 ? 0 : Double(count) / Double(judged) }
}
