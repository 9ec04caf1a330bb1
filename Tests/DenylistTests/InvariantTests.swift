import TestSupport
import Testing

@testable import Denylist

/// The table's counts agree with its contents after any operations.
@Suite struct InvariantTests {
    @Test(arguments: [1, 16]) func countsAgreeWithEntries(shards: Int) {
        let denylist = Denylist.make(shards: shards)
        var generator = SeededGenerator(seed: 41)
        var keys: [[UInt8]] = []
        for round in 0..<8 {
            // Grow, then stay as large while entries come and go, then shrink.
            for number in 0..<3_000 {
                if round >= 2, !keys.isEmpty, round >= 5 || number % 2 == 0 {
                    denylist.remove(keys.remove(at: Int.random(in: 0..<keys.count, using: &generator)))
                }
                guard round < 5 else { continue }
                let key = number % 4 == 0 ? "key \(generator.next())" : "revoked:jti:" + randomUUID(&generator)
                keys.append(Array(key.utf8))
                let length = [0, 30, 100, 700][number % 16 / 4]
                let value = length == 0 ? Array("logout".utf8) : [UInt8](repeating: 1, count: length)
                denylist.set(keys.last!, value, expiry: number % 3 == 0 ? Expiry.never : 1_800_000_000_000)
            }
            if round % 2 == 1 { denylist.reclaim(slots: .max, at: .start) }
            check(denylist.table)
        }
    }

    /// Room that was made at once is what growing would have made, give or take a tenth.
    @Test(arguments: [1, 16], [10, 3_000, 60_000]) func reservingChangesNothingButTheWay(shards: Int, entries: Int) {
        let (reserved, grown) = (Denylist.make(shards: shards), Denylist.make(shards: shards))
        reserved.reserve(entries: entries)
        check(reserved.table)
        let before = reserved.statistics.bytes
        var generator = SeededGenerator(seed: 43)
        for _ in 0..<entries {
            let key = Array(("revoked:jti:" + randomUUID(&generator)).utf8)
            reserved.set(key, Array("logout".utf8), expiry: 1_800_000_000_000)
            grown.set(key, Array("logout".utf8), expiry: 1_800_000_000_000)
        }
        check(reserved.table)
        #expect(reserved.statistics.entries == entries)
        let bytes = reserved.statistics.bytes
        #expect(bytes <= grown.statistics.bytes * 11 / 10)
        if entries > 1_000 { #expect(bytes <= before * 11 / 10) }
        // Nothing is thrown away.
        reserved.reserve(entries: 10)
        #expect(reserved.statistics.entries == entries)
        check(reserved.table)
    }

    private func check(_ table: Table) {
        var used = 0
        for number in 0..<table.shardCount {
            let shard = table.shard(at: number)
            var (entries, expiring, deepest) = (0, 0, 0)
            table.forEachSegment(number) { segment in
                let depth = segment.header.pointee.depth
                #expect(depth <= shard.depth)
                deepest += depth == shard.depth ? 1 : 0
                entries += segment.count
                used += Segment.size + segment.bytes
                let found = check(segment, table)
                expiring += found.expiring
                used += found.boxed
            }
            #expect(shard.entries == entries)
            #expect(shard.expiring == expiring)
            #expect(shard.deepest == deepest)
            used += SegmentEntry.size << Int(shard.depth)
        }
        #expect(table.used == used)
    }

    private func check(_ segment: Segment, _ table: Table) -> (expiring: Int, boxed: Int) {
        var (count, expiring, boxes, boxed, records) = (0, 0, 0, 0, 0)
        var counters = [[UInt8]](repeating: [UInt8](repeating: 0, count: 6), count: segment.groupCount)
        for index in 0..<segment.groupCount {
            let group = segment.group(index)
            for lane in group.occupied {
                let slot = group.slot(lane)
                let hash = table.hash(of: slot)
                count += 1
                expiring += slot.meta.expiry == Meta.never ? 0 : 1
                if slot.meta.value.isRecord {
                    let record = segment.record(slot.meta.value)
                    records += record.size
                    if let box = record.box {
                        boxes += 1
                        boxed += box.size
                    }
                }
                #expect(!group.lanes(tagged: Group.tag(hash)).isEmpty)
                let consumed = table.consumedBits(segment.header.pointee.depth)
                var passed = Segment.home(hash, consumedBits: consumed, groupCount: segment.groupCount)
                while passed != index {
                    counters[passed][Int(((hash >> 8 & 0xFFFF) * 6) >> 16)] += 1
                    passed = (passed + 1) % segment.groupCount
                }
            }
        }
        for index in 0..<segment.groupCount {
            let stored = UnsafeRawBufferPointer(start: segment.group(index).address + 10, count: 6)
            #expect(Array(stored) == counters[index])
        }
        #expect(segment.count == count)
        #expect(segment.header.pointee.boxes == boxes)
        // What is unused at the end of a block counts as garbage.
        #expect(segment.arenaLive == records)
        return (expiring, boxed)
    }
}
