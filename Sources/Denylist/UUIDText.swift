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
        let dashes = (word32(5) >> 24 ^ 0x2D) | (word32(13) & 0xFF ^ 0x2D) | (word32(18) & 0xFF ^ 0x2D) |
            (word32(23) & 0xFF ^ 0x2D)
        guard dashes == 0 else { return nil }
        let characters = unsafeBitCast(
            SIMD4<UInt64>(word64(0), word32(9) | word32(14) << 32, word32(19) | word32(24) << 32, word64(28)),
            to: SIMD32<UInt8>.self)

        let isDigit = (characters &- 0x30) .< 10
        let isLetter = ((characters | 0x20) &- 0x61) .< 6
        let ones = SIMD32<UInt8>(repeating: 0xFF)
        let zeros = SIMD32<UInt8>(repeating: 0)
        let digits = zeros.replacing(with: ones, where: isDigit)
        let letters = zeros.replacing(with: ones, where: isLetter)
        let cases = letters & characters & 0x20
        guard !Self.hasBits(~(digits | letters)) else { return nil }
        let hasLower = Self.hasBits(cases)
        let hasUpper = Self.hasBits(cases ^ (letters & 0x20))
        guard !(hasLower && hasUpper) else { return nil }

        var nibbles = unsafeBitCast((characters & 0x0F) &+ (letters & 9), to: SIMD4<UInt64>.self)
        nibbles = (nibbles &<< 4 | nibbles &>> 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles &>> 8) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles &>> 16) & 0x0000_0000_FFFF_FFFF
        word0 = nibbles[0] | nibbles[1] << 32
        word1 = nibbles[2] | nibbles[3] << 32
        isUpperCase = hasUpper
    }

    @inline(__always)
    private static func hasBits(_ vector: SIMD32<UInt8>) -> Bool {
        let words = unsafeBitCast(vector, to: SIMD4<UInt64>.self)
        let half = words.lowHalf | words.highHalf
        return half[0] | half[1] != 0
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
