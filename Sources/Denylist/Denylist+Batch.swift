extension Denylist.Keys {
    /// A few keys that are looked up together, each given in two parts. Nothing is allocated for them.
    package struct Batch: ~Copyable {
        fileprivate static let maximumKeys = 8
        fileprivate static let maximumBytes = 1_000

        private let table: Table
        private let text: UnsafeMutableRawBufferPointer
        private var hashes = InlineArray<8, KeyHash>(repeating: .none)
        private var ends = InlineArray<8, Int>(repeating: 0)
        private var count = 0
        private var used = 0

        fileprivate init(_ table: Table, _ text: UnsafeMutableRawBufferPointer) {
            self.table = table
            self.text = text
        }

        @inline(__always)
        private func key(_ index: Int, startingAt start: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: text.baseAddress! + start, count: ends[index] - start)
        }

        /// Adds a key, and prefetches what its look-up reads first.
        /// - Returns: false if there is no room for it.
        package mutating func add(_ beginning: RawSpan, _ rest: RawSpan) -> Bool {
            let (first, second) = (beginning.byteCount, rest.byteCount)
            guard count < Self.maximumKeys, first + second <= Self.maximumBytes - used, let base = text.baseAddress
            else { return false }
            // Read where they are: a load of bytes that were just stored in pieces would wait for the stores.
            var hash: KeyHash?
            beginning.withUnsafeBytes { beginning in
                rest.withUnsafeBytes { rest in
                    hash = table.hash(beginning, rest)
                    if let start = beginning.baseAddress { (base + used).copyMemory(from: start, byteCount: first) }
                    if let start = rest.baseAddress { (base + used + first).copyMemory(from: start, byteCount: second) }
                }
            }
            used += first + second
            ends[count] = used
            add(hash ?? table.hash(key(count, startingAt: used - first - second)))
            return true
        }

        @inline(__always)
        private mutating func add(_ hash: KeyHash) {
            // The first key is the one that is found most often. Whole groups of all keys are more than a core fetches
            // at once.
            if count == 0 { table.prefetch(hash) } else { _ = table.prefetchTags(hash) }
            hashes[count] = hash
            count += 1
        }

        /// Reads the values of live entries, each under its shard's lock, in the order of the keys.
        /// - Parameter body: receives the key's place and its value, which is valid only during the call. Says whether
        ///   that is enough.
        @inline(__always)
        fileprivate func readValues(
            at moment: ClockReading, _ body: (_ index: Int, _ value: RawSpan) -> Bool
        ) {
            var start = 0
            for index in 0..<count {
                let (hash, key) = (hashes[index], key(index, startingAt: start))
                start = ends[index]
                let shard = table.shard(hash.value)
                shard.lock.lock()
                defer { shard.lock.unlock() }
                guard let slot = table.find(Key(key, hash), shard), slot.expiry > hash.time(moment) else {
                    continue
                }
                let value = table.value(slot, table.segment(table.segmentEntry(hash.value, shard)), shard)
                if body(index, RawSpan(_unsafeBytes: value)) { return }
            }
        }
    }

    /// Looks up a few keys together.
    /// - Parameters:
    ///   - collect: adds them. Says whether there was room for all.
    ///   - body: as of ``Batch/readValues(at:_:)``.
    /// - Returns: false if there was no room, and nothing was read.
    package func readTogether(
        at moment: ClockReading, _ collect: (inout Batch) -> Bool, _ body: (_ index: Int, _ value: RawSpan) -> Bool
    ) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: Batch.maximumBytes, alignment: 8) { text in
            var batch = Batch(table, text)
            guard collect(&batch) else { return false }
            batch.readValues(at: moment, body)
            return true
        }
    }
}
