import Synchronization

/// The directory's entry for a segment, in half a cache line: all that a look-up needs to find a group.
///
///     word 0     header (32 bits) · window (16) · depth (8) · number of blocks (8)
///     word 1–3   the blocks' places in the window, 16 bits each
///
/// Written under the shard's lock, word by word. Prefetches read it without the lock, and may see a torn entry.
struct SegmentEntry {
    static let size = 32
    static let maximumBlocks = 12

    private let place: UnsafeMutablePointer<Atomic<UInt64>>
    private let word: UInt64

    @inline(__always)
    init(at place: UnsafeMutableRawPointer) {
        self.place = place.assumingMemoryBound(to: Atomic<UInt64>.self)
        word = self.place.pointee.load(ordering: .relaxed)
    }

    /// The number of the segment's header.
    @inline(__always)
    var number: UInt32 { UInt32(truncatingIfNeeded: word) }
    @inline(__always)
    var depth: UInt64 { word &>> 48 & 0xFF }
    @inline(__always)
    var groupCount: Int { Int(truncatingIfNeeded: word &>> 56) &* Segment.groupsPerBlock }

    @inline(__always)
    func group(_ index: Int, _ pool: BlockPool) -> Group {
        let block = UInt(bitPattern: index) / UInt(Segment.groupsPerBlock)
        let four = place[Int(bitPattern: 1 &+ block &>> 2)].load(ordering: .relaxed)
        let number = word &>> 16 & 0xFFFF_0000 | four &>> (UInt64(block & 3) &* 16) & 0xFFFF
        let offset = UInt(bitPattern: index) % UInt(Segment.groupsPerBlock)
        return Group(pool.address(UInt32(truncatingIfNeeded: number)) + Int(bitPattern: offset) &* Group.size)
    }

    /// Writes a segment's entry.
    static func write(_ segment: Segment, at place: UnsafeMutableRawPointer) {
        let header = segment.header.pointee
        let blocks = segment.blocks
        precondition(blocks.count <= maximumBlocks)
        let window = UInt64((blocks.first ?? 0) >> 16)
        let words = place.assumingMemoryBound(to: Atomic<UInt64>.self)
        let first = UInt64(header.number) | window << 32 | header.depth << 48 | UInt64(blocks.count) << 56
        words[0].store(first, ordering: .relaxed)
        for word in 0..<3 {
            var four: UInt64 = 0
            for index in 0..<4 where word * 4 + index < blocks.count {
                four |= UInt64(blocks[word * 4 + index] & 0xFFFF) << UInt64(index * 16)
            }
            words[word + 1].store(four, ordering: .relaxed)
        }
    }

    static func copy(from place: UnsafeMutableRawPointer, to other: UnsafeMutableRawPointer) {
        let from = place.assumingMemoryBound(to: Atomic<UInt64>.self)
        let to = other.assumingMemoryBound(to: Atomic<UInt64>.self)
        for word in 0..<4 { to[word].store(from[word].load(ordering: .relaxed), ordering: .relaxed) }
    }
}
