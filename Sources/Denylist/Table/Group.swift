import CProcessor

/// 256 bytes, aligned, so that a lookup finds all it needs in one page: 16 control bytes, then 10 slots.
///
///     byte 0–9     the tag of each slot, 0 where it is free
///     byte 10–15   six counters of the entries that found this group full on their way from home; each entry counts
///                  in the one that its hash chooses, so a lookup goes on only if one like it went on before
///     byte 16–255  the slots
///
/// With counters instead of tombstones, removing leaves nothing behind.
struct Group {
    static let size = 256
    static let slots = 10
    private static let counters = 10
    private static let firstSlot = 16
    /// A counter that got here stays here: lookups may then go on in vain, never stop too early.
    private static let saturated = UInt8.max

    let address: UnsafeMutableRawPointer

    @inline(__always)
    init(_ address: UnsafeMutableRawPointer) { self.address = address }

    /// The group that a slot is in.
    @inline(__always)
    init(of slot: Slot) {
        let offset = Int(bitPattern: slot.address) & (Self.size - 1)
        address = slot.address - offset
    }

    func clear() { address.storeBytes(of: SIMD2<UInt64>(), as: SIMD2<UInt64>.self) }

    // MARK: Slots

    @inline(__always)
    func slot(_ lane: Int) -> Slot {
        assert(lane >= 0 && lane < Self.slots)
        return Slot(address: address + (Self.firstSlot &+ lane &* Slot.size))
    }

    /// Never 0.
    @inline(__always)
    static func tag(_ hash: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: max(hash & 0xFF, 1)) }

    /// The slots with this tag; 0 finds the free ones.
    @inline(__always)
    func lanes(tagged tag: UInt8) -> Lanes {
        Lanes(bits: processor_equal_bytes(address, tag) & Lanes.all)
    }

    @inline(__always)
    var occupied: Lanes { Lanes(bits: lanes(tagged: 0).bits ^ Lanes.all) }

    @inline(__always)
    func take(_ lane: Int, tag: UInt8) {
        assert(tag != 0 && address.load(fromByteOffset: lane, as: UInt8.self) == 0)
        address.storeBytes(of: tag, toByteOffset: lane, as: UInt8.self)
    }

    func free(_ slot: Slot) {
        let lane = (slot.address - address - Self.firstSlot) / Slot.size
        assert(address.load(fromByteOffset: lane, as: UInt8.self) != 0)
        address.storeBytes(of: 0, toByteOffset: lane, as: UInt8.self)
    }

    /// Asks for all of it: which slot is wanted is known only when the tags are there.
    @inline(__always)
    func prefetch() {
        for line in 0..<4 { processor_prefetch(address + line &* 64) }
    }

    /// Asks for the line where the tags and counters are.
    @inline(__always)
    func prefetchTags() { processor_prefetch(address) }

    /// Asks for the slots with this tag; takes no lock, and the tags had better be there.
    /// - Parameter orFree: asks for the slot that a new entry would take if there are none.
    /// - Returns: whether the search for this hash goes on behind this group.
    @inline(__always)
    func prefetchSlots(_ hash: UInt64, orFree: Bool) -> Bool {
        var lanes = Lanes(bits: processor_peek_equal_bytes(address, Self.tag(hash)) & Lanes.all)
        if lanes.isEmpty {
            let zeros = processor_peek_equal_bytes(address, 0)
            guard zeros &>> UInt32(truncatingIfNeeded: counter(hash)) & 1 != 0 else { return true }
            guard orFree else { return false }
            lanes = Lanes(bits: zeros & Lanes.all)
            guard !lanes.isEmpty else { return true }
        }
        let slot = slot(lanes.first).address
        processor_prefetch(slot)
        processor_prefetch(slot + (Slot.size - 1))
        return false
    }

    // MARK: Counters

    @inline(__always)
    private func counter(_ hash: UInt64) -> Int {
        Self.counters &+ Int(truncatingIfNeeded: ((hash &>> 8 & 0xFFFF) &* 6) &>> 16)
    }

    /// Whether an entry with this hash may be further on.
    @inline(__always)
    func goesOn(_ hash: UInt64) -> Bool { address.load(fromByteOffset: counter(hash), as: UInt8.self) != 0 }

    /// Whether any entry whose way led here is further on.
    var goesOn: Bool { address.load(fromByteOffset: 8, as: UInt64.self) >> 16 != 0 }

    func countPassing(_ hash: UInt64) {
        let offset = counter(hash)
        let count = address.load(fromByteOffset: offset, as: UInt8.self)
        if count < Self.saturated { address.storeBytes(of: count + 1, toByteOffset: offset, as: UInt8.self) }
    }

    func uncountPassing(_ hash: UInt64) {
        let offset = counter(hash)
        let count = address.load(fromByteOffset: offset, as: UInt8.self)
        assert(count > 0)
        if count < Self.saturated { address.storeBytes(of: count - 1, toByteOffset: offset, as: UInt8.self) }
    }
}

/// A set of a group's slots, a bit for each.
struct Lanes: Sequence, IteratorProtocol {
    static let all: UInt32 = 1 << UInt32(Group.slots) - 1
    var bits: UInt32

    @inline(__always)
    var isEmpty: Bool { bits == 0 }

    /// Requires one.
    @inline(__always)
    var first: Int { bits.trailingZeroBitCount }

    func has(_ lane: Int) -> Bool { bits >> UInt32(lane) & 1 != 0 }

    @inline(__always)
    mutating func next() -> Int? {
        guard bits != 0 else { return nil }
        defer { bits &= bits &- 1 }
        return bits.trailingZeroBitCount
    }
}
