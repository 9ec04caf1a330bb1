/// Rare operations that a run performs for certain, so that it tries every rule that it judges. Each is done soon after
/// the start, and repeated until an answer has been judged.
struct FirstTrials {
    /// When the first is sent, and how far apart they are, in nanoseconds from the start.
    private static let start: Int64 = 3_000_000_000
    private static let interval: Int64 = 500_000_000
    /// How long an answer is waited for.
    private static let patience: Int64 = 5_000_000_000

    private var untried: Set<Rule>
    private var sentAt: [Rule: Int64] = [:]

    init(_ rules: Set<Rule>) { untried = rules }

    /// Whether a rule is to be tried now. Who does says so.
    /// - Parameter elapsed: nanoseconds since the start.
    func isDue(_ rule: Rule, after elapsed: Int64) -> Bool {
        guard untried.contains(rule) else { return false }
        guard let sentAt = sentAt[rule] else { return elapsed >= Self.start + Int64(rule.rawValue) * Self.interval }
        return elapsed - sentAt >= Self.patience
    }

    mutating func send(_ rule: Rule, after elapsed: Int64) { sentAt[rule] = elapsed }

    /// An answer has been judged by it.
    mutating func end(_ rule: Rule) { untried.remove(rule) }
}
