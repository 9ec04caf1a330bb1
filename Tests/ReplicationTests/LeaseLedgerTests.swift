import Replication
import Testing

@Suite struct LeaseLedgerTests {
    @Test func aWriteWaitsForEveryHolderAndForNobodyElse() {
        var ledger = LeaseLedger(length: 300)
        #expect(ledger.released == .max)
        #expect(ledger.renew(1, applied: 90, end: 100, at: 0) == .init(length: 300, position: 100))
        _ = ledger.renew(2, applied: 120, end: 120, at: 10)
        #expect(ledger.released == 100)
        ledger.acknowledge(150, by: 1)
        #expect(ledger.released == 120)
        ledger.release(2)
        #expect(ledger.released == 150)
    }

    @Test func aLeaseThatRanOutHoldsNothingUp() {
        var ledger = LeaseLedger(length: 300)
        _ = ledger.renew(1, applied: 100, end: 100, at: 1_000)
        ledger.expire(at: 1_300)
        #expect(ledger.released == 100)
        ledger.expire(at: 1_301)
        #expect(ledger.released == .max)
    }
}
