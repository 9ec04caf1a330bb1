/// The 36 characters of a UUID (RFC 9562, section 4) as 16 bytes and back, byte for byte.
struct UUIDText: Equatable {
    static let length = 36
    static let dash = UInt8(ascii: "-")

    /// The 16 bytes in their order in memory.
    var word0: UInt64
    var word1: UInt64
    /// Whether the letters are upper-case. A UUID without letters is taken for lower-case.
    var isUpperCase: Bool

    init(word0: UInt64, word1: UInt64, isUpperCase: Bool) {
        self.word0 = word0
        self.word1 = word1
        self.isUpperCase = isUpperCase
    }

    /// Nil unless the 36 bytes at `text` are a UUID whose letters are all of one case: then it can be written back
    /// exactly.
    @inline(__always)
    init?(_ text: UnsafeRawPointer) {
        func word32(_ offset: Int) -> UInt64 {
            UInt64(UInt32(littleEndian: text.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        func word64(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        // Bytes 8, 13, 18 and 23 are dashes.
        let dashes =
            (word32(5) >> 24 ^ 0x2D) | (word32(13) & 0xFF ^ 0x2D) | (word32(18) & 0xFF ^ 0x2D)
            | (word32(23) & 0xFF ^ 0x2D)
        guard dashes == 0 else { return nil }
        var digits = Hex8(word64(0))
        var isHex = digits.isHex
        var isLower = digits.lower
        var isUpper = digits.upper
        word0 = digits.bytes
        digits = Hex8(word32(9) | word32(14) << 32)
        isHex &= digits.isHex
        isLower |= digits.lower
        isUpper |= digits.upper
        word0 |= digits.bytes << 32
        digits = Hex8(word32(19) | word32(24) << 32)
        isHex &= digits.isHex
        isLower |= digits.lower
        isUpper |= digits.upper
        word1 = digits.bytes
        digits = Hex8(word64(28))
        isHex &= digits.isHex
        isLower |= digits.lower
        isUpper |= digits.upper
        word1 |= digits.bytes << 32
        guard isHex == Hex8.tops, isLower == 0 || isUpper == 0 else { return nil }
        isUpperCase = isUpper != 0
    }

    /// Writes the 36 characters to `text`.
    func write(to text: UnsafeMutableRawPointer) {
        let letter = (isUpperCase ? UInt8(ascii: "A") : UInt8(ascii: "a")) - 10
        func character(_ nibble: UInt8) -> UInt8 { nibble < 10 ? UInt8(ascii: "0") + nibble : letter + nibble }
        var position = 0
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 {
                text.storeBytes(of: Self.dash, toByteOffset: position, as: UInt8.self)
                position += 1
            }
            let byte = UInt8(truncatingIfNeeded: (index < 8 ? word0 : word1) >> UInt64((index & 7) * 8))
            text.storeBytes(of: character(byte >> 4), toByteOffset: position, as: UInt8.self)
            text.storeBytes(of: character(byte & 15), toByteOffset: position + 1, as: UInt8.self)
            position += 2
        }
    }
}

/// Eight hexadecimal digits in a word, all handled at once. (Swift 6.3 compiles comparisons of vectors to loops.)
private struct Hex8 {
    /// The top bit of each byte.
    static let tops: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    private let characters: UInt64
    private let letters: UInt64
    /// A top bit for each byte that is a hexadecimal digit.
    let isHex: UInt64

    @inline(__always)
    init(_ characters: UInt64) {
        // Adding 0x80 - x to a byte below 0x80 sets its top bit if it is x or more, and carries nothing over.
        func atLeast(_ word: UInt64, _ x: UInt8) -> UInt64 { word &+ Self.ones &* UInt64(0x80 - x) }
        let ascii = characters & ~Self.tops
        let lower = ascii | 0x20 &* Self.ones
        let digits = atLeast(ascii, 0x30) & ~atLeast(ascii, 0x3A)
        letters = atLeast(lower, 0x61) & ~atLeast(lower, 0x67) & Self.tops
        isHex = (digits | letters) & ~characters & Self.tops
        self.characters = characters
    }

    /// A top bit for each lower-case letter.
    @inline(__always)
    var lower: UInt64 { letters & characters &<< 2 }
    /// A top bit for each upper-case letter.
    @inline(__always)
    var upper: UInt64 { letters & ~(characters &<< 2) }

    /// The four bytes that the digits say.
    @inline(__always)
    var bytes: UInt64 {
        var nibbles = (characters & (0x0F &* Self.ones)) &+ (letters &>> 7) &* 9
        nibbles = (nibbles &<< 4 | nibbles &>> 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles &>> 8) & 0x0000_FFFF_0000_FFFF
        return (nibbles | nibbles &>> 16) & 0x0000_0000_FFFF_FFFF
    }
}
