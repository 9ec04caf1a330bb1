/// 24 bytes of the table: two words of key, and one for the rest. The caller keeps the referenced data valid.
///
///     word 0, 1   a compact key's UUID; a full key's hash, and its exact expiry if that is out of line
///     word 2      expiry (42 bits) · value (18 bits) · kind (4 bits)
struct Slot {
    static let size = 24
    let address: UnsafeMutableRawPointer

    @inline(__always)
    var word0: UInt64 {
        get { address.load(as: UInt64.self) }
        nonmutating set { address.storeBytes(of: newValue, as: UInt64.self) }
    }

    @inline(__always)
    var word1: UInt64 {
        get { address.load(fromByteOffset: 8, as: UInt64.self) }
        nonmutating set { address.storeBytes(of: newValue, toByteOffset: 8, as: UInt64.self) }
    }

    @inline(__always)
    var meta: Meta {
        get { Meta(bits: address.load(fromByteOffset: 16, as: UInt64.self)) }
        nonmutating set { address.storeBytes(of: newValue.bits, toByteOffset: 16, as: UInt64.self) }
    }

    /// Unix milliseconds, as stored.
    @inline(__always)
    var expiry: Int64 {
        let field = meta.expiry
        if field < Meta.outOfLine { return Int64(bitPattern: field) }
        return field == Meta.never ? Expiry.never : Int64(bitPattern: word1)
    }
}

/// The third word of a slot.
struct Meta {
    /// An expiry that does not fit into 42 bits and is kept in word 1 of a full key's slot.
    static let outOfLine: UInt64 = (1 << 42) - 2
    static let never: UInt64 = (1 << 42) - 1

    var bits: UInt64

    @inline(__always)
    init(bits: UInt64) { self.bits = bits }

    @inline(__always)
    init(expiry: UInt64, value: ValueReference, kind: UInt64) {
        bits = expiry << 22 | value.bits << 4 | kind
    }

    @inline(__always)
    var expiry: UInt64 {
        get { bits >> 22 }
        set { bits = bits & (1 << 22 - 1) | newValue << 22 }
    }

    @inline(__always)
    var value: ValueReference { ValueReference(bits: bits >> 4 & (1 << 18 - 1)) }

    @inline(__always)
    var kind: UInt64 { bits & 15 }

    /// The expiry field.
    @inline(__always)
    static func field(_ expiry: Int64) -> UInt64 {
        if expiry >= 0, expiry < Int64(outOfLine) { return UInt64(expiry) }
        return expiry == Expiry.never ? never : outOfLine
    }
}

/// 18 bits: the number of a common value, or the position of a record in the segment's arena.
struct ValueReference {
    private static let recordBit: UInt64 = 1 << 17

    let bits: UInt64

    @inline(__always)
    init(bits: UInt64) { self.bits = bits }

    init(common: Int) { bits = UInt64(common) }
    init(record offset: Int) { bits = Self.recordBit | UInt64(offset / Record.unit) }

    @inline(__always)
    var isRecord: Bool { bits & Self.recordBit != 0 }
    @inline(__always)
    var common: Int { Int(bits) }
    @inline(__always)
    var offset: Int { Int(bits & ~Self.recordBit) * Record.unit }
}
