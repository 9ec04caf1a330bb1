extension Table {
    /// How to store an entry.
    private struct Plan {
        /// Whether the slot holds the key.
        let isCompact: Bool
        let common: Int
        /// Nil if the slot holds the value.
        let record: Record.Plan?
        let expiry: UInt64
    }

    /// Creates or replaces an entry.
    /// - Parameter existing: its slot, if there is one.
    /// - Returns: its slot now.
    func store(_ key: Key, _ existing: Slot?, _ shard: Shard, value: UnsafeRawBufferPointer, expiry: Int64) -> Slot {
        let field = Meta.field(expiry)
        let isCompact = key.isCompact && field != Meta.outOfLine
        let common = isCompact ? state.pointee.common.number(of: value) : nil
        var record: Record.Plan?
        if common == nil {
            let packed = PackedValue(value, state.pointee.common)
            record = Record.Plan(key: isCompact ? 0 : key.bytes.count, value: value, packed: packed)
        }
        let plan = Plan(isCompact: isCompact, common: common ?? 0, record: record, expiry: field)

        if let existing {
            if replace(key, existing, shard, plan, value: value, expiry: expiry) { return existing }
            remove(key.hash, existing, shard)
        }
        return insert(key, shard, plan, value: value, expiry: expiry)
    }

    /// Overwrites an entry in place, if the old one takes as much room.
    private func replace(
        _ key: Key, _ slot: Slot, _ shard: Shard, _ plan: Plan, value: UnsafeRawBufferPointer, expiry: Int64
    ) -> Bool {
        let meta = slot.meta
        guard (meta.kind < KeyForms.plain) == plan.isCompact, meta.value.isRecord == (plan.record != nil) else {
            return false
        }
        if let record = plan.record {
            let old = segment(segmentEntry(key.hash, shard)).record(meta.value)
            guard old.fits(record) else { return false }
            old.write(key: recordKey(key, plan), value: value, record)
        }
        let reference = plan.record == nil ? ValueReference(common: plan.common) : meta.value
        countExpiring(shard, was: meta.expiry, is: plan.expiry)
        slot.meta = Meta(expiry: plan.expiry, value: reference, kind: meta.kind)
        if !plan.isCompact { slot.word1 = UInt64(bitPattern: expiry) }
        return true
    }

    private func insert(_ key: Key, _ shard: Shard, _ plan: Plan, value: UnsafeRawBufferPointer, expiry: Int64) -> Slot
    {
        let size = plan.record?.size ?? 0
        var entry = segmentEntry(key.hash, shard)
        while entry.groupCount == 0 || !segment(entry).hasRoom(entries: 1, record: size) {
            makeRoom(key.hash, shard, record: size)
            entry = segmentEntry(key.hash, shard)
        }
        let segment = segment(entry)
        var reference = ValueReference(common: plan.common)
        if let record = plan.record {
            let room = segment.append(size)
            account(room.grown)
            reference = ValueReference(record: room.offset)
            let place = segment.record(reference)
            place.write(key: recordKey(key, plan), value: value, record)
            if let box = place.box {
                segment.header.pointee.boxes += 1
                account(box.size)
            }
        }
        let slot = segment.claim(key.hash, consumedBits: consumedBits(entry.depth))
        if plan.isCompact {
            slot.word0 = key.word0
            slot.word1 = key.word1
        } else {
            slot.word0 = key.hash
            slot.word1 = UInt64(bitPattern: expiry)
        }
        let kind = plan.isCompact || !key.isCompact ? key.kind : fullKind(key.bytes)
        slot.meta = Meta(expiry: plan.expiry, value: reference, kind: kind)
        shard.entries += 1
        if plan.expiry != Meta.never { shard.expiring += 1 }
        return slot
    }

    private func recordKey(_ key: Key, _ plan: Plan) -> UnsafeRawBufferPointer {
        plan.isCompact ? UnsafeRawBufferPointer(start: nil, count: 0) : key.bytes
    }

    private func countExpiring(_ shard: Shard, was: UInt64, is now: UInt64) {
        if was == Meta.never, now != Meta.never { shard.expiring += 1 }
        if was != Meta.never, now == Meta.never { shard.expiring -= 1 }
    }

    /// Changes the expiry of an entry.
    /// - Returns: its slot now.
    func setExpiry(_ key: Key, _ slot: Slot, _ shard: Shard, _ expiry: Int64) -> Slot {
        let field = Meta.field(expiry)
        var meta = slot.meta
        if field == Meta.outOfLine, meta.kind < KeyForms.plain {
            // The entry moves: its value must survive that.
            let value = value(slot, segment(segmentEntry(key.hash, shard)), shard)
            return withUnsafeTemporaryAllocation(byteCount: max(1, value.count), alignment: 1) { copy in
                copy.copyMemory(from: value)
                let kept = UnsafeRawBufferPointer(rebasing: copy[..<value.count])
                return store(key, slot, shard, value: kept, expiry: expiry)
            }
        }
        countExpiring(shard, was: meta.expiry, is: field)
        meta.expiry = field
        slot.meta = meta
        if meta.kind >= KeyForms.plain { slot.word1 = UInt64(bitPattern: expiry) }
        return slot
    }

    /// Removes an entry.
    func remove(_ hash: UInt64, _ slot: Slot, _ shard: Shard) {
        let entry = segmentEntry(hash, shard)
        let segment = segment(entry)
        let meta = slot.meta
        if meta.value.isRecord {
            let record = segment.record(meta.value)
            segment.discard(record.size)
            if let box = record.box { free(box, segment) }
        }
        segment.vacate(slot, hash, consumedBits: consumedBits(entry.depth))
        shard.entries -= 1
        if meta.expiry != Meta.never { shard.expiring -= 1 }
    }

    private func free(_ box: Box, _ segment: Segment) {
        segment.header.pointee.boxes -= 1
        account(-box.size)
        box.deallocate()
    }

    /// Frees the boxes of the segment's records.
    func freeBoxes(_ segment: Segment) {
        guard segment.header.pointee.boxes > 0 else { return }
        for index in 0..<segment.groupCount {
            let group = segment.group(index)
            for lane in group.occupied {
                let reference = group.slot(lane).meta.value
                if reference.isRecord, let box = segment.record(reference).box { free(box, segment) }
            }
        }
    }
}
