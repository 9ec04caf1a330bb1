import Testing

@testable import LoadHarness

@Suite("Choosing faults")
struct ChaosFaultTests {
    private func faults(seed: UInt64, disk: Bool, clocks: Bool) -> [Fault] {
        var random = Random(seed: seed)
        return (0..<500).map { _ in .random(&random, nodes: 3, hasSmallDisk: disk, hasMovedClocks: clocks) }
    }

    @Test("The same seed makes the same faults")
    func repeatable() {
        #expect(faults(seed: 1, disk: true, clocks: true) == faults(seed: 1, disk: true, clocks: true))
        #expect(faults(seed: 1, disk: true, clocks: true) != faults(seed: 2, disk: true, clocks: true))
    }

    @Test("Everything that there is comes about; what cannot be done here does not")
    func complete() {
        let all = faults(seed: 1, disk: true, clocks: true)
        #expect(Set(all.map(\.target)) == ["daemon", "node 1", "node 2", "node 3", "all nodes"])
        let groups = Set(all.map(\.group))
        for group in ["kill -9 of the daemon", "pause of a node", "full disk", "clock of the daemon moved"] {
            #expect(groups.contains(group))
        }
        let few = Set(faults(seed: 1, disk: false, clocks: false).map(\.group))
        #expect(few == groups.filter { !$0.contains("disk") && !$0.contains("clock") })
        for case .moveClock(_, let seconds) in all { #expect((1...20).contains(abs(seconds))) }
    }

    @Test("Two faults at once never meet in one process")
    func parties() {
        #expect(Fault.kill(.daemon).parties(nodes: 3).isDisjoint(with: Fault.pause(.node(0)).parties(nodes: 3)))
        #expect(!Fault.fullDisk.parties(nodes: 3).isDisjoint(with: Fault.kill(.daemon).parties(nodes: 3)))
        #expect(
            !Fault.partitionAll(.stalled).parties(nodes: 3).isDisjoint(with: Fault.kill(.node(2)).parties(nodes: 3)))
        #expect(Fault.kill(.daemon).affected(nodes: 3) == [0, 1, 2])
        #expect(Fault.kill(.node(1)).affected(nodes: 3) == [1])
    }
}
