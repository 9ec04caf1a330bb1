/// A value of the form `<word>:<decimal>:<uuid>` in 24 bytes: that of a rotated refresh token.
struct PackedValue {
    static let size = 24
    /// The most digits: their number fits into 48 bits.
    private static let maximumDigits = 14
    /// The longest text, in bytes.
    static let maximumLength = CommonValues.maximumLength + 1 + maximumDigits + 1 + UUIDText.length

    /// A common value (8 bits) · whether the UUID is upper-case (bit 8) · the number (from bit 16 on).
    private let word: UInt64
    private let uuid0: UInt64
    private let uuid1: UInt64

    /// nil if the value has another form, cannot be restored byte for byte, or its word is not a common value.
    init?(_ value: UnsafeRawBufferPointer, _ common: CommonValues) {
        let colon = UInt8(ascii: ":")
        let beforeUUID = value.count - UUIDText.length - 1
        guard beforeUUID >= 3, value.count <= Self.maximumLength, value[beforeUUID] == colon,
            let start = value.baseAddress, let uuid = UUIDText(start + beforeUUID + 1)
        else { return nil }
        var position = beforeUUID
        var number: UInt64 = 0
        var scale: UInt64 = 1
        while position > 0, value[position - 1] &- UInt8(ascii: "0") < 10, beforeUUID - position < Self.maximumDigits {
            position -= 1
            number += UInt64(value[position] - UInt8(ascii: "0")) * scale
            scale *= 10
        }
        let hasLeadingZero = value[position] == UInt8(ascii: "0") && beforeUUID - position > 1
        guard position < beforeUUID, !hasLeadingZero, position > 0, value[position - 1] == colon,
            let head = common.number(of: UnsafeRawBufferPointer(rebasing: value[..<(position - 1)]))
        else { return nil }
        word = UInt64(head) | (uuid.isUpperCase ? 0x100 : 0) | number << 16
        (uuid0, uuid1) = (uuid.word0, uuid.word1)
    }

    init(_ address: UnsafeRawPointer) {
        word = address.loadUnaligned(as: UInt64.self)
        uuid0 = address.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        uuid1 = address.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
    }

    func write(to address: UnsafeMutableRawPointer) {
        address.storeBytes(of: word, as: UInt64.self)
        address.storeBytes(of: uuid0, toByteOffset: 8, as: UInt64.self)
        address.storeBytes(of: uuid1, toByteOffset: 16, as: UInt64.self)
    }

    /// Writes the value to `scratch`, which has room for ``maximumLength`` bytes.
    func text(_ common: CommonValues, _ scratch: UnsafeMutableRawPointer) -> UnsafeRawBufferPointer {
        let head = common.value(Int(word & 0xFF))
        let text = UnsafeMutableRawBufferPointer(start: scratch, count: Self.maximumLength)
        text.copyMemory(from: head)
        var number = word >> 16
        var digits = 1
        var limit: UInt64 = 10
        while number >= limit {
            digits += 1
            limit *= 10
        }
        let end = head.count + 1 + digits
        text[head.count] = UInt8(ascii: ":")
        for index in 1...digits {
            text[end - index] = UInt8(ascii: "0") + UInt8(number % 10)
            number /= 10
        }
        text[end] = UInt8(ascii: ":")
        UUIDText(word0: uuid0, word1: uuid1, isUpperCase: word & 0x100 != 0).write(to: scratch + end + 1)
        return UnsafeRawBufferPointer(start: scratch, count: end + 1 + UUIDText.length)
    }
}
