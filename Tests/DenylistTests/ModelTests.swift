import Denylist
import TestSupport
import Testing

/// Random operations with a moving clock, against a plain dictionary.
@Suite struct ModelTests {
    static let runs: [(shards: Int, seed: UInt64, keys: Int)] = [
        (1, 1, 300), (1, 2, 20_000), (2, 3, 5_000), (8, 4, 2_000), (64, 5, 20_000), (256, 6, 8_000),
    ]

    @Test(arguments: runs)
    func answersAsADictionaryWould(_ run: (shards: Int, seed: UInt64, keys: Int)) {
        var model = Model(shards: run.shards, seed: run.seed, keyCount: run.keys)
        let before = model.denylist.statistics
        for round in 0..<10 {
            for _ in 0..<17_000 { model.step() }
            model.compareAll("seed \(run.seed), round \(round)")
        }
        model.removeAllOneByOne()
        #expect(model.denylist.statistics.bytes == before.bytes)
        #expect(model.denylist.statistics.entries == 0)
        #expect(model.denylist.statistics.expiring == 0)
    }
}

private struct Model {
    let denylist: Denylist
    private var generator: SeededGenerator
    private var entries: [[UInt8]: Stored] = [:]
    private var moment = ClockReading.start
    private var keys: [[UInt8]] = []
    private var values: [[UInt8]] = []

    init(shards: Int, seed: UInt64, keyCount: Int) {
        denylist = .make(shards: shards) { $0.hashKey = (seed, ~seed) }
        generator = SeededGenerator(seed: seed)
        for index in 0..<keyCount {
            let prefix = ["revoked:jti:", "revoked:sid:", "revoked:jti:", "revoked:sub:", "plain:", ""][index % 6]
            let key =
                switch index % 7 {
                case 0: "\(prefix)user\(index)"
                case 1: prefix + randomUUID(&generator, uppercase: true)
                case 2:
                    prefix + randomUUID(&generator)
                        + (index % 49 == 2 ? String(repeating: "x", count: index % 700) : "")
                default: prefix + randomUUID(&generator)
                }
            keys.append(Array(key.utf8))
        }
        let texts = [
            "logout", "compromised", "", "1", "1700000000000", "rotated:1700000000000:\(randomUUID(&generator))",
        ]
        values = texts.map { Array($0.utf8) }
        values += (0..<20).map { length in (0..<(length * length * 3)).map { UInt8(truncatingIfNeeded: $0) } }
        values += (0..<6).map { Array("reason \($0)".utf8) }
    }

    private func isGuarded(_ key: [UInt8]) -> Bool { key.starts(with: "revoked:".utf8) }

    private func time(_ key: [UInt8]) -> Int64 { isGuarded(key) ? moment.guarded : moment.wall }

    private func live(_ key: [UInt8]) -> Stored? {
        entries[key].flatMap { $0.expiry > time(key) ? $0 : nil }
    }

    private mutating func randomExpiry() -> Int64 {
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: Expiry.never
        case 1:
            [1 << 42 - 1, 1 << 42 - 2, 1 << 42 - 3, 1 << 42, Int64.max - 1, 0, -1, Int64.min]
                .randomElement(using: &generator)!
        default: moment.wall + Int64.random(in: -2_000..<400_000, using: &generator)
        }
    }

    mutating func step() {
        // Most operations fall on a few keys, so that entries are replaced, expire and come back.
        let span = Bool.random(using: &generator) ? keys.count : min(keys.count, 100)
        let key = keys[Int.random(in: 0..<span, using: &generator)]
        let bytes = key.span.bytes
        let hash = denylist.hash(of: bytes)
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<35:
            let value = values[Int.random(in: 0..<values.count, using: &generator)]
            let expiry = randomExpiry()
            let wasThere = denylist.update(bytes, hash: hash, at: moment) { entry in
                defer { entry.store(value.span.bytes, expiry: expiry) }
                return entry.exists
            }
            #expect(wasThere == (live(key) != nil))
            entries[key] = Stored(value: value, expiry: expiry)
        case 35..<45:
            #expect(denylist.remove(key, at: moment) == (live(key) != nil))
            entries[key] = nil
        case 45..<55:
            let expiry = randomExpiry()
            denylist.update(bytes, hash: hash, at: moment) { if $0.exists { $0.setExpiry(expiry) } }
            if live(key) != nil { entries[key]!.expiry = expiry }
        case 55..<75:
            let found = denylist.get(key, at: moment).map { Stored(value: $0.value, expiry: $0.expiry) }
            #expect(found == live(key))
        case 75..<90:
            let begun = denylist.beginPrefetch(of: bytes)
            #expect(begun.value == hash.value && begun.isGuarded == hash.isGuarded)
            denylist.prefetchSlots([begun].span, orFree: moment.wall % 2 == 0)
            denylist.prefetch(hash)
            #expect(denylist.contains(bytes, hash: hash, at: moment) == (live(key) != nil))
        case 90..<93:
            moment = moment.later(by: Int64.random(in: 0..<3_000, using: &generator))
        case 93..<94:
            // The wall clock alone: the guarded one does not follow at once.
            moment.wall += Int64.random(in: 0..<20_000, using: &generator)
        case 94..<97:
            denylist.reclaim(slots: Int.random(in: 1..<2_000, using: &generator), at: moment)
        case 97..<98:
            let found = denylist.random(at: moment) { $0.bytes }
            if let found { #expect(live(found) != nil) }
        default:
            readWhileUpdating(key)
        }
    }

    private mutating func readWhileUpdating(_ key: [UInt8]) {
        let bytes = key.span.bytes
        let hash = denylist.hash(of: bytes)
        let expected = live(key)
        denylist.lock([hash]) { locked in
            locked.update(bytes, hash: hash, at: moment) { entry in
                let guarded = entry.isGuarded
                #expect(guarded == isGuarded(key))
                guard entry.exists else { return #expect(expected == nil) }
                let found = Stored(value: entry.withValue { $0.bytes }, expiry: entry.expiry)
                #expect(found == expected)
            }
        }
    }

    /// Reclaimed entries were expired, so what is live is what the dictionary says, whatever the hand did.
    mutating func compareAll(_ comment: Comment) {
        let found = denylist.everything(at: moment, step: Int.random(in: 1..<100, using: &generator))
        let expected = entries.filter { live($0.key) != nil }
        #expect(found.repeats == 0, comment)
        #expect(found.entries == expected, comment)
        entries = expected
    }

    mutating func removeAllOneByOne() {
        for key in denylist.everything(at: ClockReading(Int64.min + 1)).entries.keys {
            denylist.remove(key, at: ClockReading(Int64.min + 1))
        }
        denylist.reclaim(slots: .max, at: ClockReading(Int64.max))
        denylist.reclaim(slots: .max, at: ClockReading(Int64.max))
    }
}
