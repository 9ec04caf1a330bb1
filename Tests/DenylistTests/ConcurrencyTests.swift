import TestSupport
import Testing

@testable import Denylist

/// Several threads at once; to be run under the thread sanitizer too.
@Suite struct ConcurrencyTests {
    private static let rounds = 4_000

    @Test func noUpdateIsLost() async {
        let denylist = Denylist.make(shards: 2)
        var generator = SeededGenerator(seed: 31)
        let keys = (0..<200).map { number in
            Array((number % 2 == 0 ? "counter \(number)" : "revoked:jti:" + randomUUID(&generator)).utf8)
        }
        await withTaskGroup(of: Void.self) { group in
            for seed in UInt64(0)..<4 {
                group.addTask {
                    var generator = SeededGenerator(seed: seed)
                    for _ in 0..<Self.rounds {
                        let text = keys[Int.random(in: 0..<keys.count, using: &generator)]
                        let key = text.span.bytes
                        let hash = denylist.beginPrefetch(of: key)
                        denylist.prefetch(hash)
                        denylist.update(key, hash: hash, at: .start) { entry in
                            let count = entry.exists ? entry.withValue { Int($0.text)! } : 0
                            entry.store("\(count + 1)".utf8.span.bytes, expiry: .max)
                        }
                    }
                }
            }
        }
        let counts = keys.map { denylist.get($0).map { Int(String(decoding: $0.value, as: UTF8.self))! } ?? 0 }
        #expect(counts.reduce(0, +) == 4 * Self.rounds)
    }

    /// Two entries always agree for a caller that locks both.
    @Test func noReaderSeesHalfOfATransaction() async {
        let denylist = Denylist.make(shards: 64)
        let keys = ["one", "two"].map { Array($0.utf8) }
        for key in keys { denylist.set(key, [0]) }
        let torn = await withTaskGroup(of: Int.self) { group in
            for number in UInt8(0)..<4 {
                group.addTask {
                    var torn = 0
                    let (first, second) = (keys[0], keys[1])
                    let one = first.span.bytes
                    let two = second.span.bytes
                    let hashes = [denylist.hash(of: one), denylist.hash(of: two)]
                    for round in 0..<Self.rounds {
                        denylist.lock(hashes) { locked in
                            let values = (
                                locked.update(one, hash: hashes[0], at: .start) { $0.withValue { $0.bytes } },
                                locked.update(two, hash: hashes[1], at: .start) { $0.withValue { $0.bytes } }
                            )
                            if values.0 != values.1 { torn += 1 }
                            let value = [number, UInt8(truncatingIfNeeded: round)]
                            locked.update(one, hash: hashes[0], at: .start) { $0.store(value.span.bytes, expiry: .max) }
                            locked.update(two, hash: hashes[1], at: .start) { $0.store(value.span.bytes, expiry: .max) }
                        }
                    }
                    return torn
                }
            }
            return await group.reduce(0, +)
        }
        #expect(torn == 0)
    }

    /// Readers, writers, a scan, the hand, and a thread that removes everything.
    @Test func everythingAtOnce() async {
        let denylist = Denylist.make(shards: 4)
        await withTaskGroup(of: Void.self) { group in
            for seed in UInt64(0)..<3 {
                group.addTask {
                    var generator = SeededGenerator(seed: seed)
                    for round in 0..<Self.rounds {
                        let key = "revoked:jti:" + randomUUID(&generator)
                        let value = round % 5 == 0 ? "rotated:1:\(randomUUID(&generator))" : "value \(round % 40)"
                        denylist.set(key, value, expiry: ClockReading.start.wall + Int64(round % 100))
                    }
                }
            }
            group.addTask {
                for round in 0..<40 {
                    _ = denylist.everything(at: .start, step: 100)
                    _ = denylist.random(at: .start) { $0.bytes }
                    _ = denylist.statistics
                    if round % 20 == 19 { denylist.lockAll { $0.removeAll() } }
                }
            }
            group.addTask {
                for round in 0..<200 { denylist.reclaim(slots: 1_000, at: .start.later(by: 120_000 + Int64(round))) }
            }
            group.addTask {
                var generator = SeededGenerator(seed: 99)
                for round in 0..<20_000 {
                    let hash = generator.next() >> 1
                    let key = KeyHash(value: hash, word0: 0, word1: 0, kind: 0, isGuarded: false)
                    denylist.table.prefetch(key)
                    let noted = denylist.table.prefetchTags(key)
                    denylist.table.prefetch(noted)
                    denylist.table.prefetchSlot(noted, orFree: round % 2 == 0)
                }
            }
        }
        denylist.reclaim(slots: .max, at: .start.later(by: 200_000))
        #expect(denylist.statistics.entries == 0)
        #expect(denylist.statistics.bytes == Denylist.make(shards: 4).statistics.bytes)
    }
}

extension RawSpan {
    fileprivate var text: String { String(decoding: bytes, as: UTF8.self) }
}
