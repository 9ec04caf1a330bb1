import TestSupport
import Testing

@testable import Replication

/// What a daemon grants, and what its writes wait for.
@Suite struct LeaseLedgerTests {
    private static let length: Int64 = 300

    /// With some followers that have applied position 100, which is the log's end.
    private static func ledger(_ followers: Int = 1, maximum: Int = 64) -> LeaseLedger {
        var ledger = LeaseLedger(length: length, maximumHolders: maximum)
        ledger.advance(to: 100, at: 0)
        for id in 1...Int64(followers) {
            ledger.join(id, as: "f\(id)")
            ledger.acknowledge(100, by: id)
        }
        return ledger
    }

    // MARK: What writes wait for

    @Test func aWriteWaitsForEveryHolderAndForNobodyElse() {
        var ledger = Self.ledger(3)
        #expect(ledger.released == .max)
        #expect(ledger.grant(to: 1, end: 100, at: 0) == .init(length: 300, position: 100))
        _ = ledger.grant(to: 2, end: 120, at: 10)
        #expect(ledger.released == 100)
        let waits = (ledger.wait(for: 110, at: 20), ledger.wait(for: 100, at: 20))
        #expect(waits.0 && !waits.1)
        ledger.acknowledge(150, by: 1)
        #expect(ledger.released == 120)
        let outcome = ledger.settle(at: 25)
        #expect(outcome.waits == [5] && outcome.waitedOut.isEmpty)
        ledger.release(2)
        #expect(ledger.released == 150)
        // The third follows without a lease.
        ledger.release(1)
        #expect(ledger.released == .max && !ledger.isHeld)
    }

    /// A lease that was granted behind a write is not held before the write is applied.
    @Test func noRenewalProlongsAWait() {
        var ledger = Self.ledger()
        _ = ledger.grant(to: 1, end: 100, at: 0)
        let waits = ledger.wait(for: 110, at: 10)
        #expect(waits)
        // It renews, and applies nothing.
        for now in [75, 150, 225] as [Int64] { _ = ledger.grant(to: 1, end: 110, at: now) }
        #expect(ledger.deadline == 301)
        _ = ledger.settle(at: 300)
        #expect(ledger.released == 100)
        _ = ledger.settle(at: 301)
        #expect(ledger.released == 110)
    }

    /// It keeps every write waiting for as long as it can, and no lease of it ever runs out.
    @Test func oneThatIsAlwaysJustInTimeGetsNoOther() {
        var ledger = Self.ledger()
        _ = ledger.grant(to: 1, end: 100, at: 0)
        ledger.advance(to: 110, at: 10)
        let waits = ledger.wait(for: 110, at: 10)
        #expect(waits)
        ledger.acknowledge(110, by: 1)
        var outcome = ledger.settle(at: 100)
        #expect(outcome.waitedOut.isEmpty && outcome.waits == [90])
        ledger.advance(to: 120, at: 110)
        _ = ledger.wait(for: 120, at: 110)
        _ = ledger.settle(at: 290)
        ledger.acknowledge(120, by: 1)
        outcome = ledger.settle(at: 290)
        #expect(outcome.waitedOut.map(\.waited) == [180] && outcome.waitedOut.first?.penalty == 10_000)
        #expect(ledger.refusal(of: 1, at: 290) == .penalty(left: 10_000))
    }

    @Test func oneThatBreaksOffIsWaitedForUntilItsLeaseHasRunOut() {
        var ledger = Self.ledger()
        _ = ledger.grant(to: 1, end: 100, at: 1_000)
        ledger.leave(1)
        _ = ledger.settle(at: 1_300)
        #expect(ledger.released == 100 && ledger.isHeld)
        #expect(ledger.refusal(of: 1, at: 1_300) == .unknown)
        _ = ledger.settle(at: 1_301)
        #expect(ledger.released == .max && !ledger.isHeld)
    }

    @Test func aSuccessorWaitsForWhatWasPromisedBefore() {
        var ledger = Self.ledger()
        ledger.succeed(longest: 400, at: 1_000)
        let waits = ledger.wait(for: 1, at: 1_000)
        #expect(ledger.released == 0 && waits)
        #expect(ledger.deadline == 1_401)
        _ = ledger.settle(at: 1_400)
        #expect(ledger.released == 0)
        _ = ledger.settle(at: 1_401)
        #expect(ledger.released == .max)
        var other = Self.ledger()
        other.succeed(longest: 0, at: 1_000)
        #expect(other.released == .max)
    }

    // MARK: Who gets none

    @Test func nobodyGetsOneThatWouldHoldOthersUp() {
        var ledger = Self.ledger()
        #expect(ledger.refusal(of: 1, at: 0) == nil && ledger.refusal(of: 9, at: 0) == .unknown)
        ledger.join(2, as: "copies")
        #expect(ledger.refusal(of: 2, at: 0) == .incomplete)
        // Behind for a quarter of a lease.
        ledger.advance(to: 200, at: 1_000)
        #expect(ledger.refusal(of: 1, at: 1_074) == nil)
        #expect(ledger.refusal(of: 1, at: 1_075) == .behind(75))
        ledger.acknowledge(200, by: 1)
        #expect(ledger.refusal(of: 1, at: 1_075) == nil)
        var off = LeaseLedger(length: 0, maximumHolders: 64)
        off.join(1, as: "f")
        #expect(off.refusal(of: 1, at: 0) == .off)
    }

    @Test func aFloodOfRenewalsKeepsFewLeases() {
        var ledger = Self.ledger()
        var granted = 0
        for now in 0..<2_000 as Range<Int64> {
            _ = ledger.settle(at: now)
            guard ledger.refusal(of: 1, at: now) == nil else { continue }
            _ = ledger.grant(to: 1, end: 100, at: now)
            granted += 1
            #expect(ledger.followers[0].leases.count <= 17)
        }
        #expect((100...112).contains(granted))
    }

    @Test func noMoreHoldOneThanMay() {
        var ledger = Self.ledger(3, maximum: 2)
        _ = ledger.grant(to: 1, end: 100, at: 0)
        _ = ledger.grant(to: 2, end: 100, at: 0)
        #expect(ledger.refusal(of: 3, at: 20) == .full(2))
        #expect(ledger.refusal(of: 2, at: 20) == nil)
        // One that has broken off is still waited for.
        ledger.leave(1)
        #expect(ledger.refusal(of: 3, at: 20) == .full(2))
        _ = ledger.settle(at: 301)
        #expect(ledger.refusal(of: 3, at: 301) == nil)
    }

    // MARK: Those that were waited for

    /// - Returns: what came of a lease that a write had to wait for until it ran out.
    private static func waitOut(_ ledger: inout LeaseLedger, from now: Int64, as id: Int64) -> LeaseLedger.Outcome {
        let position = UInt64(now)
        ledger.join(id, as: "f")
        ledger.acknowledge(position, by: id)
        _ = ledger.grant(to: id, end: position, at: now)
        ledger.advance(to: position + 10, at: now)
        let waits = ledger.wait(for: position + 10, at: now)
        #expect(waits)
        defer {
            ledger.leave(id)
            _ = ledger.settle(at: now + 301)
        }
        return ledger.settle(at: now + 301)
    }

    @Test func oneThatWasWaitedForGetsNoneForLongerEachTime() {
        var ledger = LeaseLedger(length: Self.length, maximumHolders: 64)
        var (now, penalties) = (Int64(1_000), [Int64]())
        for id in 1...9 as ClosedRange<Int64> {
            let outcome = Self.waitOut(&ledger, from: now, as: id)
            #expect(outcome.waitedOut.map(\.waited) == [301] && outcome.waits == [301] && !outcome.isStorm)
            let penalty = outcome.waitedOut.first?.penalty ?? 0
            penalties.append(penalty)
            ledger.join(100, as: "f")
            ledger.acknowledge(UInt64(now) + 10, by: 100)
            #expect(ledger.refusal(of: 100, at: now + 300 + penalty) == .penalty(left: 1))
            #expect(ledger.refusal(of: 100, at: now + 301 + penalty) == nil)
            ledger.leave(100)
            now += 301 + penalty
            _ = ledger.settle(at: now)
        }
        #expect(penalties == [10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000, 600_000])
        // It has done well for a while.
        now += LeasePenalties.longest
        #expect(Self.waitOut(&ledger, from: now, as: 10).waitedOut.first?.penalty == 10_000)
    }

    @Test func nobodyIsPunishedWhomNoWriteWaitedFor() {
        var ledger = Self.ledger()
        _ = ledger.grant(to: 1, end: 100, at: 0)
        // It has not applied what was written, but nobody waits for it: those were plain keys.
        ledger.advance(to: 200, at: 10)
        var outcome = ledger.settle(at: 301)
        #expect(outcome.waitedOut.isEmpty)
        // The disk is slow: nobody could have applied it.
        _ = ledger.grant(to: 1, end: 200, at: 400)
        var waits = ledger.wait(for: 300, at: 410)
        outcome = ledger.settle(at: 701)
        #expect(waits && outcome.waitedOut.isEmpty)
        // A write waited, but for less than a quarter of a lease.
        _ = ledger.grant(to: 1, end: 300, at: 800)
        ledger.advance(to: 400, at: 1_050)
        waits = ledger.wait(for: 400, at: 1_050)
        outcome = ledger.settle(at: 1_101)
        #expect(waits && outcome.waitedOut == [.init(identity: "f1", waited: 51, penalty: nil)])
    }

    @Test func whenTooMuchWasWaitedNobodyGetsOneForAMinute() {
        var ledger = LeaseLedger(length: Self.length, maximumHolders: 64)
        var (now, rounds) = (Int64(1_000), 0)
        // Each time another one, so that each of them gets a lease.
        while rounds < 100 {
            let id = Int64(rounds + 1)
            ledger.join(id, as: "other \(id)")
            ledger.acknowledge(UInt64(now), by: id)
            guard ledger.refusal(of: id, at: now) == nil else { break }
            _ = ledger.grant(to: id, end: UInt64(now), at: now)
            ledger.advance(to: UInt64(now) + 10, at: now)
            let waits = ledger.wait(for: UInt64(now) + 10, at: now)
            ledger.leave(id)
            now += 301
            let outcome = ledger.settle(at: now)
            #expect(waits && outcome.isStorm == (rounds == 19))
            rounds += 1
        }
        #expect(rounds == 20)
        #expect(ledger.refusal(of: 21, at: now + 59_999) == .storm(left: 1))
        #expect(ledger.refusal(of: 21, at: now + 60_000) == nil)
    }

    // MARK: Who is to blame

    /// A write has waited for a lease of 1 from 1,000 on, until it ran out.
    private static func punished(_ id: Int64, as name: String, in ledger: inout LeaseLedger) {
        ledger.join(id, as: name, from: "follower at host", at: 1_000)
        ledger.acknowledge(1_000, by: id)
        _ = ledger.grant(to: id, end: 1_000, at: 1_000)
        ledger.advance(to: 1_010, at: 1_000)
        let waits = ledger.wait(for: 1_010, at: 1_000)
        #expect(waits)
    }

    /// Those of the same user and host that join later may be the same one.
    @Test func anotherNameIsNoWayOut() {
        for leavesFirst in [false, true] {
            var ledger = LeaseLedger(length: Self.length, maximumHolders: 64)
            ledger.join(2, as: "neighbour", from: "follower at host", at: 900)
            ledger.acknowledge(1_010, by: 2)
            Self.punished(1, as: "bad", in: &ledger)
            if leavesFirst { ledger.leave(1) }
            ledger.join(3, as: "good", from: "follower at host", at: 1_100)
            ledger.join(4, as: "bad", from: "other at host", at: 1_100)
            ledger.join(5, as: "other", from: "follower at elsewhere", at: 1_100)
            for id in 3...5 as ClosedRange<Int64> { ledger.acknowledge(1_010, by: id) }
            let outcome = ledger.settle(at: 1_301)
            #expect(outcome.waitedOut.map(\.penalty) == [10_000])
            #expect(ledger.refusal(of: 2, at: 1_302) == nil && ledger.refusal(of: 5, at: 1_302) == nil)
            #expect(ledger.refusal(of: 3, at: 1_302) == .penalty(left: 9_999))
            #expect(ledger.refusal(of: 4, at: 1_302) == .penalty(left: 9_999), "it has the name")
            #expect(ledger.refusal(of: 3, at: 11_301) == nil)
        }
    }

    /// One bad node keeps newcomers of its host from their leases for a minute at most.
    @Test func newcomersAreKeptOutForAMinuteAtMost() {
        var penalties = LeasePenalties()
        var (now, lefts, own) = (Int64(1_000), [Int64](), Int64(0))
        for _ in 0..<8 {
            own = penalties.punish("bad", from: "host", grantedAt: now, at: now) ?? 0
            lefts.append(penalties.left(of: "new", from: "host", joinedAt: now, at: now) ?? 0)
            #expect(penalties.left(of: "old", from: "host", joinedAt: now - 1, at: now) == nil)
            now += own
        }
        #expect(lefts == [10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000, 60_000] && own == 600_000)
        // Names and hosts are remembered up to a number.
        for number in 0..<5_000 {
            _ = penalties.punish("n\(number)", from: "h\(number)", grantedAt: now, at: now + Int64(number))
        }
        #expect(penalties.rememberedCount == 2 * LeasePenalties.maximum)
    }

    /// What the daemon slept through counts against nobody, what it saw does.
    @Test func aDaemonThatStoodStillBlamesNobody() {
        for (seen, penalty) in [(40, nil), (80, 10_000)] as [(Int64, Int64?)] {
            var ledger = LeaseLedger(length: Self.length, maximumHolders: 64)
            ledger.noteTurn(at: 1_000, within: 20)
            Self.punished(1, as: "f", in: &ledger)
            for now in stride(from: 1_000, through: 1_000 + seen, by: 20) {
                ledger.noteTurn(at: now, within: 20)
                let outcome = ledger.settle(at: now)
                #expect(outcome.waitedOut.isEmpty)
            }
            ledger.noteTurn(at: 4_000, within: 20)
            let outcome = ledger.settle(at: 4_000)
            // Twenty of them it may have slept on purpose.
            #expect(outcome.waitedOut == [.init(identity: "f", waited: 3_000, penalty: penalty)])
            #expect(outcome.waits == [3_000] && !outcome.isStorm)
            ledger.acknowledge(1_010, by: 1)
            #expect((ledger.refusal(of: 1, at: 4_000) == nil) == (penalty == nil))
        }
    }

    // MARK: Everything at random

    /// An answered write has been applied by everyone who holds a lease, and none waits for longer than a lease.
    @Test(arguments: 0..<50 as Range<UInt64>) func noWriteIsAnsweredThatAHolderDoesNotHave(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ledger = LeaseLedger(length: Self.length, maximumHolders: 3)
        var (now, end, answered) = (Int64(0), UInt64(0), UInt64(0))
        var applied: [Int64: UInt64] = [:]
        // What each follower believes: a lease of four fifths, once it has applied its position.
        var held: [Int64: [(position: UInt64, until: Int64)]] = [:]
        var waiting: [(position: UInt64, since: Int64)] = []
        var grants = 0
        for id in 1...4 as ClosedRange<Int64> { ledger.join(id, as: "\(id)") }
        for _ in 0..<3_000 {
            now += Int64.random(in: 0...12, using: &random)
            let id = Int64.random(in: 1...4, using: &random)
            _ = ledger.settle(at: now)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                end += 1
                if ledger.wait(for: end, at: now) { waiting.append((end, now)) } else { answered = end }
            case 3..<6:
                ledger.advance(to: end, at: now)
                // The fourth one is stuck now and then.
                guard id < 4 || now % 2_000 < 1_000 else { break }
                applied[id] = end
                ledger.acknowledge(end, by: id)
            case 9:
                ledger.release(id)
                held[id] = nil
            default:
                guard ledger.refusal(of: id, at: now) == nil else { break }
                let lease = ledger.grant(to: id, end: end, at: now)
                held[id, default: []].append((lease.position, now + lease.length * 4 / 5))
                grants += 1
            }
            _ = ledger.settle(at: now)
            #expect(ledger.released == ledger.followers.map(\.bound).min() ?? .max)
            for write in waiting where write.position <= ledger.released {
                answered = max(answered, write.position)
                #expect(now - write.since <= Self.length + 13)
            }
            waiting.removeAll { $0.position <= ledger.released }
            for (id, leases) in held {
                let has = applied[id] ?? 0
                for lease in leases where lease.until > now && lease.position <= has { #expect(has >= answered) }
            }
        }
        #expect(grants > 20 && answered > 100)
    }
}

extension LeaseLedger {
    /// Each has a host of its own.
    fileprivate mutating func join(_ follower: Int64, as identity: String) {
        join(follower, as: identity, from: "host of \(identity)", at: 0)
    }
}
