import Denylist
import TestSupport
import Testing

@Suite struct ExpiryTests {
    private static let token = "revoked:jti:" + FormTests.uuid

    /// Expiries that do and do not fit into a slot's 42 bits.
    static let expiries: [Int64] = [
        Int64.min + 1, -1, 0, 1, 1_700_000_000_000, 1 << 42 - 3, 1 << 42 - 2, 1 << 42 - 1, 1 << 42, 1 << 62, .max - 1,
        .max,
    ]

    @Test(arguments: expiries) func isKeptExactly(_ expiry: Int64) {
        let before = ClockReading(Int64.min)
        for key in [Self.token, "revoked:sub:alice", "plain"] {
            let denylist = Denylist.make()
            denylist.set(key, expiry: expiry, at: before)
            #expect(denylist.get(Array(key.utf8), at: before)?.expiry == expiry)
            // From any expiry to any other, in both ways of setting it.
            for next in Self.expiries {
                denylist.update(key.utf8.span.bytes, hash: denylist.hash(of: key.utf8.span.bytes), at: before) {
                    entry in
                    entry.setExpiry(next)
                    let now = entry.expiry
                    #expect(now == next)
                    let value = entry.withValue { $0.bytes }
                    #expect(value == Array("logout".utf8))
                    entry.setExpiry(expiry)
                    entry.store("admin".utf8.span.bytes, expiry: next)
                }
                #expect(denylist.get(Array(key.utf8), at: before)?.expiry == next)
                #expect(denylist.statistics.entries == 1)
                #expect(denylist.statistics.expiring == (next == Expiry.never ? 0 : 1))
                denylist.set(key, expiry: expiry, at: before)
            }
        }
    }

    @Test func anEntryIsThereUntilItsExpiry() {
        let denylist = Denylist.make()
        for key in [Self.token, "revoked:sub:alice", "plain"] {
            denylist.set(key, expiry: 2000, at: ClockReading(0))
            #expect(denylist.has(key, at: ClockReading(1999)))
            #expect(!denylist.has(key, at: ClockReading(2000)))
            #expect(denylist.get(key, at: ClockReading(2000)) == nil)
        }
    }

    @Test func guardedKeysExpireByTheGuardedClockAndOthersByTheWall() {
        let denylist = Denylist.make()
        for key in [Self.token, "revoked:sub:alice", "revoked:", "plain", "revoked.epoch", "revoked"] {
            denylist.set(key, expiry: 2000, at: ClockReading(0))
            let isGuarded = key.hasPrefix("revoked:")
            #expect(denylist.has(key, at: ClockReading(wall: 3000, guarded: 1000)) == isGuarded, "\(key)")
            #expect(denylist.has(key, at: ClockReading(wall: 1000, guarded: 3000)) != isGuarded, "\(key)")
        }
    }

    @Test(arguments: ["revoked:jti:" + FormTests.uuid, "other:" + FormTests.uuid])
    func aGuardedPrefixMayLieWithinACompactOne(_ key: String) {
        // "other:0a" is guarded, so the prefix "other:" does not tell.
        let denylist = Denylist.make {
            $0.guardedPrefix = Array("other:0a".utf8)
            $0.compactPrefixes = [Array("other:".utf8), Array("revoked:jti:".utf8)]
        }
        denylist.set(key, expiry: 2000, at: ClockReading(0))
        #expect(denylist.has(key, at: ClockReading(wall: 3000, guarded: 1000)) == key.hasPrefix("other:0a"))
    }

    // MARK: Reclaiming

    @Test func guardedEntriesAreReclaimedTwoMinutesAfterTheirExpiry() {
        for key in [Self.token, "revoked:sub:alice"] {
            let denylist = Denylist.make()
            denylist.set(key, expiry: 1000, at: ClockReading(0))
            #expect(denylist.reclaim(slots: .max, at: ClockReading(wall: 10_000_000, guarded: 120_999)) == 0)
            #expect(denylist.statistics.entries == 1)
            #expect(denylist.reclaim(slots: .max, at: ClockReading(wall: 0, guarded: 121_000)) == 1)
            #expect(denylist.statistics.entries == 0)
            #expect(denylist.statistics.expired == 1)
        }
    }

    @Test func otherEntriesAreReclaimedAtTheirExpiry() {
        let denylist = Denylist.make()
        denylist.set("plain", expiry: 1000, at: ClockReading(0))
        denylist.set("forever", at: ClockReading(0))
        #expect(denylist.reclaim(slots: .max, at: ClockReading(wall: 999, guarded: 10_000_000)) == 0)
        #expect(denylist.reclaim(slots: .max, at: ClockReading(wall: 1000, guarded: 0)) == 1)
        #expect(denylist.reclaim(slots: .max, at: ClockReading(wall: .max, guarded: .max)) == 0)
        #expect(denylist.has("forever", at: ClockReading(.max - 1)))
    }

    @Test func theHandComesAroundInSteps() {
        let denylist = Denylist.make(shards: 8)
        var generator = SeededGenerator(seed: 1)
        for number in 0..<5_000 {
            denylist.set("revoked:jti:" + randomUUID(&generator), expiry: 1000, at: ClockReading(0))
            denylist.set("key \(number)", expiry: 1000, at: ClockReading(0))
        }
        var steps = 0
        while denylist.statistics.entries > 0, steps < 1_000 {
            steps += 1
            denylist.reclaim(slots: 200, at: ClockReading(121_000))
        }
        // 10,000 entries are at most 13,000 slots or so: 65 steps, and half as many for what else is done on the way.
        #expect(steps < 150)
        #expect(denylist.statistics.expired == 10_000)
    }

    @Test func anExpiredEntryIsReplaced() {
        let denylist = Denylist.make()
        for key in [Self.token, "plain"] {
            denylist.set(key, expiry: 1000, at: ClockReading(0))
            denylist.update(key.utf8.span.bytes, hash: denylist.hash(of: key.utf8.span.bytes), at: ClockReading(2000)) {
                let exists = $0.exists
                #expect(!exists)
                $0.remove()
                $0.store("again".utf8.span.bytes, expiry: 3000)
            }
            #expect(denylist.get(key, at: ClockReading(2000)) == "again")
        }
        #expect(denylist.statistics.entries == 2)
    }
}
