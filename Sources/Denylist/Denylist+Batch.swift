extension Denylist.Keys {
    /// A few keys that are looked up together, each given in two parts. Nothing is allocated for them.
    package struct Batch: ~Copyable {
        fileprivate static let maximumKeys = 8
        fileprivate static let maximumBytes = 1_000

        private let table: Table
        private let text: UnsafeMutableRawBufferPointer
        private let hashes: UnsafeMutableBufferPointer<KeyHash>
        private let ends: UnsafeMutableBufferPointer<Int>
        private var count = 0
        private var used = 0

        fileprivate init(
            _ table: Table, _ text: UnsafeMutableRawBufferPointer, _ hashes: UnsafeMutableBufferPointer<KeyHash>,
            _ ends: UnsafeMutableBufferPointer<Int>
        ) {
            self.table = table
            self.text = text
            self.hashes = hashes
            self.ends = ends
        }

        private func key(_ index: Int) -> UnsafeRawBufferPointer {
            let start = index == 0 ? 0 : ends[index - 1]
            return UnsafeRawBufferPointer(rebasing: text[start..<ends[index]])
        }

        /// Adds a key, and prefetches its group.
        /// - Returns: false if there is no room for it.
        package mutating func add(_ beginning: RawSpan, _ rest: RawSpan) -> Bool {
            let (first, second) = (beginning.byteCount, rest.byteCount)
            guard count < Self.maximumKeys, first + second <= Self.maximumBytes - used, let base = text.baseAddress
            else { return false }
            beginning.withUnsafeBytes {
                if let start = $0.baseAddress { (base + used).copyMemory(from: start, byteCount: first) }
            }
            rest.withUnsafeBytes {
                if let start = $0.baseAddress { (base + used + first).copyMemory(from: start, byteCount: second) }
            }
            used += first + second
            ends[count] = used
            let hash = table.hash(key(count))
            table.prefetch(hash)
            hashes[count] = hash
            count += 1
            return true
        }

        /// Whether any of the keys has a live entry.
        package func containsAny(at moment: ClockReading) -> Bool {
            for index in 0..<count {
                let hash = hashes[index]
                let shard = table.shard(hash.value)
                shard.lock.lock()
                defer { shard.lock.unlock() }
                if let slot = table.find(Key(key(index), hash), shard), slot.expiry > hash.time(moment) { return true }
            }
            return false
        }
    }

    package func withBatch<Result>(_ body: (inout Batch) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: Batch.maximumBytes, alignment: 8) { text in
            withUnsafeTemporaryAllocation(of: KeyHash.self, capacity: Batch.maximumKeys) { hashes in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: Batch.maximumKeys) { ends in
                    var batch = Batch(table, text, hashes, ends)
                    return body(&batch)
                }
            }
        }
    }
}
