import Testing

@testable import Replication

/// Where a write is in force when it is answered.
@Suite struct ReceiptTests {
    /// With followers that have applied position 100 and hold leases from 0 until 301.
    private static func ledger(_ followers: Int) -> LeaseLedger {
        var ledger = LeaseLedger(length: 300, maximumHolders: 64)
        ledger.advance(to: 100, at: 0)
        for id in 1...Int64(followers) {
            ledger.join(id, as: "f\(id)", from: "h\(id)", at: 0)
            ledger.acknowledge(100, by: id)
            _ = ledger.grant(to: id, end: 100, at: 0)
        }
        return ledger
    }

    @Test func itComesWhenTheLastFollowerHasApplied() {
        var ledger = Self.ledger(2)
        #expect(ledger.requestReceipt(7, for: 100) == Receipt(followers: 2, waitedOut: []))
        #expect(ledger.requestReceipt(8, for: 110) == nil)
        ledger.acknowledge(110, by: 1)
        #expect(ledger.settle(at: 10).receipts.isEmpty)
        ledger.acknowledge(110, by: 2)
        #expect(ledger.settle(at: 20).receipts == [8: Receipt(followers: 2, waitedOut: [])])
        #expect(ledger.settle(at: 30).receipts.isEmpty)
    }

    @Test func whoseLeaseRanOutIsNamed() {
        var ledger = Self.ledger(3)
        _ = ledger.requestReceipt(1, for: 110)
        _ = ledger.requestReceipt(2, for: 120)
        ledger.acknowledge(120, by: 1)
        // One that is late with the second alone, and renews: it has applied the first in time.
        ledger.acknowledge(110, by: 2)
        _ = ledger.grant(to: 2, end: 130, at: 200)
        #expect(ledger.settle(at: 300).receipts.isEmpty)
        #expect(
            ledger.settle(at: 301).receipts == [
                1: Receipt(followers: 2, waitedOut: ["f3"]), 2: Receipt(followers: 1, waitedOut: ["f2", "f3"]),
            ])
    }

    /// It is not waited for, and checks nothing by itself.
    @Test func whoGivesItsLeaseBackIsNotNamed() {
        var ledger = Self.ledger(2)
        _ = ledger.requestReceipt(1, for: 110)
        ledger.acknowledge(110, by: 1)
        ledger.release(2)
        #expect(ledger.settle(at: 10).receipts == [1: Receipt(followers: 1, waitedOut: [])])
    }

    /// Two connections of one follower are one name, and what runs out while nothing waits is none.
    @Test func aFollowerIsNamedOnce() {
        var ledger = Self.ledger(1)
        ledger.leave(1)
        ledger.join(2, as: "f1", from: "h1", at: 0)
        ledger.acknowledge(100, by: 2)
        _ = ledger.grant(to: 2, end: 100, at: 0)
        _ = ledger.requestReceipt(1, for: 110)
        #expect(ledger.settle(at: 301).receipts == [1: Receipt(followers: 0, waitedOut: ["f1"])])
        _ = ledger.grant(to: 2, end: 110, at: 400)
        _ = ledger.settle(at: 800)
        #expect(ledger.requestReceipt(2, for: 110) == Receipt(followers: 0, waitedOut: []))
    }

    /// It may be there again, and is counted on its new connection.
    @Test func whoHasLeftIsNotCounted() {
        var ledger = Self.ledger(2)
        ledger.acknowledge(110, by: 1)
        ledger.acknowledge(110, by: 2)
        ledger.leave(1)
        ledger.join(3, as: "f1", from: "h1", at: 10)
        ledger.acknowledge(110, by: 3)
        _ = ledger.settle(at: 20)
        #expect(ledger.requestReceipt(1, for: 110) == Receipt(followers: 2, waitedOut: []))
    }

    @Test func leasesOfTheProcessBeforeAreWaitedOut() {
        var ledger = LeaseLedger(length: 300, maximumHolders: 64)
        ledger.succeed(longest: 300, at: 0)
        #expect(ledger.requestReceipt(1, for: 10) == nil)
        #expect(ledger.settle(at: 301).receipts == [1: Receipt(followers: 0, waitedOut: ["(before the restart)"])])
    }
}
