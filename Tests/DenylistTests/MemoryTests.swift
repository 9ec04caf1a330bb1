import Denylist
import TestSupport
import Testing

@Suite struct MemoryTests {
    private func tokens(_ count: Int, seed: UInt64 = 21) -> [[UInt8]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Array(("revoked:jti:" + randomUUID(&generator)).utf8) }
    }

    @Test func aRevokedTokenTakesAboutThirtyBytes() {
        let denylist = Denylist.make(shards: 1)
        let empty = denylist.statistics.bytes
        let logout = Array("logout".utf8)
        var most = 0.0
        for (number, key) in tokens(40_000).enumerated() {
            denylist.set(key, logout, expiry: 1_800_000_000_000)
            if number > 10_000 { most = max(most, Double(denylist.statistics.bytes - empty) / Double(number + 1)) }
        }
        #expect(most <= 34)
        #expect(most >= 24)
    }

    @Test func aRotatedTokenTakesAtMostEightyBytes() {
        let denylist = Denylist.make(shards: 1)
        let empty = denylist.statistics.bytes
        var generator = SeededGenerator(seed: 22)
        for key in tokens(30_000) {
            denylist.set(key, Array("rotated:1763835945123:\(randomUUID(&generator))".utf8), expiry: 1_800_000_000_000)
        }
        #expect(denylist.statistics.bytes - empty <= 30_000 * 80)
    }

    @Test func allIsGivenBackAfterExpiry() {
        let denylist = Denylist.make(shards: 2)
        let before = denylist.statistics.bytes
        for (number, key) in tokens(30_000).enumerated() {
            let value = number % 2 == 0 ? "logout" : String(repeating: "x", count: number % 700)
            denylist.set(key, Array(value.utf8), expiry: ClockReading.start.wall + 1)
        }
        #expect(denylist.statistics.bytes > before + 1_000_000)
        #expect(denylist.reclaim(slots: .max, at: .start.later(by: 120_001)) == 30_000)
        #expect(denylist.statistics.bytes == before)
    }

    @Test func aPartIsGivenBackAfterRemoval() {
        let denylist = Denylist.make(shards: 2)
        let logout = Array("logout".utf8)
        let keys = tokens(40_000)
        for key in keys { denylist.set(key, logout) }
        let full = denylist.statistics.bytes
        for key in keys[4_000...] { denylist.remove(key) }
        denylist.reclaim(slots: .max, at: .start)
        #expect(denylist.statistics.bytes < full / 5)
        for key in keys[..<4_000] { #expect(denylist.has(key)) }
    }

    /// Values that are replaced by longer and shorter ones leave no garbage that is not used again.
    @Test(arguments: [200, 2_000]) func replacedValuesMakeRoom(_ longest: Int) {
        let denylist = Denylist.make(shards: 1)
        var generator = SeededGenerator(seed: 23)
        let keys = (0..<300).map { Array("key \($0)".utf8) }
        let value = [UInt8](repeating: 1, count: longest)
        for key in keys { denylist.set(key, value) }
        let full = denylist.statistics.bytes
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...longest, using: &generator)
            denylist.set(keys[Int.random(in: 0..<300, using: &generator)], Array(value[..<length]))
            #expect(denylist.statistics.bytes <= full * 3 / 2 + 16_384)
        }
    }

    @Test func largeValuesAreCountedAndFreed() {
        let denylist = Denylist.make()
        let before = denylist.statistics.bytes
        let value = [UInt8](repeating: 9, count: 3 << 20)
        denylist.set(Array("k".utf8), value)
        #expect((before + value.count...before + value.count + 20_000).contains(denylist.statistics.bytes))
        denylist.set("k", "small")
        #expect(denylist.statistics.bytes < before + 20_000)
        denylist.remove(Array("k".utf8))
        denylist.reclaim(slots: .max, at: .start)
        #expect(denylist.statistics.bytes == before)
    }

    @Test func removeAllGivesEverythingBack() {
        let denylist = Denylist.make()
        let before = denylist.statistics
        for key in tokens(5_000) {
            denylist.set(key, [UInt8](repeating: 1, count: Int(key[20]) * 10), expiry: .max - 1)
        }
        denylist.lockAll { $0.removeAll() }
        #expect(denylist.statistics.entries == 0)
        #expect(denylist.statistics.expiring == 0)
        #expect(denylist.statistics.bytes == before.bytes)
        #expect(denylist.everything(at: .start).entries.isEmpty)
        denylist.set("again")
        #expect(denylist.has("again"))
    }

    @Test func isFullAtTheLimit() {
        let denylist = Denylist.make()
        #expect(!denylist.isFull(adding: .max / 2))
        let used = denylist.statistics.bytes
        denylist.maximumBytes = used + 100
        #expect(denylist.maximumBytes == used + 100)
        #expect(!denylist.isFull())
        #expect(!denylist.isFull(adding: 100))
        #expect(denylist.isFull(adding: 101))
        denylist.set("k")
        #expect(denylist.isFull())
        denylist.maximumBytes = 0
        #expect(!denylist.isFull())
    }

    @Test func entriesAreCounted() {
        let denylist = Denylist.make()
        denylist.set("a")
        denylist.set("b", expiry: ClockReading.start.wall + 10)
        denylist.set("b", expiry: ClockReading.start.wall + 20)
        #expect(denylist.statistics.entries == 2)
        #expect(denylist.statistics.expiring == 1)
        denylist.set("b")
        #expect(denylist.statistics.expiring == 0)
    }
}
