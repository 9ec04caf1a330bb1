import Denylist

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Measures a table of `revoked:jti:<uuid>` → `logout`.
struct TableBenchmark {
    private static let keyLength = 48
    private static let operations = 2_000_000
    private static let batch = 16

    let entries: Int
    let configuration: Denylist.Configuration

    func run() {
        print("\n\(entries / 1_000_000) M entries: revoked:jti:<uuid> → logout")
        let before = residentBytes()
        let denylist = Denylist(configuration)
        var keys = Keys()
        let moment = Moment(wall: 1_700_000_000_000, guarded: 1_700_000_000_000)

        insert(denylist, &keys, at: moment)
        let resident = Double(residentBytes() - before) / Double(entries)
        let accounted = Double(denylist.statistics.bytes) / Double(entries)
        print("  resident bytes per entry", decimal(resident), "accounted", decimal(accounted))

        let floor = randomReads(bytes: residentBytes() - before)
        report("dependent random read, same memory", floor, floor)
        report("hash a 48-byte key", measure { hashes(denylist, &keys) }, floor)
        report("hit, one at a time (hash, contains)", measure { lookups(denylist, &keys, miss: false, moment) }, floor)
        report("miss, one at a time", measure { lookups(denylist, &keys, miss: true, moment) }, floor)
        report("hit, 16 prefetched", measure { batches(denylist, &keys, miss: false, moment) }, floor)
        report("miss, 16 prefetched", measure { batches(denylist, &keys, miss: true, moment) }, floor)
        report("update expiry, 16 prefetched", measure { updates(denylist, &keys, moment) }, floor)
        report("make a key (to be subtracted)", measure { makeKeys(&keys) }, floor)

        let slots = entries * 5 / 4
        let sweep = measure(count: slots) { denylist.reclaim(slots: slots, at: moment) }
        report("hand, per slot, nothing expired", sweep, floor)
        expire(denylist, floor)
    }

    /// Inserts all keys, 16 at a time as the daemon would, timing each.
    private func insert(_ denylist: Denylist, _ keys: inout Keys, at moment: Moment) {
        let value = Array("logout".utf8)
        var longest: UInt64 = 0
        var longest999: [UInt64] = []
        let started = nanoseconds()
        var inside: UInt64 = 0
        for index in 0..<entries {
            keys.make(index)
            let hash = denylist.hash(of: keys.text.span.bytes)
            let before = nanoseconds()
            denylist.update(keys.text.span.bytes, hash: hash, at: moment) {
                $0.store(value.span.bytes, expiry: moment.wall + 3_600_000 + Int64(index % 1000))
            }
            let took = nanoseconds() - before
            inside += took
            longest = max(longest, took)
            if took > 100_000 { longest999.append(took) }
        }
        let all = nanoseconds() - started
        print(
            "  insert one by one: \(all / UInt64(entries)) ns with key and clock, \(inside / UInt64(entries)) inside;",
            "longest \(decimal(Double(longest) / 1000)) µs; above 100 µs: \(longest999.count), 500 µs: \(longest999.count { $0 > 500_000 })"
        )
    }

    private func makeKeys(_ keys: inout Keys) {
        for operation in 0..<Self.operations { keys.make(scatter(operation)) }
    }

    private func hashes(_ denylist: Denylist, _ keys: inout Keys) {
        keys.make(1)
        var sum: UInt64 = 0
        for _ in 0..<Self.operations { sum ^= denylist.hash(of: keys.text.span.bytes) }
        consume(sum)
    }

    private func scatter(_ operation: Int) -> Int {
        Int((UInt64(truncatingIfNeeded: operation) &* 0x9E37_79B9_7F4A_7C15) >> 11) % entries
    }

    private func lookups(_ denylist: Denylist, _ keys: inout Keys, miss: Bool, _ moment: Moment) {
        var found = 0
        for operation in 0..<Self.operations {
            keys.make(scatter(operation) + (miss ? entries : 0))
            if denylist.contains(keys.text.span.bytes, hash: denylist.hash(of: keys.text.span.bytes), at: moment) {
                found += 1
            }
        }
        precondition(found == (miss ? 0 : Self.operations))
    }

    private func batches(_ denylist: Denylist, _ keys: inout Keys, miss: Bool, _ moment: Moment) {
        var found = 0
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.batch) { hashes in
            var batch = (0..<Self.batch).map { _ in Keys() }
            for first in stride(from: 0, to: Self.operations, by: Self.batch) {
                for index in 0..<Self.batch {
                    batch[index].make(scatter(first + index) + (miss ? entries : 0))
                    hashes[index] = batch[index].withBytes { denylist.hash(of: $0) }
                }
                for index in 0..<Self.batch { denylist.prefetch(hashes[index]) }
                for index in 0..<Self.batch {
                    let isThere = batch[index].withBytes { denylist.contains($0, hash: hashes[index], at: moment) }
                    if isThere { found += 1 }
                }
            }
        }
        precondition(found == (miss ? 0 : Self.operations))
    }

    private func updates(_ denylist: Denylist, _ keys: inout Keys, _ moment: Moment) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.batch) { hashes in
            var batch = (0..<Self.batch).map { _ in Keys() }
            for first in stride(from: 0, to: Self.operations, by: Self.batch) {
                for index in 0..<Self.batch {
                    batch[index].make(scatter(first + index))
                    hashes[index] = batch[index].withBytes { denylist.hash(of: $0) }
                }
                for index in 0..<Self.batch { denylist.prefetch(hashes[index]) }
                for index in 0..<Self.batch {
                    batch[index].withBytes { key in
                        denylist.update(key, hash: hashes[index], at: moment) { $0.setExpiry($0.expiry + 1) }
                    }
                }
            }
        }
    }

    /// All entries expire: how long the hand takes, in steps as the daemon makes them.
    private func expire(_ denylist: Denylist, _ floor: Double) {
        let later = Moment(wall: 1_700_100_000_000, guarded: 1_700_100_000_000)
        var longest: UInt64 = 0
        let started = nanoseconds()
        while denylist.statistics.entries > 0 {
            let before = nanoseconds()
            denylist.reclaim(slots: 6_400, at: later)
            longest = max(longest, nanoseconds() - before)
        }
        let each = Double(nanoseconds() - started) / Double(entries)
        report("expire, per entry", each, floor)
        denylist.reclaim(slots: .max, at: later)
        denylist.reclaim(slots: .max, at: later)
        print(
            "  longest step of 6,400 slots \(decimal(Double(longest) / 1000)) µs; left: \(denylist.statistics.bytes) bytes, resident \(residentBytes() >> 20) MB"
        )
    }

    private func measure(count: Int = operations, _ body: () -> Void) -> Double {
        var best = Double.infinity
        for _ in 0..<3 {
            let before = nanoseconds()
            body()
            best = min(best, Double(nanoseconds() - before) / Double(count))
        }
        return best
    }

    private func report(_ what: String, _ time: Double, _ floor: Double) {
        let name = what + String(repeating: " ", count: max(0, 40 - what.count))
        print("  \(name) \(decimal(time)) ns  \(decimal(time / floor)) × a random read")
    }
}

/// A key made from a number, in place.
struct Keys {
    private(set) var text = Array("revoked:jti:00000000-0000-0000-0000-000000000000".utf8)
    private static let digits = Array("0123456789abcdef".utf8)

    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result { body(text.span.bytes) }

    mutating func make(_ number: Int) {
        var word = UInt64(truncatingIfNeeded: number) &* 0xD6E8_FEB8_6659_FD93
        word ^= word >> 32
        var other = word &* 0xD6E8_FEB8_6659_FD93
        text.withUnsafeMutableBufferPointer { text in
            Self.digits.withUnsafeBufferPointer { digits in
                for position in 12..<48 where position != 20 && position != 25 && position != 30 && position != 35 {
                    if position == 28 { swap(&word, &other) }
                    text[position] = digits[Int(word & 15)]
                    word >>= 4
                }
            }
        }
    }
}
