/// The keys of a load: as many different UUIDs as wanted, computed from their index, so that none is kept in memory.
struct KeySpace: Sendable {
    /// The length of a UUID's text.
    static let uuidLength = 36
    /// A UUID's text in a request, before its digits are written.
    static let placeholder = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
    /// The first index of keys that are never stored.
    static let absent: UInt64 = 1 << 62

    /// Two key spaces of different seeds have no key in common.
    var seed: UInt64 = 0

    /// The UUID (version 4) of an index, as two halves.
    @inline(__always)
    func uuid(_ index: UInt64) -> (UInt64, UInt64) {
        let first = Random.mix(index &+ seed &* 0x9E37_79B9_7F4A_7C15)
        let second = Random.mix(first ^ 0xD1B5_4A32_D192_ED03)
        return (first & ~0xF000 | 0x4000, second & ~(3 << 62) | 2 << 62)
    }

    /// The text of an index's UUID.
    func text(_ index: UInt64) -> String {
        var bytes = Array(Self.placeholder.utf8)
        do {
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            Self.write(uuid(index), into: &raw, at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes the digits of a UUID over ``placeholder``, whose dashes stay.
    @inline(__always)
    static func write(_ uuid: (UInt64, UInt64), into bytes: inout MutableRawSpan, at offset: Int) {
        let second = hexadecimal(UInt32(truncatingIfNeeded: uuid.0))
        let third = hexadecimal(UInt32(truncatingIfNeeded: uuid.1 >> 32))
        bytes.storeBytes(of: hexadecimal(UInt32(uuid.0 >> 32)), toByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: second), toByteOffset: offset + 9, as: UInt32.self)
        bytes.storeBytes(of: UInt32(second >> 32), toByteOffset: offset + 14, as: UInt32.self)
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: third), toByteOffset: offset + 19, as: UInt32.self)
        bytes.storeBytes(of: UInt32(third >> 32), toByteOffset: offset + 24, as: UInt32.self)
        bytes.storeBytes(
            of: hexadecimal(UInt32(truncatingIfNeeded: uuid.1)), toByteOffset: offset + 28, as: UInt64.self)
    }

    /// Eight lower-case digits at once; the first is the lowest byte, so that a little-endian store writes them in
    /// order.
    @inline(__always)
    private static func hexadecimal(_ word: UInt32) -> UInt64 {
        var spread = UInt64(word.byteSwapped)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        let digits = spread >> 4 & 0x000F_000F_000F_000F | (spread & 0x000F_000F_000F_000F) << 8
        // One in each byte whose digit is a letter.
        let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (digits &+ 0x3030_3030_3030_3030 &+ letters &* 39).littleEndian
    }
}

/// SplitMix64: a small generator of random numbers, the same from the same seed.
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    @inline(__always)
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    @inline(__always)
    mutating func next(below bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }

    /// Maps 64 bits to 64 others, one to one.
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
