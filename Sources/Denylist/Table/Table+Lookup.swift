import CProcessor

extension Table {
    /// Hashes keys of one length, which stand at equal distances, and asks for the lines with the tags of their groups.
    /// - Parameter hashes: takes as many as it has room for.
    func beginPrefetch(
        _ keys: UnsafeRawBufferPointer, length: Int, distance: Int, into hashes: inout OutputSpan<KeyHash>
    ) {
        let count = hashes.freeCapacity
        guard count > 0, let start = keys.baseAddress else { return }
        precondition(length > 0 && distance >= length && (count - 1) * distance + length <= keys.count)
        let prefix = state.pointee.forms.prefix(of: UnsafeRawBufferPointer(start: start, count: length))
        let prefixOfFour = state.pointee.hashing.hashesFour ? prefix : nil
        var number = 0
        while number < count {
            if count - number >= 4, let prefixOfFour,
                appendFour(start + number &* distance, length, distance, prefixOfFour, &hashes)
            {
                number += 4
                continue
            }
            for number in number..<min(count, number + 4) {
                let key = start + number &* distance
                hashes.append(
                    prefetchTags(
                        compactHash(key, length, prefix) ?? hash(UnsafeRawBufferPointer(start: key, count: length))))
            }
            number += 4
        }
    }

    /// The same for four keys that begin with one prefix, if all of them have a compact form.
    @inline(__always)
    private func appendFour(
        _ keys: UnsafeRawPointer, _ length: Int, _ distance: Int, _ prefix: UnsafePointer<KeyForms.Prefix>,
        _ hashes: inout OutputSpan<KeyHash>
    ) -> Bool {
        for number in 0..<4 where !prefix.pointee.begins(keys + number &* distance, length) { return false }
        let uuids = keys + prefix.pointee.length
        guard let four = state.pointee.hashing.hashFour(uuids, distance: distance, kind: prefix.pointee.kind)
        else { return false }
        func append(_ hash: UInt64, _ word0: UInt64, _ word1: UInt64, _ kind: UInt64) {
            hashes.append(
                prefetchTags(
                    KeyHash(
                        value: hash >> 1, word0: word0, word1: word1, kind: kind,
                        isGuarded: state.pointee.forms.isGuarded(kind: kind))))
        }
        append(four.hash.0, four.word0.0, four.word1.0, four.kind.0)
        append(four.hash.1, four.word0.1, four.word1.1, four.kind.1)
        append(four.hash.2, four.word0.2, four.word1.2, four.kind.2)
        append(four.hash.3, four.word0.3, four.word1.3, four.kind.3)
        return true
    }

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

    /// Asks for the cache lines where a lookup of this hash most likely ends.
    func prefetch(_ hash: UInt64) { peek(hash)?.home.prefetch() }

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
        find(key.hashed, shard) { holds(key, $0, segment($1)) }
    }

    /// The slot of a key, expired or not.
    /// - Parameter isFull: whether a slot, whose hash is the key's, is that of the key, which is stored there in full.
    @inline(__always)
    func find(_ key: KeyHash, _ shard: Shard, _ isFull: (Slot, SegmentEntry) -> Bool) -> Slot? {
        let entry = segmentEntry(key.value, shard)
        let groupCount = entry.groupCount
        guard groupCount > 0 else { return nil }
        let pool = state.pointee.pool
        let tag = Group.tag(key.value)
        var index = Segment.home(key.value, consumedBits: consumedBits(entry.depth), groupCount: groupCount)
        for _ in 0..<groupCount {
            let group = entry.group(index, pool)
            for lane in group.lanes(tagged: tag) {
                let slot = group.slot(lane)
                let kind = slot.meta.kind
                if kind == key.kind, slot.word0 == key.word0 {
                    if key.isCompact ? slot.word1 == key.word1 : isFull(slot, entry) { return slot }
                } else if kind >= KeyForms.plain, key.isCompact, slot.word0 == key.value, isFull(slot, entry) {
                    // A compact key whose expiry does not fit is stored in full.
                    return slot
                }
            }
            guard group.goesOn(key.value) else { return nil }
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
