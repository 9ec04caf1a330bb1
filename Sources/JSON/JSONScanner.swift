/// Checks that bytes are one JSON text that all parsers read alike (RFC 8259). It must be UTF-8 without a byte order
/// mark, bounded, and have no name twice in an object: some parsers take the first value of a repeated name, some the
/// last (RFC 7519 §4).
package struct JSONScanner {
    /// The deepest nesting of objects and arrays.
    static let maximumDepth = 32
    /// The most members of one object, unless a caller says otherwise.
    package static let maximumMembers = 256

    private let bytes: [UInt8]
    private let maximumMembers: Int
    private var position = 0
    private var repeatsName = false

    private init(_ bytes: [UInt8], _ maximumMembers: Int) {
        self.bytes = bytes
        self.maximumMembers = maximumMembers
    }

    /// - Returns: nil if the bytes are such a text.
    static func malformed(
        _ bytes: [UInt8], maximumMembers: Int = Self.maximumMembers
    ) -> StrictJSON.Malformed? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return .init(reason: .notUTF8, offset: 0) }
        var scanner = JSONScanner(bytes, maximumMembers)
        if scanner.value(depth: 0) {
            scanner.skipSpace()
            if scanner.position == bytes.count { return nil }
        }
        return .init(reason: scanner.repeatsName ? .repeatedName : .syntax, offset: scanner.position)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// - Returns: whether `byte` came next. It is then skipped.
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
        var names: Set<ArraySlice<UInt8>> = []
        repeat {
            skipSpace()
            guard names.count < maximumMembers, let name = string() else { return false }
            repeatsName = !names.insert(name).inserted
            guard !repeatsName else { return false }
            skipSpace()
            guard take(":"), value(depth: depth + 1) else { return false }
            skipSpace()
        } while take(",")
        repeatsName = Self.lookAlike(names)
        return !repeatsName && take("}")
    }

    /// Whether a decoder keeps one of two values: it compares names as `String`s, which are equal if they look alike.
    private static func lookAlike(_ names: Set<ArraySlice<UInt8>>) -> Bool {
        guard names.contains(where: { $0.contains { $0 >= 0x80 } }) else { return false }
        return Set(names.map { String(decoding: $0, as: UTF8.self) }).count < names.count
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

    /// - Returns: whether there was at least one.
    private mutating func digits() -> Bool {
        let start = position
        while let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { position += 1 }
        return position > start
    }

    /// - Returns: the string with its escapes resolved: `"jt\u0069"` is the name `jti`.
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

    /// The character after a backslash.
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
            // Parsers differ in how they read half a pair.
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
