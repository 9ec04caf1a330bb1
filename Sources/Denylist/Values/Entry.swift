extension Table {
    /// The entry of a key, whose shard is locked.
    @usableFromInline
    func entry(_ key: UnsafeRawBufferPointer, _ hash: KeyHash, _ moment: ClockReading) -> Entry {
        Entry(self, Key(key, hash), at: moment)
    }
}

/// One entry while its shard is locked.
@usableFromInline
package struct Entry: ~Copyable {
    @usableFromInline let table: Table
    private let key: Key
    /// The entry's slot, expired or not.
    private var slot: Slot?
    /// Whether there is a live entry.
    package private(set) var exists: Bool
    /// How it was changed.
    package private(set) var change = Change.none

    package enum Change: Sendable {
        case none
        /// It is new, or has another value or expiry.
        case stored
        case removed
    }

    init(_ table: Table, _ key: Key, at moment: ClockReading) {
        self.table = table
        self.key = key
        slot = table.find(key, table.shard(key.hash))
        exists = slot.map { table.isLive($0, at: moment) } ?? false
    }

    /// The expiry of an entry that is not live any more, and has not been reclaimed.
    package var passedExpiry: Int64? { exists ? nil : slot?.expiry }

    /// Whether the key is guarded.
    package var isGuarded: Bool { table.state.pointee.forms.isGuarded(kind: key.kind) }

    private var live: Slot {
        precondition(exists, "there is no entry")
        return slot.unsafelyUnwrapped
    }

    /// Unix milliseconds, ``Expiry/never`` if it does not expire. Precondition: ``exists``.
    package var expiry: Int64 { live.expiry }

    /// The value, valid only during the call. Precondition: ``exists``.
    @inlinable
    package func withValue<Result>(_ body: (RawSpan) -> Result) -> Result { body(value.bytes) }

    @usableFromInline
    var value: UnsafeRawBufferPointer {
        let shard = table.shard(key.hash)
        return table.value(live, table.segment(table.segmentEntry(key.hash, shard)), shard)
    }

    /// Creates or replaces the entry.
    /// - Parameter value: not one from ``withValue(_:)``.
    package mutating func store(_ value: RawSpan, expiry: Int64) {
        let shard = table.shard(key.hash)
        slot = value.withUnsafeBytes { table.store(key, slot, shard, value: $0, expiry: expiry) }
        exists = true
        change = .stored
    }

    /// Precondition: ``exists``.
    package mutating func setExpiry(_ expiry: Int64) {
        slot = table.setExpiry(key, live, table.shard(key.hash), expiry)
        change = .stored
    }

    package mutating func remove() {
        guard exists, let slot else { return }
        table.remove(key.hash, slot, table.shard(key.hash))
        self.slot = nil
        exists = false
        change = .removed
    }
}
