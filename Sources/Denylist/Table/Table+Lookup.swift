extension Table {
    /// The group where a lookup of this hash begins, and the one behind it. Takes no lock: at worst, they are others.
    @inline(__always)
    private func peek(_ hash: UInt64) -> (home: Group, next: () -> Group)? {
        let entry = segmentEntry(hash, shard(hash))
        let groupCount = entry.groupCount
        guard groupCount > 0 else { return nil }
        let home = Segment.home(hash, consumedBits: consumedBits(entry.depth), groupCount: groupCount)
        let pool = state.pointee.pool
        return (entry.group(home, pool), { entry.group(home &+ 1 == groupCount ? 0 : home &+ 1, pool) })
    }

    /// Asks for all of the group where a lookup of this hash most likely ends.
    func prefetch(_ hash: KeyHash) {
        if let home = hash.notedGroup { Group(home).prefetch() } else { peek(hash.value)?.home.prefetch() }
    }

    /// Asks for the line that says where in its group a lookup of this hash ends.
    /// - Returns: the hash, with a note of the group.
    @inline(__always)
    func prefetchTags(_ hash: KeyHash) -> KeyHash {
        guard let home = peek(hash.value)?.home else { return hash }
        home.prefetchTags()
        return hash.noting(home.address)
    }

    /// Asks for the slot where a lookup of this hash ends, once the tags of the group noted in it have come.
    /// - Parameter orFree: asks for the slot that a new entry would take if there is none.
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

    /// Whether the full key of a slot is this one.
    @inline(never)
    private func holds(_ key: Key, _ slot: Slot, _ segment: Segment) -> Bool {
        let stored = segment.record(slot.meta.value).key
        return stored.count == key.bytes.count && equal(stored.baseAddress, key.bytes.baseAddress, count: stored.count)
    }

    /// The value in a slot, valid until the shard is next written to, or another value of it is read.
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
