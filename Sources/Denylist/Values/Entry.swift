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
    @usableFromInline package private(set) var exists: Bool
    /// That of the slot.
    @usableFromInline private(set) var slotExpiry: Int64
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
        slotExpiry = slot?.expiry ?? Expiry.never
        exists = slot != nil && slotExpiry > key.hashed.time(moment)
    }

    /// The expiry of an entry that is not live any more, and has not been reclaimed.
    package var passedExpiry: Int64? { exists || slot == nil ? nil : slotExpiry }

    /// Whether the key is guarded.
    package var isGuarded: Bool { table.state.pointee.forms.isGuarded(kind: key.kind) }

    private var live: Slot {
        precondition(exists, "there is no entry")
        return slot.unsafelyUnwrapped
    }

    /// Unix milliseconds, ``Expiry/never`` if it does not expire. Precondition: ``exists``.
    @inlinable
    package var expiry: Int64 {
        precondition(exists, "there is no entry")
        return slotExpiry
    }

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
        slotExpiry = expiry
        exists = true
        change = .stored
    }

    /// Precondition: ``exists``.
    package mutating func setExpiry(_ expiry: Int64) {
        slot = table.setExpiry(key, live, table.shard(key.hash), expiry)
        slotExpiry = expiry
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
