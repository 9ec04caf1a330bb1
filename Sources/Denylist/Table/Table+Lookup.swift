extension Table {
    /// The groups where a look-up of this hash begins, and the next one. Takes no lock, so they may be wrong.
    @inline(__always)
    private func peek(_ hash: UInt64) -> (home: Group, next: () -> Group)? {
        let entry = segmentEntry(hash, shard(hash))
        let groupCount = entry.groupCount
        guard groupCount > 0 else { return nil }
        let home = Segment.home(hash, consumedBits: consumedBits(entry.depth), groupCount: groupCount)
        let pool = state.pointee.pool
        return (entry.group(home, pool), { entry.group(home &+ 1 == groupCount ? 0 : home &+ 1, pool) })
    }

    /// Prefetches all of the group where a look-up of this hash most likely ends.
    func prefetch(_ hash: KeyHash) {
        if let home = hash.notedGroup { Group(home).prefetch() } else { peek(hash.value)?.home.prefetch() }
    }

    /// Prefetches the tags of the group where a look-up of this hash begins.
    /// - Returns: the hash, with the group's address.
    @inline(__always)
    func prefetchTags(_ hash: KeyHash) -> KeyHash {
        guard let home = peek(hash.value)?.home else { return hash }
        home.prefetchTags()
        return hash.noting(home.address)
    }

    /// Prefetches the slot where a look-up of this hash ends, after the tags of its group have arrived.
    /// - Parameter orFree: without an entry, prefetches the slot that a new one would take.
    @inline(__always)
    func prefetchSlot(_ hash: KeyHash, orFree: Bool) {
        // The group may have moved since.
        guard let home = hash.notedGroup, state.pointee.pool.has(home) else { return }
        if Group(home).prefetchSlots(hash.value, orFree: orFree) { peek(hash.value)?.next().prefetch() }
    }

    /// The slot of a key, expired or not.
    @inline(__always)
    func find(_ key: Key, _ shard: Shard) -> Slot? {
        let entry = segmentEntry(key.hash, shard)
        let groupCount = entry.groupCount
        guard groupCount > 0 else { return nil }
        let pool = state.pointee.pool
        let tag = Group.tag(key.hash)
        var index = Segment.home(key.hash, consumedBits: consumedBits(entry.depth), groupCount: groupCount)
        for _ in 0..<groupCount {
            let group = entry.group(index, pool)
            for lane in group.lanes(tagged: tag) {
                let slot = group.slot(lane)
                let kind = slot.meta.kind
                if kind == key.kind, slot.word0 == key.word0 {
                    if key.isCompact ? slot.word1 == key.word1 : holds(key, slot, segment(entry)) { return slot }
                } else if kind >= KeyForms.plain, key.isCompact, slot.word0 == key.hash,
                    holds(key, slot, segment(entry))
                {
                    // A compact key whose expiry does not fit is stored in full.
                    return slot
                }
            }
            guard group.goesOn(key.hash) else { return nil }
            index &+= 1
            if index == groupCount { index = 0 }
        }
        return nil
    }

    /// Whether a slot's full key is this one.
    @inline(never)
    private func holds(_ key: Key, _ slot: Slot, _ segment: Segment) -> Bool {
        let stored = segment.record(slot.meta.value).key
        return stored.count == key.bytes.count && equal(stored.baseAddress, key.bytes.baseAddress, count: stored.count)
    }

    /// The value in a slot. Valid until the shard is next written to, or another of its values is read.
    @inline(__always)
    func value(_ slot: Slot, _ segment: @autoclosure () -> Segment, _ shard: Shard) -> UnsafeRawBufferPointer {
        let reference = slot.meta.value
        if !reference.isRecord { return state.pointee.common.value(reference.common) }
        return segment().record(reference).value(state.pointee.common, scratch: shard.valueScratch)
    }

    /// The key in a slot; valid as ``value(_:_:_:)``.
    func keyText(_ slot: Slot, _ segment: Segment, _ shard: Shard) -> UnsafeRawBufferPointer {
        let meta = slot.meta
        if meta.kind >= KeyForms.plain { return segment.record(meta.value).key }
        let text = shard.keyScratch
        let count = state.pointee.forms.write(slot.word0, slot.word1, kind: meta.kind, to: text)
        return UnsafeRawBufferPointer(start: text, count: count)
    }
}
