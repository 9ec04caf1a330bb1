import RESP

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The annotation lines by which a log vouches for its contents: the head and the seals. Redis and its tools skip them.
///
///     #revoked-log1 <salt> <CRC>                                first in a file
///     #revoked-seal <salt> <start> <length> <synced> <CRC>      after every batch
///     #revoked-stop <salt> <start> <length> <synced> <CRC>      the same, after the last batch before a clean end
///
/// Fields are hexadecimal with a fixed number of digits, separated by single spaces; lines end with CRLF. `start` is
/// the offset of the batch, and `length` its size without the line. Everything before `synced` was on disk when the
/// line was written. A line's CRC continues that of the line before, and covers the batch and the line itself, so no
/// batch can be missing. The salt is random for each file, so no client can forge a line.
struct SealLine: Equatable, Sendable {
    enum Kind: Sendable {
        case seal, stop
    }

    var kind: Kind
    var salt: UInt64
    var start: Int
    var length: Int
    var synced: Int
    var crc: UInt64

    static let saltDigits = 16
    private static let offsetDigits = 12
    private static let crcDigits = 16
    private static let wordLength = 14

    /// The length of a seal in bytes, its end included.
    static let length = wordLength + (saltDigits + 1) + 3 * (offsetDigits + 1) + crcDigits + 2
    /// The length of a file's first line in bytes, its end included.
    static let headLength = wordLength + (saltDigits + 1) + crcDigits + 2
    /// The offset of the salt within a line.
    static let saltOffset = wordLength
    /// The limit of a file's size, in bytes.
    static let maximumOffset = 1 << (4 * offsetDigits)

    // MARK: Writing

    static func appendHead(salt: UInt64, to bytes: inout [UInt8]) -> CRC64 {
        let first = bytes.count
        bytes += "#revoked-log1 ".utf8
        bytes.append(hexadecimal: salt, digits: saltDigits)
        bytes.append(UInt8(ascii: " "))
        return appendCRC(of: first, CRC64(), to: &bytes)
    }

    /// Appends a line.
    /// - Parameter crc: the CRC of the line before, continued over the batch.
    /// - Returns: the CRC that ends the line.
    static func append(
        _ kind: Kind, salt: UInt64, start: Int, length: Int, synced: Int, after crc: CRC64, to bytes: inout [UInt8]
    ) -> CRC64 {
        precondition(synced >= 0 && length >= 0 && start + length < maximumOffset, "a file too long for its lines")
        let first = bytes.count
        bytes += (kind == .seal ? "#revoked-seal " : "#revoked-stop ").utf8
        bytes.append(hexadecimal: salt, digits: saltDigits)
        for number in [start, length, synced] {
            bytes.append(UInt8(ascii: " "))
            bytes.append(hexadecimal: UInt64(number), digits: offsetDigits)
        }
        bytes.append(UInt8(ascii: " "))
        return appendCRC(of: first, crc, to: &bytes)
    }

    private static func appendCRC(of first: Int, _ crc: CRC64, to bytes: inout [UInt8]) -> CRC64 {
        var crc = crc
        crc.add(bytes.span.bytes.extracting(first..<bytes.count))
        bytes.append(hexadecimal: crc.value, digits: crcDigits)
        bytes += "\r\n".utf8
        return crc
    }

    // MARK: Reading

    /// The first line of a file.
    enum Head: Equatable {
        case salt(UInt64, CRC64)
        /// Not a file of ours.
        case none
        /// The file ends within the line.
        case torn
        case damaged
    }

    static func readHead(_ bytes: RawSpan) -> Head {
        let word = "#revoked-log1 " as StaticString
        guard bytes.byteCount >= headLength else {
            let count = min(bytes.byteCount, wordLength)
            return bytes.extracting(first: count).isStart(of: word) ? .torn : .none
        }
        guard bytes.extracting(first: wordLength).isStart(of: word) else { return .none }
        var crc = CRC64()
        crc.add(bytes.extracting(first: headLength - crcDigits - 2))
        let crcOffset = headLength - crcDigits - 2
        guard let salt = bytes.hexadecimal(at: saltOffset, digits: saltDigits),
            bytes.hexadecimal(at: crcOffset, digits: crcDigits) == crc.value,
            bytes[byte: saltOffset + saltDigits] == UInt8(ascii: " "), bytes.endsLine(at: headLength - 2)
        else { return .damaged }
        return .salt(salt, crc)
    }

    /// Reads the line at `offset`, where ``length`` bytes exist.
    /// - Returns: nil for anything else. The caller checks the CRC.
    init?(_ bytes: RawSpan, at offset: Int) {
        let line = bytes.extracting(offset..<(offset + Self.length))
        if line.extracting(first: Self.wordLength).isStart(of: "#revoked-seal ") {
            kind = .seal
        } else if line.extracting(first: Self.wordLength).isStart(of: "#revoked-stop ") {
            kind = .stop
        } else {
            return nil
        }
        var position = Self.saltOffset
        func number(_ digits: Int) -> UInt64? {
            defer { position += digits + 1 }
            guard line[byte: position - 1] == UInt8(ascii: " ") else { return nil }
            return line.hexadecimal(at: position, digits: digits)
        }
        guard let salt = number(Self.saltDigits), let start = number(Self.offsetDigits),
            let length = number(Self.offsetDigits), let synced = number(Self.offsetDigits),
            let crc = number(Self.crcDigits), line.endsLine(at: Self.length - 2)
        else { return nil }
        self.salt = salt
        self.start = Int(start)
        self.length = Int(length)
        self.synced = Int(synced)
        self.crc = crc
    }

    /// The number of bytes of a line that its CRC covers.
    static let coveredLength = length - crcDigits - 2

    // MARK: Searching

    /// The first whole line with this salt.
    static func first(in bytes: RawSpan, from start: Int, salt: UInt64) -> (offset: Int, line: SealLine)? {
        var position = start
        while let offset = bytes.firstIndex(of: UInt8(ascii: "#"), from: position),
            offset + length <= bytes.byteCount
        {
            if let line = SealLine(bytes, at: offset), line.salt == salt { return (offset, line) }
            position = offset + 1
        }
        return nil
    }

    /// Searches for remains of lines, whole or not, by the salt.
    /// - Returns: the largest `synced` of the lines found. nil if there is none, or only one cut off by the file's end.
    static func remains(in bytes: RawSpan, from start: Int, salt: UInt64) -> Int? {
        var text: [UInt8] = []
        text.append(hexadecimal: salt, digits: saltDigits)
        var largest: Int?
        var position = start + saltOffset
        while let offset = bytes.firstIndex(of: text[0], from: position) {
            position = offset + 1
            let first = offset - saltOffset
            guard first + length <= bytes.byteCount else { break }
            guard (1..<saltDigits).allSatisfy({ bytes[byte: offset + $0] == text[$0] }) else { continue }
            largest = max(largest ?? 0, SealLine(bytes, at: first)?.synced ?? 0)
        }
        return largest
    }
}

extension [UInt8] {
    fileprivate mutating func append(hexadecimal number: UInt64, digits: Int) {
        for index in (0..<digits).reversed() {
            let nibble = UInt8(truncatingIfNeeded: number >> UInt64(index * 4) & 15)
            append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}

extension RawSpan {
    /// Whether `text` begins with these bytes.
    fileprivate func isStart(of text: StaticString) -> Bool {
        guard byteCount <= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in (0..<byteCount).allSatisfy { self[byte: $0] == expected[$0] } }
    }

    fileprivate func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        withUnsafeBytes { all in
            guard start < all.count, let base = all.baseAddress else { return nil }
            return memchr(base + start, Int32(byte), all.count - start).map { UnsafeRawPointer($0) - base }
        }
    }

    fileprivate func endsLine(at offset: Int) -> Bool {
        self[byte: offset] == UInt8(ascii: "\r") && self[byte: offset + 1] == UInt8(ascii: "\n")
    }

    /// Lower-case digits only, so that each number has one spelling.
    fileprivate func hexadecimal(at offset: Int, digits: Int) -> UInt64? {
        var number: UInt64 = 0
        for index in offset..<(offset + digits) {
            switch self[byte: index] {
            case let byte where byte &- UInt8(ascii: "0") < 10: number = number << 4 | UInt64(byte - UInt8(ascii: "0"))
            case let byte where byte &- UInt8(ascii: "a") < 6:
                number = number << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }
}
