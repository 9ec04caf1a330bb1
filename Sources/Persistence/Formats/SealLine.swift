import RESP

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The annotation lines by which a log says what of it is whole. Redis and its tools skip them.
///
///     #revoked-log1 <salt> <CRC>                                first in a file
///     #revoked-seal <salt> <start> <length> <synced> <CRC>      after every batch
///     #revoked-stop <salt> <start> <length> <synced> <CRC>      the same, after the last batch before a clean end
///
/// Hexadecimal digits of a fixed number, single spaces, CRLF. `start` is where the batch begins in the file, `length`
/// how many bytes it has without the line, and everything before `synced` was known to be on disk when the line was
/// written. A line's CRC goes on from the one before and covers the batch and the line itself, so that no batch can be
/// missing. The salt is random for each file: no client can write a line that passes for one.
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

    /// The length of such a line in bytes, its end included.
    static let length = wordLength + (saltDigits + 1) + 3 * (offsetDigits + 1) + crcDigits + 2
    /// The length of a file's first line in bytes, its end included.
    static let headLength = wordLength + (saltDigits + 1) + crcDigits + 2
    /// Where in a line the salt begins.
    static let saltOffset = wordLength
    /// A file has to be smaller than this many bytes.
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
    /// - Parameter crc: what the line before ended with, and the batch.
    /// - Returns: what the line ends with.
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

    /// What the first line of a file says.
    enum Head: Equatable {
        case salt(UInt64, CRC64)
        /// No file of ours.
        case none
        /// It ends within the line.
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

    /// Reads the line at `offset`, which has ``length`` bytes there.
    /// - Returns: nil if it is none. Whether its CRC is right is for the caller to say.
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

    /// How many bytes of a line its CRC covers.
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

    /// Looks for what is left of lines, whole or not, by the salt.
    /// - Returns: nil if there is none that the file does not end in; else the largest `synced` that one of them says.
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

    /// Lower-case digits only: what is written in one way is read in one way.
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
