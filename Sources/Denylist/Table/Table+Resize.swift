/// A segment is resized only as a whole: all entries of one or two segments move into new ones. At most a few thousand
/// entries move, so no caller waits long. The move also drops the arenas' garbage.
extension Table {
    /// Resizes the segment of a hash so that one more entry has room, with a record of this size (0: none).
    @inline(never)
    func makeRoom(_ hash: UInt64, _ shard: Shard, record size: Int) {
        let old = segment(segmentEntry(hash, shard))
        let depth = old.header.pointee.depth
        let blocks = Segment.blocks(for: old.count + 1)
        let arenaBlocks = (old.arenaLive + size + BlockPool.blockSize - 1) / BlockPool.blockSize
        let isLarge = max(blocks, arenaBlocks) > Segment.splitBlocks
        guard isLarge, state.pointee.shardBits + depth < Self.maximumDirectoryBits else {
            publish(rebuild(old, nil, depth: depth, blocks: blocks), hash)
            release(old)
            return
        }

        if depth == shard.depth { deepen(hash, shard) }
        let bit = UInt64(1) << (Self.hashBits - 1 - state.pointee.shardBits - depth)
        var upper = 0
        forEachSlot(old) { if self.hash(of: $0) & bit != 0 { upper += 1 } }
        let left = makeSegment(depth: depth + 1, blocks: Segment.blocks(for: old.count - upper + 1))
        let right = makeSegment(depth: depth + 1, blocks: Segment.blocks(for: upper + 1))
        let fillers = (filler(left), filler(right))
        move(old) { $0 & bit == 0 ? fillers.0 : fillers.1 }
        fillers.0.deallocate()
        fillers.1.deallocate()
        publish(left, hash & ~bit)
        publish(right, hash | bit)
        release(old)
        if depth + 1 == shard.depth { shard.deepest += 2 }
    }

    /// Shrinks the segment of a hash if it is much too large, and merges it with its lower neighbour while both are
    /// small. Not with the upper one: the hand comes from below, so that one may still be full of expired entries,
    /// which would crowd one half of the new segment.
    func shrink(_ hash: UInt64, _ shard: Shard) {
        var current = segment(segmentEntry(hash, shard))
        if current.isTooLarge {
            let blocks = Segment.blocks(for: current.count)
            let new = rebuild(current, nil, depth: current.header.pointee.depth, blocks: blocks)
            publish(new, hash)
            release(current)
            current = new
        }
        while current.header.pointee.depth > 0 {
            let depth = current.header.pointee.depth
            let bit = UInt64(1) << (Self.hashBits - state.pointee.shardBits - depth)
            guard hash & bit != 0 else { return }
            let other = segment(segmentEntry(hash ^ bit, shard))
            let arenaBlocks = (current.arenaLive + other.arenaLive) / BlockPool.blockSize
            let blocks = Segment.blocks(for: current.count + other.count)
            guard other.header.pointee.depth == depth, max(blocks, arenaBlocks) <= Segment.mergeBlocks else { return }
            let new = rebuild(current, other, depth: depth - 1, blocks: blocks)
            publish(new, hash)
            release(current)
            release(other)
            if depth == shard.depth {
                shard.deepest -= 2
                flatten(hash, shard)
            }
            current = new
        }
    }

    /// Empties a shard.
    func removeAll(_ index: Int) { removeAll(index) { reset($0) } }

    private func removeAll(_ index: Int, thenFill fill: (Int) -> Void) {
        let shard = shard(at: index)
        forEachSegment(index) {
            freeBoxes($0)
            release($0)
        }
        account(-directoryBytes(shard.depth))
        shard.depth = 0
        shard.entries = 0
        shard.expiring = 0
        fill(index)
    }

    /// Gives an empty shard segments for this many entries.
    func reserve(entries: Int, shard index: Int) {
        var depth: UInt64 = 0
        while entries >> Int(depth) > (Segment.splitBlocks - 1) * Segment.fullBlock,
            state.pointee.shardBits + depth < Self.maximumDirectoryBits
        { depth += 1 }
        let expected = entries >> Int(depth)
        // Hashes are random: 39 of 40 segments need no more.
        let likely = expected + 2 * Int(Double(expected).squareRoot())
        let blocks = min((likely + Segment.fullBlock - 1) / Segment.fullBlock, Segment.splitBlocks)
        removeAll(index) { number in
            let shard = shard(at: number)
            shard.depth = depth
            shard.deepest = 1 << Int(depth)
            account(directoryBytes(depth))
            for part in 0..<(1 << depth) {
                let hash =
                    UInt64(number) << (Self.hashBits - state.pointee.shardBits)
                    | UInt64(part) << (Self.hashBits - state.pointee.shardBits - depth)
                publish(makeSegment(depth: depth, blocks: blocks), hash)
            }
        }
    }

    /// Gives a shard without segments a first, empty one.
    func reset(_ index: Int) {
        let shard = shard(at: index)
        shard.deepest = 1
        account(directoryBytes(0))
        publish(makeSegment(depth: 0, blocks: 0), UInt64(index) << (Self.hashBits - state.pointee.shardBits))
    }

    // MARK: Segments

    private func makeSegment(depth: UInt64, blocks: Int) -> Segment {
        let headers = state.pointee.headers
        let number = headers.allocate()
        let segment = Segment.make(
            headers.address(number), state.pointee.pool, number: number, depth: depth, blocks: blocks)
        account(Segment.size + segment.bytes)
        return segment
    }

    private func release(_ segment: Segment) {
        account(-Segment.size - segment.bytes)
        segment.releaseBlocks()
        state.pointee.headers.free(segment.header.pointee.number)
    }

    /// Makes a new segment with the entries of one or two others.
    private func rebuild(_ old: Segment, _ other: Segment?, depth: UInt64, blocks: Int) -> Segment {
        let new = makeSegment(depth: depth, blocks: blocks)
        let filler = filler(new)
        defer { filler.deallocate() }
        move(old) { _ in filler }
        if let other { move(other) { _ in filler } }
        return new
    }

    private func filler(_ segment: Segment) -> SegmentFiller {
        SegmentFiller(segment, consumedBits: consumedBits(segment.header.pointee.depth))
    }

    /// Moves a segment's entries into others, records included.
    @inline(__always)
    private func move(_ old: Segment, to target: (_ hash: UInt64) -> SegmentFiller) {
        forEachSlot(old) { slot in
            let hash = hash(of: slot)
            let filler = target(hash)
            let new = filler.segment
            var meta = slot.meta
            if meta.value.isRecord {
                let record = old.record(meta.value)
                let room = new.append(record.size)
                account(room.grown)
                let reference = ValueReference(record: room.offset)
                record.copy(to: new.record(reference).address)
                if record.box != nil { new.header.pointee.boxes += 1 }
                meta = Meta(expiry: meta.expiry, value: reference, kind: meta.kind)
            }
            let place = filler.claim(hash)
            place.word0 = slot.word0
            place.word1 = slot.word1
            place.meta = meta
        }
    }

    @inline(__always)
    func forEachSlot(_ segment: Segment, _ body: (Slot) -> Void) {
        for index in 0..<segment.groupCount {
            let group = segment.group(index)
            for lane in group.occupied { body(group.slot(lane)) }
        }
    }

    // MARK: The directory

    private func directoryBytes(_ depth: UInt64) -> Int { SegmentEntry.size << Int(depth) }

    /// Writes a segment's entry at all places of the directory to which its hashes lead.
    private func publish(_ segment: Segment, _ hash: UInt64) {
        let shardNumber = shardIndex(hash)
        let spread = shard(at: shardNumber).depth - segment.header.pointee.depth
        let any = directoryIndex(hash, shardNumber)
        let first = (any >> Int(spread)) << Int(spread)
        for index in first..<(first + 1 << Int(spread)) {
            SegmentEntry.write(segment, at: directoryPlace(index, shard: shardNumber))
        }
    }

    private func directoryIndex(_ hash: UInt64, _ shardNumber: Int) -> Int {
        let depth = shard(at: shardNumber).depth
        return Int((hash << (1 + state.pointee.shardBits)) >> (64 - depth))
    }

    /// Doubles the shard's part of the directory.
    private func deepen(_ hash: UInt64, _ shard: Shard) {
        let number = shardIndex(hash)
        let count = 1 << Int(shard.depth)
        for index in (0..<count).reversed() {
            let place = directoryPlace(index, shard: number)
            SegmentEntry.copy(from: place, to: directoryPlace(index * 2 + 1, shard: number))
            SegmentEntry.copy(from: place, to: directoryPlace(index * 2, shard: number))
        }
        account(directoryBytes(shard.depth))
        shard.depth += 1
        shard.deepest = 0
    }

    /// Halves the shard's part of the directory while no segment needs all of it.
    private func flatten(_ hash: UInt64, _ shard: Shard) {
        let number = shardIndex(hash)
        while shard.deepest == 0, shard.depth > 0 {
            shard.depth -= 1
            let count = 1 << Int(shard.depth)
            for index in 0..<count {
                let place = directoryPlace(index, shard: number)
                SegmentEntry.copy(from: directoryPlace(index * 2, shard: number), to: place)
                if SegmentEntry(at: place).depth == shard.depth { shard.deepest += 1 }
            }
            account(-directoryBytes(shard.depth))
        }
    }

    /// Visits each segment of a shard once. `body` may release it.
    func forEachSegment(_ shardNumber: Int, _ body: (Segment) -> Void) {
        let depth = shard(at: shardNumber).depth
        var index = 0
        while index < 1 << Int(depth) {
            let entry = SegmentEntry(at: directoryPlace(index, shard: shardNumber))
            index += 1 << Int(depth - entry.depth)
            body(segment(entry))
        }
    }
}
