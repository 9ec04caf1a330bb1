extension Table {
    /// Visits the entries among some hashes that expired between two moments: after the first, not after the second.
    /// The locks are held for a few groups at a time.
    func visitExpired(
        _ hashes: Range<UInt64>, after start: ClockReading, until end: ClockReading,
        _ visit: (_ key: UnsafeRawBufferPointer) -> Void
    ) {
        var position = hashes.lowerBound
        while position < hashes.upperBound {
            let number = shardIndex(position)
            let shard = shard(at: number)
            shard.lock.lock()
            defer { shard.lock.unlock() }
            for _ in 0..<Self.groupsPerLock {
                let home = home(position, shard)
                forEachEntry(of: home, from: position) { slot in
                    guard slot.meta.expiry != Meta.never else { return false }
                    let isGuarded = state.pointee.forms.isGuarded(kind: slot.meta.kind)
                    let expiry = slot.expiry
                    return isGuarded
                        ? expiry > start.guarded && expiry <= end.guarded : expiry > start.wall && expiry <= end.wall
                } _: { slot in
                    if hash(of: slot) < hashes.upperBound { visit(keyText(slot, home.segment, shard)) }
                }
                position = home.end
                guard position < hashes.upperBound, shardIndex(position) == number else { break }
            }
        }
    }
}

extension Denylist {
    /// The parts in which ``visitExpired(part:after:until:_:)`` walks.
    package static let parts = 10

    /// Visits the entries of one part that expired between two moments: after the first, not after the second. Those
    /// that were reclaimed meanwhile are missed.
    package func visitExpired(
        part: Int, after start: ClockReading, until end: ClockReading, _ visit: (_ key: RawSpan) -> Void
    ) {
        let size = Table.end / UInt64(Self.parts)
        let first = UInt64(part) * size
        table.visitExpired(
            first..<(part == Self.parts - 1 ? Table.end : first + size), after: start, until: end
        ) { visit($0.bytes) }
    }

    /// The part that holds this key.
    package static func part(of hash: KeyHash) -> Int {
        min(parts - 1, Int((hash.value & (Table.end - 1)) / (Table.end / UInt64(parts))))
    }
}
