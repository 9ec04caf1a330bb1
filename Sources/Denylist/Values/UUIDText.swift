import CProcessor

/// The 36 characters of a UUID (RFC 9562, section 4) as 16 bytes and back, byte for byte.
struct UUIDText: Equatable {
    static let length = 36
    static let dash = UInt8(ascii: "-")

    /// The 16 bytes in their order in memory.
    var word0: UInt64
    var word1: UInt64
    /// Whether the letters are upper-case. A UUID without letters counts as lower-case.
    var isUpperCase: Bool

    init(word0: UInt64, word1: UInt64, isUpperCase: Bool) {
        self.word0 = word0
        self.word1 = word1
        self.isUpperCase = isUpperCase
    }

    /// nil unless the 36 bytes at `text` are a UUID with letters of one case only, which can be restored exactly.
    @inline(__always)
    init?(_ text: UnsafeRawPointer) {
        func isDash(_ offset: Int) -> Bool { text.load(fromByteOffset: offset, as: UInt8.self) == Self.dash }
        let uuid = processor_parse_uuid(text)
        guard uuid.letter_case == 1 || uuid.letter_case == 2, isDash(8), isDash(13), isDash(18), isDash(23)
        else { return nil }
        (word0, word1) = uuid.bytes
        isUpperCase = uuid.letter_case == 2
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
