import Replication
import Testing

/// When a follower holds a lease.
@Suite struct HeldLeaseTests {
    private static let stretch = String(repeating: "1", count: 40)

    private static func position(_ offset: UInt64, _ stretch: String = stretch) -> StreamIn.Position {
        .init(stretch: stretch, offset: offset)
    }

    private static func grant(
        _ length: Int64 = 300, at offset: UInt64, stretch: String = stretch, epoch: String = "e", guarded: Int64 = 5_000
    ) throws -> LeaseGrant {
        try #require(
            LeaseGrant(
                length: length, position: position(offset, stretch), epoch: Array(epoch.utf8), guarded: guarded))
    }

    /// With a copy up to 100.
    private func lease() -> HeldLease {
        var lease = HeldLease()
        lease.applied(Self.position(100), at: 0)
        return lease
    }

    @Test func itCountsFromTheRequestLessAFifth() throws {
        var lease = lease()
        lease.granted(try Self.grant(at: 100), sentAt: 1_000, receivedAt: 1_050)
        #expect(lease.term(at: 1_050)?.guardedOffset == 3_950)
        #expect(lease.term(at: 1_238) != nil && lease.term(at: 1_239) == nil)
        // A fifth is rounded up.
        lease.granted(try Self.grant(1, at: 100), sentAt: 2_000, receivedAt: 2_000)
        #expect(lease.term(at: 2_000) == nil)
        lease.granted(try Self.grant(6, at: 100), sentAt: 3_000, receivedAt: 3_000)
        #expect(lease.term(at: 3_002) != nil && lease.term(at: 3_003) == nil)
    }

    @Test func itIsHeldOnceTheCopyHasItsPosition() throws {
        var lease = HeldLease()
        lease.granted(try Self.grant(at: 100), sentAt: 0, receivedAt: 10)
        #expect(lease.term(at: 10) == nil)
        lease.applied(Self.position(99), at: 20)
        #expect(lease.term(at: 20) == nil)
        lease.applied(Self.position(100), at: 30)
        #expect(lease.term(at: 30) != nil)
        // One that comes too late is none.
        lease.granted(try Self.grant(at: 200), sentAt: 1_000, receivedAt: 1_010)
        lease.applied(Self.position(200), at: 1_239)
        #expect(lease.term(at: 1_239) == nil)
    }

    @Test func aRenewalInTimeIsTheSameLease() throws {
        var lease = lease()
        lease.granted(try Self.grant(at: 100), sentAt: 1_000, receivedAt: 1_001)
        let first = try #require(lease.term(at: 1_001))
        lease.granted(try Self.grant(at: 150), sentAt: 1_075, receivedAt: 1_080)
        // The copy is behind: the first one goes on, to its end.
        #expect(lease.term(at: 1_100) == first)
        lease.applied(Self.position(150), at: 1_110)
        let second = try #require(lease.term(at: 1_110))
        #expect(second.generation == first.generation && second.until == first.until + 75)
        // Regained after its end it is another one.
        lease.granted(try Self.grant(at: 150), sentAt: 1_310, receivedAt: second.until)
        #expect(try #require(lease.term(at: second.until)).generation != first.generation)
    }

    @Test func theLatestPromiseCounts() throws {
        var lease = lease()
        lease.granted(try Self.grant(10_000, at: 100), sentAt: 1_000, receivedAt: 1_000)
        let long = try #require(lease.term(at: 1_000))
        #expect(long.until == 8_999)
        // A shorter one, also while the copy is behind it.
        lease.granted(try Self.grant(300, at: 200), sentAt: 1_100, receivedAt: 1_100)
        #expect(lease.term(at: 1_100)?.until == 1_339)
        // Another epoch.
        lease.granted(try Self.grant(300, at: 200, epoch: "f"), sentAt: 1_200, receivedAt: 1_200)
        #expect(lease.term(at: 1_200) == nil)
        lease.applied(Self.position(200), at: 1_210)
        let other = try #require(lease.term(at: 1_210))
        #expect(other.epoch == Array("f".utf8) && other.generation != long.generation)
    }

    @Test func aCopyThatEndsHasNone() throws {
        var lease = lease()
        lease.granted(try Self.grant(at: 100), sentAt: 1_000, receivedAt: 1_000)
        let first = try #require(lease.term(at: 1_000))
        lease.granted(try Self.grant(at: 120), sentAt: 1_010, receivedAt: 1_010)
        lease.endCopy()
        #expect(lease.term(at: 1_020) == nil)
        lease.applied(Self.position(150), at: 1_030)
        #expect(lease.term(at: 1_030) == nil)
        lease.granted(try Self.grant(at: 150), sentAt: 1_040, receivedAt: 1_040)
        #expect(try #require(lease.term(at: 1_040)).generation != first.generation)
        // Nor in another stretch.
        let other = String(repeating: "2", count: 40)
        lease.applied(Self.position(500, other), at: 1_050)
        #expect(lease.term(at: 1_050) == nil)
        lease.granted(try Self.grant(at: 150), sentAt: 1_060, receivedAt: 1_060)
        #expect(lease.term(at: 1_060) == nil)
    }

    /// A lease granted before the denylist was emptied is of the epoch before.
    @Test func whatEmptiesTheDenylistEndsTheLease() throws {
        var lease = lease()
        lease.granted(try Self.grant(at: 100), sentAt: 1_000, receivedAt: 1_000)
        #expect(lease.term(at: 1_000) != nil)
        lease.willEmpty(until: Self.position(120))
        #expect(lease.term(at: 1_000) == nil)
        lease.applied(Self.position(120), at: 1_010)
        lease.granted(try Self.grant(at: 119), sentAt: 1_005, receivedAt: 1_020)
        #expect(lease.term(at: 1_020) == nil)
        // Also after a short absence.
        lease.endCopy()
        lease.applied(Self.position(130), at: 1_030)
        lease.granted(try Self.grant(at: 119), sentAt: 1_005, receivedAt: 1_040)
        #expect(lease.term(at: 1_040) == nil)
        lease.granted(try Self.grant(at: 120, epoch: "f"), sentAt: 1_050, receivedAt: 1_050)
        #expect(lease.term(at: 1_050)?.epoch == Array("f".utf8))
    }

    /// The copy is as complete as it was, but a daemon whose machine was off gives entries a time that is far behind.
    @Test func aCopyDoesNotCarryTheTimeOfAnEarlierDaemonOn() throws {
        var lease = lease()
        lease.granted(try Self.grant(at: 100), sentAt: 1_000, receivedAt: 1_050)
        let first = try #require(lease.completeness)
        // At most what it is: a fifth of its age is taken off.
        #expect(first.guarded(at: 1_050) == 4_990 && first.guarded(at: 11_000) == 12_950)
        lease.endCopy()
        lease.applied(Self.position(150), at: 2_000)
        #expect(lease.completeness == first)
        lease.endCopy()
        let other = String(repeating: "2", count: 40)
        lease.applied(Self.position(150, other), at: 3_000)
        let second = try #require(lease.completeness)
        #expect(second.at == 1_000 && second.guarded(at: 3_000) == .min)
        // A look-up from before proves nothing any more, a later one does.
        #expect(!first.covers(second) && second.covers(second))
        lease.granted(try Self.grant(at: 150, stretch: other, guarded: 5_100), sentAt: 4_000, receivedAt: 4_000)
        #expect(lease.completeness?.guarded(at: 4_000) == 5_100)
    }

    @Test func aCopyProvesNothingWhenItIsTooOldOrEmptied() throws {
        var lease = lease()
        lease.granted(try Self.grant(at: 100), sentAt: 1_000, receivedAt: 1_000)
        let proof = try #require(lease.completeness)
        #expect(proof.covers(lease.completeness))
        #expect(proof.isNoOlder(than: .seconds(2), at: 3_000) && !proof.isNoOlder(than: .seconds(2), at: 3_001))
        lease.willEmpty(until: Self.position(120))
        #expect(lease.completeness == nil && !proof.covers(nil))
        lease.applied(Self.position(120), at: 1_100)
        lease.granted(try Self.grant(at: 120), sentAt: 1_100, receivedAt: 1_100)
        #expect(lease.completeness != nil && !proof.covers(lease.completeness))
    }

    @Test func noDaemonGrantsThese() {
        let position = Self.position(1)
        #expect(LeaseGrant(length: 0, position: position, epoch: [1], guarded: 1) == nil)
        #expect(LeaseGrant(length: 10_001, position: position, epoch: [1], guarded: 1) == nil)
        #expect(LeaseGrant(length: 300, position: position, epoch: [], guarded: 1) == nil)
        #expect(LeaseGrant(length: 300, position: position, epoch: [1], guarded: -1) == nil)
        #expect(LeaseGrant(length: 10_000, position: position, epoch: [1], guarded: 1) != nil)
    }

    @Test func aLookUpIsCoveredByOneLease() {
        let before = LeaseReading(generation: 3, until: 1_000)
        #expect(before.covers(before, at: 999) && !before.covers(before, at: 1_000))
        #expect(before.covers(LeaseReading(generation: 3, until: 1_100), at: 1_050))
        #expect(!before.covers(LeaseReading(generation: 4, until: 2_000), at: 999))
        #expect(!LeaseReading(nil).covers(LeaseReading(nil), at: 0))
    }
}
