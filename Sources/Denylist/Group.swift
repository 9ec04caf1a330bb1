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
        let tags = address.load(as: SIMD16<UInt8>.self)
        let found = SIMD16<UInt8>(repeating: 0).replacing(with: 0x80, where: tags .== tag)
        let words = unsafeBitCast(found, to: SIMD2<UInt64>.self)
        return Lanes(low: words[0], high: words[1] & 0x8080)
    }

    var occupied: Lanes {
        let free = lanes(tagged: 0)
        return Lanes(low: ~free.low & 0x8080_8080_8080_8080, high: ~free.high & 0x8080)
    }

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

/// A set of a group's slots: the top bit of a byte for each.
struct Lanes: Sequence, IteratorProtocol {
    var low: UInt64
    var high: UInt64

    @inline(__always)
    var isEmpty: Bool { low | high == 0 }

    /// The first lane; requires one.
    @inline(__always)
    var first: Int { low != 0 ? low.trailingZeroBitCount &>> 3 : 8 &+ high.trailingZeroBitCount &>> 3 }

    @inline(__always)
    mutating func next() -> Int? {
        if low != 0 {
            defer { low &= low &- 1 }
            return low.trailingZeroBitCount &>> 3
        }
        if high != 0 {
            defer { high &= high &- 1 }
            return 8 &+ high.trailingZeroBitCount &>> 3
        }
        return nil
    }
}
