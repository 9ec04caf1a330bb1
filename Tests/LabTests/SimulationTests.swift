import Foundation
import Testing

@testable import Lab

@Suite("Streams, leases and followers, simulated", .serialized)
struct SimulationTests {
    /// Searches on a thread of its own: the tests that wait for something share two.
    private func search(_ plan: HistoryPlan, upTo count: Int) async -> Simulation.Finding? {
        await withCheckedContinuation { found in
            Thread.detachNewThread { found.resume(returning: Simulation.search(plan, from: 1) { $0 == count }) }
        }
    }

    /// Rare ones take minutes in a debug build: `revoked-lab simulate --planted` plays those.
    private static let oftenFound = PlantedFault.allCases.filter { $0 != .timeCarriedOn }

    @Test("No history breaks a rule")
    func noneIsBroken() async {
        let found = await search(HistoryPlan(), upTo: 1_000)
        #expect(found == nil, "\(found.map { Simulation.tell($0).joined(separator: "\n") } ?? "")")
    }

    @Test("A rule that is broken on purpose is noticed", arguments: oftenFound)
    func plantedFaultsAreFound(_ fault: PlantedFault) async throws {
        var plan = HistoryPlan()
        plan.planted = fault
        let found = try #require(await search(plan, upTo: 10_000))
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
    func smallHistoriesFindFaults() async {
        let invariant = await withCheckedContinuation { found in
            Thread.detachNewThread {
                let played = Simulation.exhaust(steps: 6, planted: .noWaitAfterRestart)
                found.resume(returning: played.violation?.invariant)
            }
        }
        #expect(invariant == .acknowledgedIsHeld)
    }
}
