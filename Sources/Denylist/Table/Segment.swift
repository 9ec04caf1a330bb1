/// A range of hashes: blocks of groups, ordered by hash, and an arena for data that does not fit into slots.
///
/// A look-up needs only the directory's entry (``SegmentEntry``), not the header.
struct Segment {
    static let groupsPerBlock = BlockPool.blockSize / Group.size
    static let slotsPerBlock = groupsPerBlock * Group.slots
    /// The most entries per block before the segment grows: 92 %.
    static let fullBlock = slotsPerBlock * 92 / 100
    /// The entries per block right after it was resized: 85 %.
    static let freshBlock = slotsPerBlock * 85 / 100
    /// The most blocks that a header has room for, of slots and of arena. The directory's limit is
    /// ``SegmentEntry/maximumBlocks``.
    static let maximumBlocks = 16
    /// A segment with more blocks of either kind is split. (Half of 11 full blocks fits well into 6.)
    static let splitBlocks = 11
    /// Two neighbours with no more blocks together are merged.
    static let mergeBlocks = 5
    /// A header, followed by the numbers of its blocks, of slots and of arena.
    static let size = 64 + 2 * maximumBlocks * MemoryLayout<UInt32>.stride

    struct Header {
        var count = 0
        var blockCount = 0
        var depth: UInt64 = 0
        /// The offset of the next record.
        var arenaUsed = 0
        /// The unused bytes before it.
        var arenaGarbage = 0
        /// Records that own memory outside of the arena.
        var boxes = 0
        var arenaBlockCount = 0
        var number: UInt32
    }

    let header: UnsafeMutablePointer<Header>
    let pool: BlockPool

    @inline(__always)
    init(_ address: UnsafeMutableRawPointer, _ pool: BlockPool) {
        header = address.assumingMemoryBound(to: Header.self)
        self.pool = pool
    }

    /// Room for the numbers of its blocks, of slots and of arena.
    private var numbers: UnsafeMutablePointer<UInt32> {
        (UnsafeMutableRawPointer(header) + 64).assumingMemoryBound(to: UInt32.self)
    }

    var blocks: UnsafeMutableBufferPointer<UInt32> {
        UnsafeMutableBufferPointer(start: numbers, count: header.pointee.blockCount)
    }

    private var arenaBlocks: UnsafeMutableBufferPointer<UInt32> {
        UnsafeMutableBufferPointer(start: numbers + Self.maximumBlocks, count: header.pointee.arenaBlockCount)
    }

    var count: Int { header.pointee.count }
    var groupCount: Int { header.pointee.blockCount * Self.groupsPerBlock }

    /// The number of blocks for `entries` entries.
    static func blocks(for entries: Int) -> Int { (entries + freshBlock - 1) / freshBlock }

    /// Whether a resize would save a quarter of its blocks.
    var isTooLarge: Bool {
        let blocks = Self.blocks(for: count)
        let arenaBlocks = (arenaLive + BlockPool.blockSize - 1) / BlockPool.blockSize
        // Records leave a part of each block unused, so a few extra blocks are not waste.
        let arenaLimit = arenaBlocks == 0 ? 0 : arenaBlocks + arenaBlocks / 4 + 1
        return blocks * 4 < header.pointee.blockCount * 3 || header.pointee.arenaBlockCount > arenaLimit
    }

    // MARK: Making and releasing

    /// A new segment over a header's memory.
    static func make(_ address: UnsafeMutableRawPointer, _ pool: BlockPool, number: UInt32, depth: UInt64, blocks: Int)
        -> Segment
    {
        precondition(blocks <= SegmentEntry.maximumBlocks, "too many keys with one hash: it must come from hash(of:)")
        address.bindMemory(to: Header.self, capacity: 1).initialize(to: Header(number: number))
        let segment = Segment(address, pool)
        segment.header.pointee.depth = depth
        segment.header.pointee.blockCount = blocks
        pool.allocate(into: segment.blocks)
        for block in segment.blocks {
            for group in 0..<groupsPerBlock { Group(pool.address(block) + group * Group.size).clear() }
        }
        return segment
    }

    /// Returns all its blocks. The header stays with its owner.
    func releaseBlocks() {
        pool.free(blocks)
        pool.free(arenaBlocks)
        header.pointee.blockCount = 0
        header.pointee.arenaBlockCount = 0
    }

    /// The memory of its blocks, in bytes.
    var bytes: Int { (header.pointee.blockCount + header.pointee.arenaBlockCount) * BlockPool.blockSize }

    // MARK: Groups

    func group(_ index: Int) -> Group {
        let block = blocks[index / Self.groupsPerBlock]
        return Group(pool.address(block) + index % Self.groupsPerBlock * Group.size)
    }

    /// The group in which the search for a hash begins, of `groupCount`, ordered by hash.
    @inline(__always)
    static func home(_ hash: UInt64, consumedBits: UInt64, groupCount: Int) -> Int {
        Int(truncatingIfNeeded: (((hash &<< consumedBits) &>> 32) &* UInt64(truncatingIfNeeded: groupCount)) &>> 32)
    }

    /// Takes a free slot for a new entry. Precondition: there is one.
    func claim(_ hash: UInt64, consumedBits: UInt64) -> Slot {
        var index = Self.home(hash, consumedBits: consumedBits, groupCount: groupCount)
        while true {
            let group = group(index)
            let free = group.lanes(tagged: 0)
            if !free.isEmpty {
                let lane = free.first
                group.take(lane, tag: Group.tag(hash))
                header.pointee.count += 1
                return group.slot(lane)
            }
            group.countPassing(hash)
            index += 1
            if index == groupCount { index = 0 }
        }
    }

    /// Frees the slot of an entry with this hash.
    func vacate(_ slot: Slot, _ hash: UInt64, consumedBits: UInt64) {
        let last = Group(of: slot)
        var index = Self.home(hash, consumedBits: consumedBits, groupCount: groupCount)
        while true {
            let group = group(index)
            if group.address == last.address { break }
            group.uncountPassing(hash)
            index += 1
            if index == groupCount { index = 0 }
        }
        last.free(slot)
        header.pointee.count -= 1
    }

    // MARK: Arena

    func record(_ reference: ValueReference) -> Record {
        let offset = reference.offset
        assert(reference.isRecord && offset < header.pointee.arenaUsed)
        let block = arenaBlocks[offset / BlockPool.blockSize]
        return Record(address: pool.address(block) + offset % BlockPool.blockSize)
    }

    /// The offset for a record of `size` bytes, which must not cross a block's end.
    private func place(_ size: Int) -> Int {
        let used = header.pointee.arenaUsed
        let left = BlockPool.blockSize - used % BlockPool.blockSize
        return used % BlockPool.blockSize != 0 && left < size ? used + left : used
    }

    /// The size of the arena's live records, in bytes.
    var arenaLive: Int { header.pointee.arenaUsed - header.pointee.arenaGarbage }

    /// Whether one more entry with a record of this size fits without a resize. An arena with a quarter of garbage gets
    /// no more blocks, because the resize compacts it.
    func hasRoom(entries: Int, record size: Int) -> Bool {
        guard header.pointee.count + entries <= header.pointee.blockCount * Self.fullBlock else { return false }
        guard size > 0 else { return true }
        let end = place(size) + size
        if end <= header.pointee.arenaBlockCount * BlockPool.blockSize { return true }
        return end <= Self.maximumBlocks * BlockPool.blockSize
            && header.pointee.arenaGarbage * 4 <= header.pointee.arenaUsed
    }

    /// Makes room for a record.
    /// - Returns: its offset, and by how many bytes the arena grew.
    func append(_ size: Int) -> (offset: Int, grown: Int) {
        assert(size > 0 && size <= Record.maximumSize && size % Record.unit == 0)
        let start = place(size)
        header.pointee.arenaGarbage += start - header.pointee.arenaUsed
        header.pointee.arenaUsed = start + size
        let needed = (start + size + BlockPool.blockSize - 1) / BlockPool.blockSize
        guard needed > header.pointee.arenaBlockCount else { return (start, 0) }
        precondition(needed <= Self.maximumBlocks, "too many keys with one hash: it must come from hash(of:)")
        header.pointee.arenaBlockCount += 1
        pool.allocate(into: UnsafeMutableBufferPointer(rebasing: arenaBlocks[(needed - 1)...]))
        return (start, BlockPool.blockSize)
    }

    func discard(_ size: Int) { header.pointee.arenaGarbage += size }
}
