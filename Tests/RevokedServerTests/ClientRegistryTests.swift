import Synchronization
import Testing

@testable import RevokedServer

/// Which connection goes when there are too many.
@Suite struct ClientRegistryTests {
    private func record(_ registry: ClientRegistry, isStranger: Bool = false, at time: Int64 = 0) -> ClientRecord {
        let record = ClientRecord(
            id: registry.newID(), address: "a:1", localAddress: "b:2", connectedAt: time, Mailbox(MailTotals { 0 }),
            ending: {})
        record.mustAuthenticate.store(isStranger, ordering: .relaxed)
        return record
    }

    private func victim(_ admission: ClientRegistry.Admission) -> Int64? {
        if case .addedInstead(let victim) = admission { victim.id } else { nil }
    }

    private func isRefused(_ admission: ClientRegistry.Admission) -> Bool {
        if case .refused = admission { true } else { false }
    }

    @Test func theOldestThatHasNotAuthenticatedMakesRoom() {
        let registry = ClientRegistry(maximum: 4)
        let records = [false, true, true, false].map { record(registry, isStranger: $0) }
        for record in records { #expect(victim(registry.add(record, at: 0)) == nil) }
        #expect(victim(registry.add(record(registry), at: 1)) == records[1].id)
        // One that authenticates stays.
        records[2].mustAuthenticate.store(false, ordering: .relaxed)
        #expect(isRefused(registry.add(record(registry), at: 1)))
        #expect(registry.count == 4)
    }

    @Test func whoIsUsedOrListensIsNotOverdue() {
        let registry = ClientRegistry(maximum: 8, idleTimeout: 1)
        let records = (0..<5).map { _ in record(registry) }
        for record in records { _ = registry.add(record, at: 0) }
        records[1].lastInteraction.store(2_500, ordering: .relaxed)
        records[2].details.withLock { $0.subscriptions[0] = 1 }
        records[3].details.withLock { $0.isMonitor = true }
        records[4].details.withLock { $0.isReplica = true }
        #expect(registry.overdue(at: 1_000).isEmpty)
        #expect(registry.overdue(at: 3_500).map(\.id) == [records[0].id])
        #expect(registry.overdue(at: 3_501).map(\.id).sorted() == [records[0].id, records[1].id])
        registry.idleTimeout.store(0, ordering: .relaxed)
        #expect(registry.overdue(at: 9_000).isEmpty)
    }

    @Test func thenTheIdlestDoes() {
        let registry = ClientRegistry(maximum: 3)
        let records = (0..<3).map { _ in record(registry) }
        for record in records { #expect(victim(registry.add(record, at: 0)) == nil) }
        for (record, time) in zip(records, [7_000, 5_000, 6_000]) {
            record.lastInteraction.store(Int64(time), ordering: .relaxed)
        }
        #expect(isRefused(registry.add(record(registry), at: 14_000)), "9 s are not idle")
        let newcomers = (0..<3).map { _ in record(registry, at: 17_000) }
        #expect(
            newcomers.map { victim(registry.add($0, at: 17_000)) } == [records[1].id, records[2].id, records[0].id])
        #expect(isRefused(registry.add(record(registry), at: 17_000)))
        #expect(registry.all.map(\.id) == newcomers.map(\.id))
    }

    @Test func whoIsUsedAgainIsNotIdle() {
        let registry = ClientRegistry(maximum: 2)
        let records = (0..<2).map { _ in record(registry) }
        for record in records { _ = registry.add(record, at: 0) }
        for (record, time) in zip(records, [1_000, 2_000]) {
            record.lastInteraction.store(Int64(time), ordering: .relaxed)
        }
        #expect(victim(registry.add(record(registry, at: 20_000), at: 20_000)) == records[0].id)
        records[1].lastInteraction.store(20_000, ordering: .relaxed)
        #expect(isRefused(registry.add(record(registry), at: 20_000)))
    }

    /// A flood of connections that never authenticate keeps nobody out, and costs no walk over all of them.
    @Test func aFloodOfStrangersKeepsNobodyOut() {
        let registry = ClientRegistry(maximum: 100)
        let known = record(registry)
        _ = registry.add(known, at: 0)
        var admitted = 0
        for number in 0..<20_000 {
            let stranger = record(registry, isStranger: true)
            if isRefused(registry.add(stranger, at: Int64(number))) { continue }
            admitted += 1
            if number % 3 == 0 { registry.remove(stranger.id) }
        }
        #expect(admitted == 20_000)
        #expect(registry.count <= 100)
        #expect(!isRefused(registry.add(record(registry), at: 5_000)))
        #expect(registry.all.contains { $0 === known })
    }
}
