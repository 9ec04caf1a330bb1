/// Fills a new segment with many entries, one after the other.
///
/// Keeps the free slots of each group beside the segment. A vector load of control bytes just stored one by one would
/// stall on those stores.
struct SegmentFiller {
    let segment: Segment
    private let consumedBits: UInt64
    private let free: UnsafeMutableBufferPointer<UInt16>

    /// - Parameter segment: an empty one.
    init(_ segment: Segment, consumedBits: UInt64) {
        self.segment = segment
        self.consumedBits = consumedBits
        free = .allocate(capacity: segment.groupCount)
        free.initialize(repeating: UInt16(Lanes.all))
    }

    func deallocate() { free.deallocate() }

    /// As ``Segment/claim(_:consumedBits:)``.
    @inline(__always)
    func claim(_ hash: UInt64) -> Slot {
        var index = Segment.home(hash, consumedBits: consumedBits, groupCount: free.count)
        while free[index] == 0 {
            segment.group(index).countPassing(hash)
            index &+= 1
            if index == free.count { index = 0 }
        }
        let lane = Lanes(bits: UInt32(free[index])).first
        free[index] &= ~(1 &<< UInt16(truncatingIfNeeded: lane))
        let group = segment.group(index)
        group.take(lane, tag: Group.tag(hash))
        segment.header.pointee.count &+= 1
        return group.slot(lane)
    }
}
