#if os(Linux)
    import Denylist

    /// Measures a table of `revoked:jti:<uuid>` → `logout`.
    package struct TableBench {
        private static let operations = 2_000_000
        private static let batch = 16
        private static let now = ClockReading(wall: 1_700_000_000_000, guarded: 1_700_000_000_000)

        private let entries: Int
        private let denylist: Denylist
        private let keys = TableKeys(count: batch)
        private let hashes = UnsafeMutableBufferPointer<KeyHash>.allocate(capacity: batch)

        init(entries: Int, configuration: Denylist.Configuration) {
            self.entries = entries
            denylist = Denylist(configuration)
        }

        /// Measures tables of so many million entries.
        /// - Parameter millions: the sizes; empty for the usual ones.
        /// - Parameter measuresPauses: whether to measure single inserts of a growing table instead.
        package static func run(millions: [Double], measuresPauses: Bool, hugePages: Bool) {
            var configuration = Denylist.Configuration()
            configuration.hugePages = hugePages
            for size in millions.isEmpty ? measuresPauses ? [10] : [1, 10] : millions {
                let entries = Int(size * 1_000_000)
                if measuresPauses {
                    TablePauseBench(entries: entries, runs: 5, configuration: configuration).run()
                } else {
                    TableBench(entries: entries, configuration: configuration).run()
                }
            }
        }

        private func run() {
            print("\n\(entries) entries: revoked:jti:<uuid> → logout; processor time of one thread")
            let before = Cost.residentBytes()
            insert()
            let memory = Cost.residentBytes() - before
            print("  resident bytes per entry: \(Cost.decimal(Double(memory) / Double(entries))),", terminator: " ")
            print("accounted: \(Cost.decimal(Double(denylist.statistics.bytes) / Double(entries)))")

            let read = Cost.dependentRandomRead(over: memory)
            let making = Cost.measure(count: Self.operations) { forEachBatch { keys.make($0, at: $1) } }
            report("dependent random read in as much memory", read, read)
            report("hash of a key", Cost.measure(count: Self.operations, hashOneKey), read)
            for (name, offset) in [("hit", 0), ("miss", entries)] {
                let found = offset == 0
                report(
                    "\(name), one at a time",
                    Cost.measure(count: Self.operations) { oneAtATime(offset, found) } - making,
                    read)
                report(
                    "\(name), prefetched, 16 at a time",
                    Cost.measure(count: Self.operations) { batches(offset, found) } - making, read)
            }
            report("change of an expiry, 16 at a time", Cost.measure(count: Self.operations, updates) - making, read)
            let slots = entries * 6 / 5
            report("hand, per slot", Cost.measure(count: slots) { denylist.reclaim(slots: slots, at: Self.now) }, read)
            expire(read)
        }

        private func report(_ what: String, _ cost: Cost, _ read: Cost) {
            let name = what + String(repeating: " ", count: max(0, 42 - what.count))
            let instructions =
                cost.instructions.map { "\(Cost.decimal($0)) instructions" } ?? "(instructions not counted here)"
            print(
                "  \(name) \(Cost.decimal(cost.time)) ns = \(Cost.decimal(cost.time / read.time, digits: 2)) reads, \(instructions)"
            )
        }

        // MARK: Work

        /// Makes numbers below ``entries``, in no order, 16 at a time.
        private func forEachBatch(_ make: (_ number: Int, _ place: Int) -> Void, then body: () -> Void = {}) {
            for first in stride(from: 0, to: Self.operations, by: Self.batch) {
                for index in 0..<Self.batch {
                    let scattered = UInt64(truncatingIfNeeded: first + index) &* 0x9E37_79B9_7F4A_7C15
                    make(Int(scattered >> 11) % entries, index)
                }
                body()
            }
        }

        private func hashOneKey() {
            keys.make(1, at: 0)
            var sum: UInt64 = 0
            for _ in 0..<Self.operations { sum ^= denylist.hash(of: keys[0].bytes).value }
            Cost.consume(sum)
        }

        private func oneAtATime(_ offset: Int, _ expected: Bool) {
            forEachBatch {
                keys.make($0 + offset, at: $1)
            } then: {
                for index in 0..<Self.batch {
                    let key = keys[index].bytes
                    let hash = denylist.hash(of: key)
                    denylist.prefetch(hash)
                    let found = denylist.contains(key, hash: hash, at: Self.now)
                    precondition(found == expected)
                }
            }
        }

        private func hashAndPrefetch(mayInsert: Bool) {
            for index in 0..<Self.batch {
                hashes[index] = denylist.beginPrefetch(of: keys[index].bytes)
            }
            let all = Span(_unsafeElements: UnsafeBufferPointer(hashes))
            denylist.prefetchSlots(all, orFree: mayInsert)
        }

        private func batches(_ offset: Int, _ expected: Bool) {
            forEachBatch {
                keys.make($0 + offset, at: $1)
            } then: {
                hashAndPrefetch(mayInsert: false)
                for index in 0..<Self.batch {
                    let found = denylist.contains(keys[index].bytes, hash: hashes[index], at: Self.now)
                    precondition(found == expected)
                }
            }
        }

        private func updates() {
            forEachBatch {
                keys.make($0, at: $1)
            } then: {
                hashAndPrefetch(mayInsert: false)
                for index in 0..<Self.batch {
                    denylist.update(keys[index].bytes, hash: hashes[index], at: Self.now) {
                        $0.setExpiry($0.expiry + 1)
                    }
                }
            }
        }

        /// Inserts all keys, 16 at a time as the daemon would; so the longest of these is no shorter than the longest
        /// insert.
        private func insert() {
            let value = Array("logout".utf8)
            var longest: UInt64 = 0
            var sum: UInt64 = 0
            var overHalf = 0
            for first in stride(from: 0, to: entries, by: Self.batch) {
                for index in 0..<Self.batch { keys.make(first + index, at: index) }
                let start = Cost.nanoseconds()
                hashAndPrefetch(mayInsert: true)
                for index in 0..<Self.batch {
                    denylist.update(keys[index].bytes, hash: hashes[index], at: Self.now) {
                        $0.store(value.span.bytes, expiry: Self.now.wall + 3_600_000 + Int64(first % 1000))
                    }
                }
                let took = Cost.nanoseconds() - start
                longest = max(longest, took)
                if took > 500_000 { overHalf += 1 }
                sum += took
                // As a daemon's housekeeping would meanwhile.
                if first % 1_600 == 0 { denylist.reclaim(slots: 10, at: Self.now) }
            }
            print("  insert, growth included: \(Cost.decimal(Double(sum) / Double(entries))) ns;", terminator: " ")
            print("longest 16 inserts: \(Cost.decimal(Double(longest) / 1000)) µs,", terminator: " ")
            print("\(overHalf) over 500 µs (this machine's own: \(machinePauses(for: sum)))")
        }

        /// The pauses of a loop that only computes, in pieces of some 10 µs, for as long: what the machine is to blame
        /// for.
        private func machinePauses(for time: UInt64) -> String {
            var longest: UInt64 = 0
            var sum: UInt64 = 0
            var overHalf = 0
            var hash: UInt64 = 0
            while sum < time {
                let start = Cost.nanoseconds()
                for _ in 0..<500 { hash ^= denylist.hash(of: keys[0].bytes).value }
                let took = Cost.nanoseconds() - start
                longest = max(longest, took)
                if took > 500_000 { overHalf += 1 }
                sum += took
            }
            Cost.consume(hash)
            return "\(Cost.decimal(Double(longest) / 1000)) µs, \(overHalf) over 500 µs"
        }

        /// All entries expire: what the hand takes, in steps as the daemon makes them.
        private func expire(_ read: Cost) {
            let later = ClockReading(wall: Self.now.wall + 100_000_000, guarded: Self.now.guarded + 100_000_000)
            var longest: UInt64 = 0
            let cost = Cost.measure(count: entries, runs: 1) {
                while denylist.statistics.entries > 0 {
                    let start = Cost.nanoseconds()
                    denylist.reclaim(slots: 6_400, at: later)
                    longest = max(longest, Cost.nanoseconds() - start)
                }
            }
            report("expire, per entry", cost, read)
            print("  longest step of 6,400 slots: \(Cost.decimal(Double(longest) / 1000)) µs")
        }
    }
#endif
