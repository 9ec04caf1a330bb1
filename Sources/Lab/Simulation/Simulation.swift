import Synchronization

/// Plays histories and looks for one that breaks a rule.
package enum Simulation {
    /// What was found.
    package struct Finding: Sendable {
        /// Plays the same history again.
        package let seed: UInt64
        package let plan: HistoryPlan
        package let violation: Violation
        /// How many histories were played before.
        package let played: Int
    }

    /// Plays histories of consecutive seeds until one breaks a rule, or until it is told to stop.
    /// - Parameter isOver: asked after each history with how many were played.
    /// - Returns: nil if none did.
    package static func search(
        _ plan: HistoryPlan, from seed: UInt64, until isOver: (_ played: Int) -> Bool
    ) -> Finding? {
        var played = 0
        while !isOver(played) {
            let current = seed &+ UInt64(played)
            if let violation = History(varied(plan, current), Choices(seed: current)).run() {
                return Finding(seed: current, plan: varied(plan, current), violation: violation, played: played)
            }
            played += 1
        }
        return nil
    }

    /// Histories differ in how many followers, faults and steps they have, too.
    private static func varied(_ plan: HistoryPlan, _ seed: UInt64) -> HistoryPlan {
        var plan = plan
        plan.followers = 1 + Int(seed % UInt64(plan.followers))
        plan.faults = Int(seed / 7 % UInt64(plan.faults + 1))
        return plan
    }

    /// A shorter history that breaks the same rule, if there is one among many.
    package static func shortened(_ finding: Finding, tries: Int = 20_000) -> Finding {
        for steps in stride(from: 10, to: finding.plan.steps, by: 10) {
            var plan = finding.plan
            plan.steps = steps
            for seed in 0..<UInt64(tries) {
                let history = History(plan, Choices(seed: seed))
                if let violation = history.run(), violation.invariant == finding.violation.invariant {
                    return Finding(seed: seed, plan: plan, violation: violation, played: finding.played)
                }
            }
        }
        return finding
    }

    /// What happens in a history, a line each.
    package static func tell(_ finding: Finding) -> [String] {
        let history = History(finding.plan, Choices(seed: finding.seed), isTold: true)
        let violation = history.run()
        return (history.lines ?? []) + ["broken: \(violation.map(\.description) ?? "nothing")"]
    }

    /// Plays every history of one write, one fault and two followers that hold leases, of so many steps.
    /// - Returns: how many there are, and what was found.
    package static func exhaust(
        steps: Int, planted: PlantedFault? = nil, until isOver: (_ played: Int) -> Bool = { _ in false }
    ) -> (played: Int, violation: Violation?) {
        var plan = HistoryPlan()
        (plan.followers, plan.steps, plan.faults, plan.keys, plan.writes) = (2, steps, 1, 1, 1)
        plan.planted = planted
        plan.isSmall = true
        var prefix: [Int]? = []
        var played = 0
        while let current = prefix, !isOver(played) {
            let history = History(plan, Choices(prefix: current))
            let violation = history.run()
            played += 1
            if let violation { return (played, violation) }
            prefix = history.choices.successor
        }
        return (played, nil)
    }
}
