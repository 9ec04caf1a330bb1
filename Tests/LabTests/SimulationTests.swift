import Testing

@testable import Lab

@Suite("Streams, leases and followers, simulated")
struct SimulationTests {
    /// In the history of the second, what a daemon writes that has lost its log ends when an entry of before does.
    @Test("No history breaks a rule", arguments: [(1, 1_000), (30_453_087, 1)])
    func noneIsBroken(first: UInt64, count: Int) {
        let found = Simulation.search(HistoryPlan(), from: first) { $0 == count }
        #expect(found == nil, "\(found.map { Simulation.tell($0).joined(separator: "\n") } ?? "")")
    }

    @Test("A rule that is broken on purpose is noticed", arguments: PlantedFault.allCases)
    func plantedFaultsAreFound(_ fault: PlantedFault) throws {
        var plan = HistoryPlan()
        plan.planted = fault
        // One in thousands shows this one: in a debug build the way there from the first takes minutes.
        let first: UInt64 = fault == .timeCarriedOn ? 3_500 : 1
        let found = try #require(Simulation.search(plan, from: first) { $0 == 10_000 })
        #expect(fault.invariants.contains(found.violation.invariant), "\(found.violation)")
    }

    @Test("One seed is one history")
    func aSeedIsAHistory() throws {
        var plan = HistoryPlan()
        plan.planted = .noWaitAfterRestart
        let found = try #require(Simulation.search(plan, from: 1) { $0 == 10_000 })
        let told = Simulation.tell(found)
        #expect(told == Simulation.tell(found))
        #expect(told.last == "broken: \(found.violation)")
        let short = Simulation.shortened(found, tries: 200)
        #expect(short.plan.steps <= found.plan.steps && short.violation.invariant == found.violation.invariant)
    }

    @Test("All small histories are played, and none twice")
    func smallHistoriesAreExhausted() {
        let two = Simulation.exhaust(steps: 2)
        #expect(two.violation == nil && two.played > Simulation.exhaust(steps: 1).played)
        var prefix: [Int]? = []
        var seen: Set<[Int]> = []
        while let current = prefix {
            var choices = Choices(prefix: current)
            let word = [choices.pick(2), choices.pick(3), choices.pick(1)]
            #expect(seen.insert(word).inserted)
            prefix = choices.successor
        }
        #expect(seen.count == 6)
    }

    @Test("What a small history can break is found by playing all of them")
    func smallHistoriesFindFaults() {
        #expect(Simulation.exhaust(steps: 6, planted: .noWaitAfterRestart).violation?.invariant == .acknowledgedIsHeld)
    }
}
