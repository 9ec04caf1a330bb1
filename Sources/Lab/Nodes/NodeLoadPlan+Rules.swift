extension NodeLoadPlan {
    /// A shorter run need not have come to every rule, in seconds, and one that ends with fewer answers.
    private static let leastSeconds = 30.0
    private static let leastAnswers = 100_000

    /// What a run must have judged: a rule that was never tried is not known to hold.
    var rulesToJudge: Set<Rule> { isLongEnough ? rulesThatMayBeJudged : [] }

    private var isLongEnough: Bool {
        switch end {
        case .after(let duration): duration >= .seconds(Self.leastSeconds)
        case .answers(let count): count >= Self.leastAnswers
        }
    }

    /// What its operations lead to.
    private var rulesThatMayBeJudged: Set<Rule> {
        var rules: Set<Rule> = [.session, .subject, .rotation, .password, .kind]
        if administrator != nil { rules.insert(.client) }
        if commandLine != nil { rules.formUnion([.token, .all]) }
        if !issuers.isEmpty {
            rules.formUnion([.expiry, .future, .lifetime, .unknownKey])
            if administrator != nil { rules.insert(.key) }
        }
        if withdrawal != nil { rules.insert(.withdrawnKey) }
        let remembers = nodes.contains { if case .lastKnown = $0.policy { true } else { false } }
        if remembers { rules.formUnion([.lastKnownLocal, .lastKnownBound]) }
        return rules
    }
}
