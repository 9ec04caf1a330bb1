import Denylist
import TestSupport
import Testing

@Suite struct WalkTests {
    /// Entries of 1 byte and of 100 kB side by side: each is visited once, and no step gathers more than it was asked
    /// for and the entry with which it got there, however many large ones share a group.
    @Test(arguments: [1, 64]) func aStepIsBoundedByBytes(shards: Int) {
        let denylist = Denylist.make(shards: shards)
        let size = 100_000
        for number in 0..<600 {
            denylist.set("plain:\(number)", number % 2 == 0 ? "v" : String(repeating: "v", count: size))
        }
        for limit in [1, 5_000, 250_000] {
            var visits: [String: Int] = [:]
            var walk = denylist.walk()
            var largest = 0
            while !walk.isComplete {
                var bytes = 0
                walk.step(bytes: limit, at: .start) { key, value, _ in
                    visits[String(decoding: key.bytes, as: UTF8.self), default: 0] += 1
                    bytes += value.byteCount
                }
                largest = max(largest, bytes)
            }
            #expect(visits.count == 600 && visits.values.allSatisfy { $0 == 1 })
            // Small entries of one home are visited together.
            #expect(largest < limit + size + 1_000)
        }
    }

    @Test func anEmptyTableIsWalkedToItsEnd() {
        let denylist = Denylist.make()
        var walk = denylist.walk()
        while !walk.isComplete { walk.step(bytes: 1, at: .start) { _, _, _ in Issue.record("there is nothing") } }
    }
}

@Suite struct ScanTests {
    private func fill(_ denylist: Denylist, _ count: Int, _ generator: inout SeededGenerator, expiry: Int64 = .max)
        -> [String]
    {
        (0..<count).map { number in
            let key = number % 3 == 0 ? "plain:\(generator.next())" : "revoked:jti:" + randomUUID(&generator)
            denylist.set(key, expiry: expiry)
            return key
        }
    }

    @Test(arguments: [1, 4, 256], [0, 1, 20, 5_000])
    func visitsEveryEntryOnce(shards: Int, count: Int) {
        let denylist = Denylist.make(shards: shards)
        var generator = SeededGenerator(seed: 11)
        let keys = fill(denylist, count, &generator)
        for step in [0, 1, 7, 1_000_000] {
            let found = denylist.everything(at: .start, step: step)
            #expect(found.entries.count == keys.count)
            #expect(found.repeats == 0)
        }
    }

    /// Present throughout: visited, and no more than once, while segments grow, split, shrink and merge around it.
    @Test(arguments: [1, 8]) func entriesThatStayAreVisitedWhileOthersComeAndGo(shards: Int) {
        let denylist = Denylist.make(shards: shards)
        var generator = SeededGenerator(seed: 12)
        let staying = Set(fill(denylist, 1_000, &generator))
        for round in 0..<4 {
            var others: [String] = round % 2 == 0 ? [] : fill(denylist, 12_000, &generator)
            var visits: [String: Int] = [:]
            var cursor: UInt64 = 0
            repeat {
                cursor = denylist.scan(from: cursor, count: 60, at: .start) { key, _, _ in
                    visits[String(decoding: key.bytes, as: UTF8.self), default: 0] += 1
                }
                #expect(cursor < 1 << 53)
                if round % 2 == 0 {
                    others += fill(denylist, 150, &generator)
                } else {
                    for _ in 0..<min(others.count, 150) { denylist.remove(Array(others.removeLast().utf8)) }
                    denylist.reclaim(slots: 500, at: .start)
                }
            } while cursor != 0
            #expect(staying.allSatisfy { visits[$0] == 1 })
            for key in others { denylist.remove(Array(key.utf8)) }
            denylist.reclaim(slots: .max, at: .start)
        }
        #expect(denylist.statistics.entries == staying.count)
    }

    @Test(arguments: [1, 12_345, 1 << 53 - 1, 1 << 53, 1 << 63, .max] as [UInt64])
    func anyCursorIsSafe(_ cursor: UInt64) {
        let denylist = Denylist.make()
        var generator = SeededGenerator(seed: 13)
        _ = fill(denylist, 1_000, &generator)
        var cursor = cursor
        var steps = 0
        repeat {
            cursor = denylist.scan(from: cursor, count: 10, at: .start) { _, _, _ in }
            steps += 1
        } while cursor != 0 && steps < 10_000
        #expect(cursor == 0)
    }

    @Test func expiredEntriesAreNotVisited() {
        let denylist = Denylist.make()
        var generator = SeededGenerator(seed: 14)
        _ = fill(denylist, 1_000, &generator, expiry: ClockReading.start.wall + 10)
        denylist.set("stays")
        #expect(denylist.everything(at: .start.later(by: 10)).entries.count == 1)
    }

    @Test func aStepIsBoundedInAnEmptiedTable() {
        let denylist = Denylist.make(shards: 1)
        var generator = SeededGenerator(seed: 15)
        _ = fill(denylist, 20_000, &generator, expiry: ClockReading.start.wall + 10)
        var steps = 0
        var cursor: UInt64 = 0
        repeat {
            cursor = denylist.scan(from: cursor, count: 10, at: .start.later(by: 10)) { _, _, _ in }
            steps += 1
        } while cursor != 0
        // 20,000 entries are in 2,000 groups at least; a step looks at 100 or so.
        #expect(steps > 10)
    }
}

@Suite struct RandomTests {
    @Test func nearlyEveryEntryComesUp() {
        let denylist = Denylist.make(shards: 16)
        for number in 0..<100 { denylist.set("key \(number)") }
        var seen: [[UInt8]: Int] = [:]
        for _ in 0..<10_000 { seen[denylist.random(at: .start) { $0.bytes }!, default: 0] += 1 }
        // One that was displaced to the end of its segment comes up about once in 10,000 times.
        #expect(seen.count > 90)
        #expect(seen.values.max()! < 2_000)
    }

    @Test func theOnlyLiveEntryIsFound() {
        let denylist = Denylist.make(shards: 64)
        #expect(denylist.random(at: .start) { _ in true } == nil)
        for number in 0..<500 { denylist.set("key \(number)", expiry: ClockReading.start.wall + 10) }
        let later = ClockReading.start.later(by: 10)
        #expect(denylist.random(at: later) { _ in true } == nil)
        denylist.set("live")
        for _ in 0..<50 {
            #expect(denylist.random(at: later) { $0.bytes } == Array("live".utf8))
        }
    }
}
