import RESP

/// A position in an RDB file, and how the format's numbers and strings are read. Missing or invalid bytes are errors;
/// no announced length causes an allocation.
struct RDBCursor {
    var position = 0
    /// Whether an error meant that bytes are missing at the end.
    private(set) var endedEarly = false

    /// A string, by its position.
    enum Text {
        case raw(Range<Int>)
        case integer(Int64)
        case compressed(Range<Int>, count: Int)
    }

    /// The longest string, in bytes (Redis: `proto-max-bulk-len`).
    private static let maximumText = 1 << 29

    /// The next `count` bytes.
    mutating func take(_ count: UInt64, _ bytes: RawSpan) throws(FormatError) -> Range<Int> {
        guard count <= UInt64(bytes.byteCount - position) else {
            endedEarly = true
            throw FormatError(at: position, "the file ends too early")
        }
        defer { position += Int(count) }
        return position..<(position + Int(count))
    }

    mutating func byte(_ bytes: RawSpan) throws(FormatError) -> UInt8 {
        bytes[byte: try take(1, bytes).lowerBound]
    }

    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, _ bytes: RawSpan
    ) throws(FormatError) -> Number {
        let range = try take(UInt64(MemoryLayout<Number>.size), bytes)
        return Number(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: type))
    }

    /// Skips a string with an expiry whose key and value are short: nearly everything in a file of revocations.
    /// - Returns: nil, without a move, if something else follows.
    @inline(__always)
    mutating func shortEntry(_ bytes: RawSpan) -> (key: Range<Int>, value: Range<Int>, expiry: Int64)? {
        let keyLength = position &+ 10
        guard bytes.byteCount &- position > 11, bytes[byte: position] == RDB.Opcode.expiryMilliseconds,
            bytes[byte: position &+ 9] == RDB.Kind.string, bytes[byte: keyLength] < RDB.lengthLimit
        else { return nil }
        let valueLength = keyLength &+ 1 &+ Int(bytes[byte: keyLength])
        guard valueLength < bytes.byteCount, bytes[byte: valueLength] < RDB.lengthLimit else { return nil }
        let end = valueLength &+ 1 &+ Int(bytes[byte: valueLength])
        guard end <= bytes.byteCount else { return nil }
        let expiry = Int64(
            littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position &+ 1, as: Int64.self))
        position = end
        return ((keyLength &+ 1)..<valueLength, (valueLength &+ 1)..<end, expiry)
    }

    /// A length, or a string's encoding.
    private mutating func lengthOrEncoding(
        _ bytes: RawSpan
    ) throws(FormatError) -> (number: UInt64, isEncoding: Bool) {
        let start = position
        let first = try byte(bytes)
        switch first {
        case 0..<0x40: return (UInt64(first), false)
        case 0x40..<0x80: return (UInt64(first & 0x3F) << 8 | UInt64(try byte(bytes)), false)
        case RDB.length32: return (UInt64(try number(UInt32.self, bytes).byteSwapped), false)
        case RDB.length64: return (try number(UInt64.self, bytes).byteSwapped, false)
        case 0xC0...: return (UInt64(first & 0x3F), true)
        default: throw FormatError(at: start, "no length")
        }
    }

    mutating func length(_ bytes: RawSpan) throws(FormatError) -> UInt64 {
        let start = position
        let (number, isEncoding) = try lengthOrEncoding(bytes)
        guard !isEncoding else { throw FormatError(at: start, "no length") }
        return number
    }

    mutating func text(_ bytes: RawSpan) throws(FormatError) -> Text {
        let start = position
        let (number, isEncoding) = try lengthOrEncoding(bytes)
        guard isEncoding else { return .raw(try take(number, bytes)) }
        switch number {
        case 0: return .integer(Int64(try self.number(Int8.self, bytes)))
        case 1: return .integer(Int64(try self.number(Int16.self, bytes)))
        case 2: return .integer(Int64(try self.number(Int32.self, bytes)))
        case 3:
            let compressed = try length(bytes)
            let count = try length(bytes)
            guard count <= Self.maximumText else { throw FormatError(at: start, "a string too long") }
            return .compressed(try take(compressed, bytes), count: Int(count))
        default: throw FormatError(at: start, "an unknown encoding of a string")
        }
    }

    /// Copies a string, decoded.
    static func copy(_ text: Text, of bytes: RawSpan, at offset: Int) throws(FormatError) -> [UInt8] {
        switch text {
        case .raw(let range): return bytes.extracting(range).withUnsafeBytes(Array.init)
        case .integer(let number): return Array(String(number).utf8)
        case .compressed(let range, let count):
            guard let plain = LZF.decompress(bytes.extracting(range), count: count) else {
                throw FormatError(at: offset, "a string that cannot be decompressed")
            }
            return plain
        }
    }
}
