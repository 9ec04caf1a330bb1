import Synchronization

extension Denylist {
    /// Look-ups of single keys, in a value without reference counting. The caller keeps the denylist alive.
    // @unchecked: as Denylist, whose table this is.
    @usableFromInline package struct Keys: @unchecked Sendable, BitwiseCopyable {
        @usableFromInline let table: Table

        @usableFromInline
        init(table: Table) { self.table = table }

        /// As ``Denylist/isFull(adding:leaving:)``.
        package func isFull(adding bytes: Int = 0, leaving reserve: Int = 0) -> Bool {
            let most = table.state.pointee.limit.pointee.load(ordering: .relaxed)
            return most > 0 && table.used + bytes > most - reserve
        }

        /// Whether a key begins with ``Denylist/Configuration/guardedPrefix``.
        package func isGuarded(_ key: RawSpan) -> Bool {
            key.withUnsafeBytes { table.state.pointee.forms.isGuarded($0) }
        }

        /// As ``Denylist/hash(of:)``.
        package func hash(of key: RawSpan) -> KeyHash { key.withUnsafeBytes { table.hash($0) } }

        /// As ``Denylist/beginPrefetch(of:)``.
        package func beginPrefetch(of key: RawSpan) -> KeyHash {
            // As in `contains`: the hash is inlined here.
            table.prefetchTags(table.hash(key.withUnsafeBytes { $0 }))
        }

        /// As ``Denylist/prefetchSlots(_:orFree:)``.
        package func prefetchSlots(_ hashes: Span<KeyHash>, orFree: Bool) {
            for index in hashes.indices { table.prefetchSlot(hashes[index], orFree: orFree) }
        }

        /// As ``Denylist/prefetch(_:)``.
        package func prefetch(_ hash: KeyHash) { table.prefetch(hash) }

        /// As ``Denylist/contains(_:hash:at:)``.
        package func contains(_ key: RawSpan, hash: KeyHash, at moment: ClockReading) -> Bool {
            let shard = table.shard(hash.value)
            // The caller keeps the key until this returns. A closure around the rest would not be inlined.
            let bytes = key.withUnsafeBytes { $0 }
            shard.lock.lock()
            defer { shard.lock.unlock() }
            guard let slot = table.find(Key(bytes, hash), shard) else { return false }
            return slot.expiry > hash.time(moment)
        }

        /// As ``Denylist/read(_:hash:at:_:)``.
        @inlinable
        package func read<Result>(
            _ key: RawSpan, hash: KeyHash, at moment: ClockReading,
            _ body: (_ value: RawSpan, _ expiry: Int64) -> Result
        ) -> Result? {
            guard let found = begin(key, hash, moment) else { return nil }
            defer { end(hash) }
            return body(found.value.bytes, found.expiry)
        }

        // MARK: Parts

        @usableFromInline
        struct Found {
            @usableFromInline let value: UnsafeRawBufferPointer
            @usableFromInline let expiry: Int64
        }

        /// Locks the shard of a live entry; leaves it unlocked without one.
        @usableFromInline
        func begin(_ key: RawSpan, _ hash: KeyHash, _ moment: ClockReading) -> Found? {
            let shard = table.shard(hash.value)
            // As in `contains`.
            let bytes = key.withUnsafeBytes { $0 }
            shard.lock.lock()
            guard let slot = table.find(Key(bytes, hash), shard), slot.expiry > hash.time(moment) else {
                shard.lock.unlock()
                return nil
            }
            let value = table.value(slot, table.segment(table.segmentEntry(hash.value, shard)), shard)
            return Found(value: value, expiry: slot.expiry)
        }

        @usableFromInline
        func begin(_ hash: KeyHash) { table.shard(hash.value).lock.lock() }

        @usableFromInline
        func end(_ hash: KeyHash) { table.shard(hash.value).lock.unlock() }
    }

    /// Changes of single entries, without reference counting. Its owner may write, so it is not passed around.
    @usableFromInline package struct Writer: Sendable, BitwiseCopyable {
        @usableFromInline let keys: Keys

        @usableFromInline
        init(_ keys: Keys) { self.keys = keys }

        /// As ``Denylist/update(_:hash:at:_:)``.
        @inlinable
        package func update<Result>(
            _ key: RawSpan, hash: KeyHash, at moment: ClockReading, _ body: (inout Entry) -> Result
        ) -> Result {
            key.withUnsafeBytes { bytes in
                keys.begin(hash)
                defer { keys.end(hash) }
                var entry = keys.table.entry(bytes, hash, moment)
                return body(&entry)
            }
        }
    }
}
