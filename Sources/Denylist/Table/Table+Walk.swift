extension Table {
    /// The number of hashes, and so of positions in a walk.
    static let end: UInt64 = 1 << hashBits
    /// The number of low bits that are always zero in a cursor: group boundaries do not need them.
    static let cursorShift: UInt64 = 10
    /// The most groups that a scan step visits under one lock, and in all for each entry requested.
    static let groupsPerLock = 16

    /// The group of a hash.
    struct Home {
        let segment: Segment
        let group: Int
        /// The first of the segment's hashes.
        let segmentStart: UInt64
        /// The number of bits in which they differ.
        let width: UInt64

        /// The first hash of the next segment.
        var segmentEnd: UInt64 { segmentStart + 1 << width }

        /// The first hash of the next group.
        var end: UInt64 { start(of: group + 1) }

        /// The first hash of a group; of the next segment for the group after the last.
        func start(of group: Int) -> UInt64 {
            let count = UInt64(segment.groupCount)
            guard UInt64(group) < count else { return segmentEnd }
            return segmentStart + ((UInt64(group) << 32 + count - 1) / count) << (width - 32)
        }
    }

    /// The home of a hash. Precondition: its shard is locked. A segment without groups is one home as a whole.
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

    /// Visits the live entries in the order of their hashes. An entry present throughout is visited exactly once,
    /// whatever else is written meanwhile.
    func scan(
        from cursor: UInt64, count: Int, at moment: ClockReading,
        _ visit: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ expiry: Int64) -> Void
    ) -> UInt64 {
        guard cursor < Self.end >> Self.cursorShift else { return 0 }
        var position = cursor << Self.cursorShift
        var visited = 0
        var groups = 0
        let maximumGroups = max(1, min(count, 1 << 40)) * 10
        while position < Self.end, visited < max(1, count), groups < maximumGroups {
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

    /// Visits live entries in the order of their homes until about `bytes` of keys and values were visited. Under one
    /// lock it visits at most that and one entry.
    /// - Parameters:
    ///   - position: 0, or the result of the step before.
    ///   - slots: memory shared by the steps.
    /// - Returns: the position of the next step; ``end`` after the last.
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

    /// Steps also end in an empty table.
    private static let groupsPerStep = 4096

    /// The part of a walk in one home. Large entries are visited in the order of their hashes, so that the walk can
    /// stop after each.
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
            // Entries with the same hash are visited together.
            let next = hash(of: slots[index + 1])
            if next != hash(of: slot) { return next }
        }
        return home.end
    }

    /// Visits the entries of this home with the hash `position` or later. They are in its group, and in later ones to
    /// which it overflowed.
    /// - Parameter isWanted: asked first, for it is cheaper than the hash.
    func forEachEntry(
        of home: Home, from position: UInt64, where isWanted: (Slot) -> Bool = { _ in true }, _ body: (Slot) -> Void
    ) {
        let count = home.segment.groupCount
        guard count > 0, home.segment.count > 0 else { return }
        var index = home.group
        for _ in 0..<count {
            let group = home.segment.group(index)
            for lane in group.occupied {
                let slot = group.slot(lane)
                guard isWanted(slot) else { continue }
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
