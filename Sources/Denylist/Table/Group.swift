import CProcessor

/// 256 bytes, aligned, so that a look-up touches one page: 16 control bytes, then 10 slots.
///
///     byte 0–9     the tag of each slot, 0 for a free slot
///     byte 10–15   six counters of entries that found this group full on their way from home; an entry's hash
///                  chooses its counter, so a look-up continues only if such an entry did
///     byte 16–255  the slots
///
/// Because of the counters, a removed entry needs no tombstone.
struct Group {
    static let size = 256
    static let slots = 10
    private static let counters = 10
    private static let firstSlot = 16
    /// A counter with this value never changes: look-ups may then continue in vain, but never stop too early.
    private static let saturated = UInt8.max

    let address: UnsafeMutableRawPointer

    @inline(__always)
    init(_ address: UnsafeMutableRawPointer) { self.address = address }

    /// A slot's group.
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

    /// Prefetches the whole group: the right slot is known only after the tags arrive.
    @inline(__always)
    func prefetch() {
        for line in 0..<4 { processor_prefetch(address + line &* 64) }
    }

    /// Prefetches the cache line with the tags and counters.
    @inline(__always)
    func prefetchTags() { processor_prefetch(address) }

    /// Prefetches the slots with this tag. Takes no lock. The tags should have arrived.
    /// - Parameter orFree: without such slots, prefetches the slot that a new entry would take.
    /// - Returns: whether the search for this hash continues behind this group.
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

    /// Whether an entry with this hash may be in a later group.
    @inline(__always)
    func goesOn(_ hash: UInt64) -> Bool { address.load(fromByteOffset: counter(hash), as: UInt8.self) != 0 }

    /// Whether any entry that passed this group is in a later one.
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

    /// Precondition: not empty.
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
