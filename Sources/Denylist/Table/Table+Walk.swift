extension Table {
    /// How many hashes there are, and with them positions in a walk.
    static let end: UInt64 = 1 << hashBits
    /// The low bits of a position that are always clear in a cursor: group boundaries never need them.
    static let cursorShift: UInt64 = 10
    /// The most groups that one scan step looks at under one lock, and in all for each entry asked for.
    private static let groupsPerLock = 16

    /// Where a hash belongs.
    struct Home {
        let segment: Segment
        let group: Int
        /// The first of the segment's hashes.
        let segmentStart: UInt64
        /// How many bits differ among them.
        let width: UInt64

        /// Where the hashes of the next segment begin.
        var segmentEnd: UInt64 { segmentStart + 1 << width }

        /// Where the hashes of the next group begin.
        var end: UInt64 { start(of: group + 1) }

        /// Where the hashes of a group begin, or of the next segment if it is the last one's successor.
        func start(of group: Int) -> UInt64 {
            let count = UInt64(segment.groupCount)
            guard UInt64(group) < count else { return segmentEnd }
            return segmentStart + ((UInt64(group) << 32 + count - 1) / count) << (width - 32)
        }
    }

    /// The home of a hash. Requires its shard's lock. The segment may have no groups; then it is the home as a whole.
    func home(_ hash: UInt64, _ shard: Shard) -> Home {
        let entry = segmentEntry(hash, shard)
        let consumed = consumedBits(entry.depth)
        let width = 64 - consumed
        return Home(
            segment: segment(entry),
            group: Segment.home(hash, consumedBits: consumed, groupCount: entry.groupCount),
            segmentStart: (hash >> width) << width,
            width: width)
    }

    /// Visits the live entries in the order of their hashes, so that an entry present throughout is visited whatever
    /// else is written meanwhile, and exactly once.
    func scan(
        from cursor: UInt64, count: Int, at moment: ClockReading,
        _ visit: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ expiry: Int64) -> Void
    ) -> UInt64 {
        guard cursor < Self.end >> Self.cursorShift else { return 0 }
        var position = cursor << Self.cursorShift
        var visited = 0
        var groups = 0
        let mostGroups = max(1, min(count, 1 << 40)) * 10
        while position < Self.end, visited < max(1, count), groups < mostGroups {
            let number = shardIndex(position)
            let shard = shard(at: number)
            shard.lock.lock()
            defer { shard.lock.unlock() }
            for _ in 0..<Self.groupsPerLock {
                let home = home(position, shard)
                forEachEntry(of: home, from: position) { slot in
                    guard isLive(slot, at: moment) else { return }
                    visit(keyText(slot, home.segment, shard), value(slot, home.segment, shard), slot.expiry)
                    visited += 1
                }
                position = home.end
                groups += 1
                guard position < Self.end, shardIndex(position) == number, visited < count else { break }
            }
        }
        return position < Self.end ? position >> Self.cursorShift : 0
    }

    /// Visits the live entries in the order of their homes until about `bytes` of keys and values were visited: under
    /// no lock more than that and one entry.
    /// - Parameters:
    ///   - position: 0, or what the step before returned.
    ///   - slots: room that the steps share.
    /// - Returns: where the next step begins, ``end`` after the last.
    func walk(
        from start: UInt64, bytes: Int, at moment: ClockReading, _ slots: inout [Slot],
        _ visit: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ expiry: Int64) -> Void
    ) -> UInt64 {
        var position = start
        var left = bytes
        var groups = 0
        repeat {
            let number = shardIndex(position)
            let shard = shard(at: number)
            shard.lock.lock()
            defer { shard.lock.unlock() }
            for _ in 0..<Self.groupsPerLock {
                position = walk(home(position, shard), from: position, &left, shard, at: moment, &slots, visit)
                groups += 1
                guard position < Self.end, shardIndex(position) == number, left > 0 else { break }
            }
        } while position < Self.end && left > 0 && groups < Self.groupsPerStep
        return position
    }

    /// An empty table is walked in steps, too.
    private static let groupsPerStep = 4096

    /// One home's part of a walk. Large entries are visited in the order of their hashes, so that it can stop behind
    /// each.
    private func walk(
        _ home: Home, from position: UInt64, _ left: inout Int, _ shard: Shard, at moment: ClockReading,
        _ slots: inout [Slot],
        _ visit: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ expiry: Int64) -> Void
    ) -> UInt64 {
        slots.removeAll(keepingCapacity: true)
        var hasLarge = false
        forEachEntry(of: home, from: position) { slot in
            guard isLive(slot, at: moment) else { return }
            slots.append(slot)
            let value = slot.meta.value
            if value.isRecord, home.segment.record(value).box != nil { hasLarge = true }
        }
        if hasLarge { slots.sort { hash(of: $0) < hash(of: $1) } }
        for index in slots.indices {
            let slot = slots[index]
            let (key, value) = (keyText(slot, home.segment, shard), value(slot, home.segment, shard))
            visit(key, value, slot.expiry)
            left -= key.count + value.count
            guard hasLarge, left <= 0, index + 1 < slots.count else { continue }
            // Two of one hash are visited together.
            let next = hash(of: slots[index + 1])
            if next != hash(of: slot) { return next }
        }
        return home.end
    }

    /// Visits the entries whose home this is and whose hash is `position` or later: they lie in the group and in those
    /// after it that its overflow led to.
    private func forEachEntry(of home: Home, from position: UInt64, _ body: (Slot) -> Void) {
        let count = home.segment.groupCount
        guard count > 0, home.segment.count > 0 else { return }
        var index = home.group
        for _ in 0..<count {
            let group = home.segment.group(index)
            for lane in group.occupied {
                let slot = group.slot(lane)
                let hash = hash(of: slot)
                if hash >= position, hash < home.end { body(slot) }
            }
            guard group.goesOn else { return }
            index += 1
            if index == count { index = 0 }
        }
    }

    /// Visits a live entry near a random place.
    /// - Returns: nil if there is none.
    func random<Result>(at moment: ClockReading, _ body: (_ key: UnsafeRawBufferPointer) -> Result) -> Result? {
        let start = UInt64.random(in: 0..<Self.end)
        var position = start
        var hasWrapped = false
        while !hasWrapped || position < start {
            let shard = shard(position)
            shard.lock.lock()
            defer { shard.lock.unlock() }
            let first = home(position, shard)
            if let slot = anySlot(first, at: moment) { return body(keyText(slot, first.segment, shard)) }
            position = first.segmentEnd
            if position >= Self.end {
                if hasWrapped { return nil }
                hasWrapped = true
                position = 0
            }
        }
        return nil
    }

    /// A live slot in a group or one after it in the same segment.
    private func anySlot(_ home: Home, at moment: ClockReading) -> Slot? {
        guard home.segment.count > 0 else { return nil }
        for index in home.group..<home.segment.groupCount {
            let group = home.segment.group(index)
            let occupied = group.occupied
            let first = Int.random(in: 0..<Group.slots)
            for step in 0..<Group.slots {
                let lane = (first + step) % Group.slots
                if occupied.has(lane), isLive(group.slot(lane), at: moment) { return group.slot(lane) }
            }
        }
        return nil
    }
}
