/// Checks that bytes are one JSON text that every parser reads alike (RFC 8259): UTF-8 without a byte order mark,
/// bounded, and no name twice in an object. Of a repeated name some parsers take the first value and some the last (RFC
/// 7519 §4).
struct JSONScanner {
    /// How deep objects and arrays may be nested.
    static let maximumDepth = 32
    /// The most members of one object.
    static let maximumMembers = 256

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var scanner = JSONScanner(bytes)
        guard scanner.value(depth: 0) else { return false }
        scanner.skipSpace()
        return scanner.position == bytes.count
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// - Returns: whether `byte` came next; it is passed then.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let next, next == 0x20 || next == 0x09 || next == 0x0A || next == 0x0D { position += 1 }
    }

    private mutating func value(depth: Int) -> Bool {
        skipSpace()
        return switch next {
        case UInt8(ascii: "{"): depth < Self.maximumDepth && object(depth: depth)
        case UInt8(ascii: "["): depth < Self.maximumDepth && array(depth: depth)
        case UInt8(ascii: "\""): string() != nil
        case UInt8(ascii: "t"): word("true")
        case UInt8(ascii: "f"): word("false")
        case UInt8(ascii: "n"): word("null")
        default: number()
        }
    }

    private mutating func object(depth: Int) -> Bool {
        position += 1
        skipSpace()
        if take("}") { return true }
        var names: [ArraySlice<UInt8>] = []
        repeat {
            skipSpace()
            guard names.count < Self.maximumMembers, let name = string(), !names.contains(name) else { return false }
            names.append(name)
            skipSpace()
            guard take(":"), value(depth: depth + 1) else { return false }
            skipSpace()
        } while take(",")
        return take("}")
    }

    private mutating func array(depth: Int) -> Bool {
        position += 1
        skipSpace()
        if take("]") { return true }
        repeat {
            guard value(depth: depth + 1) else { return false }
            skipSpace()
        } while take(",")
        return take("]")
    }

    private mutating func word(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    /// `-`, digits without leading zeros, a fraction, an exponent.
    private mutating func number() -> Bool {
        _ = take("-")
        guard take("0") || digits() else { return false }
        if take("."), !digits() { return false }
        guard take("e") || take("E") else { return true }
        if !take("+") { _ = take("-") }
        return digits()
    }

    /// - Returns: whether there was one at least.
    private mutating func digits() -> Bool {
        let start = position
        while let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { position += 1 }
        return position > start
    }

    /// - Returns: what the string says, escapes resolved: `"jt\u0069"` is the name `jti`.
    private mutating func string() -> ArraySlice<UInt8>? {
        guard take("\"") else { return nil }
        let start = position
        while let next, next >= 0x20, next != UInt8(ascii: "\""), next != UInt8(ascii: "\\") { position += 1 }
        var text = bytes[start..<position]
        while let next, next >= 0x20 {
            position += 1
            switch next {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"):
                guard let scalar = escaped() else { return nil }
                text.append(contentsOf: UTF8.encode(scalar)!)
            default: text.append(next)
            }
        }
        return nil
    }

    /// What follows a backslash.
    private mutating func escaped() -> Unicode.Scalar? {
        guard let letter = next else { return nil }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard let unit = codeUnit() else { return nil }
            guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit) }
            // Half a pair says nothing: parsers differ in what they make of it.
            guard take("\\"), take("u"), let trail = codeUnit(), UTF16.isTrailSurrogate(trail) else { return nil }
            return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
        default: return nil
        }
    }

    private mutating func codeUnit() -> UInt16? {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else { return nil }
            position += 1
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
