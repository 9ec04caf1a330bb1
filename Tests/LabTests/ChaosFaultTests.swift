import Testing

@testable import Lab

@Suite("Choosing faults")
struct ChaosFaultTests {
    private func faults(seed: UInt64, disk: Bool, clocks: Bool) -> [Fault] {
        var random = Random(seed: seed)
        let means = Fault.Means(
            smallDisk: disk, scarceDisk: disk, movedClocks: clocks, keySet: true, otherStore: true, olderCopy: true,
            restartsOnWrongClock: clocks)
        return (0..<1_000).map { _ in .random(&random, nodes: 3, means) }
    }

    @Test("The same seed makes the same faults")
    func repeatable() {
        #expect(faults(seed: 1, disk: true, clocks: true) == faults(seed: 1, disk: true, clocks: true))
        #expect(faults(seed: 1, disk: true, clocks: true) != faults(seed: 2, disk: true, clocks: true))
    }

    @Test("Everything that there is comes about; what cannot be done here does not")
    func complete() {
        let all = faults(seed: 1, disk: true, clocks: true)
        #expect(Set(all.map(\.target)) == ["daemon", "node 1", "node 2", "node 3", "all nodes", "key set"])
        let groups = Set(all.map(\.group))
        for group in [
            "kill -9 of the daemon", "pause of a node", "full disk", "full disk of which a little comes free",
            "clock of the daemon moved", "daemon restarted on a wrong clock", "another store behind the address",
            "older copy behind the address", "writes of a node to another store", "checks of a node refused",
            "stalled key set",
        ] {
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
        #expect(!Fault.stalledKeySet.parties(nodes: 3).isDisjoint(with: Fault.kill(.node(2)).parties(nodes: 3)))
        #expect(Fault.kill(.daemon).affected(nodes: 3) == [0, 1, 2])
        #expect(Fault.kill(.node(1)).affected(nodes: 3) == [1])
    }

    @Test("A stalled key set excuses no node from answering; any other fault excuses those that it affects")
    func excuses() {
        #expect(Fault.stalledKeySet.excused(nodes: 3).isEmpty)
        #expect(Fault.kill(.node(1)).excused(nodes: 3) == [1])
        #expect(Fault.partitionAll(.stalled).excused(nodes: 3) == [0, 1, 2])
    }
}
