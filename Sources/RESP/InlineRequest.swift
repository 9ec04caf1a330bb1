/// A request typed as a line (`telnet`): words separated by spaces, with Redis' quoting.
package enum InlineRequest {
    /// Splits a line into words. `"…"` knows `\n \r \t \b \a \xHH` and `\<any>`; `'…'` knows `\'` only.
    /// - Parameter line: with or without its line end.
    /// - Throws: ``ProtocolError/unbalancedQuotes``.
    package static func split(_ line: RawSpan) throws(ProtocolError) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var reader = Reader(bytes: line.withUnsafeBytes(Array.init))
        if reader.bytes.last == UInt8(ascii: "\n") { reader.bytes.removeLast() }
        if reader.bytes.last == UInt8(ascii: "\r") { reader.bytes.removeLast() }
        while let word = try reader.nextWord() { words.append(word) }
        return words
    }

    /// The same request as an array of bulk strings, so that one path executes both.
    package static func encode(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += "$\(word.count)\r\n".utf8
            bytes += word
            bytes += "\r\n".utf8
        }
        return bytes
    }

    private struct Reader {
        var bytes: [UInt8]
        var position = 0

        var next: UInt8? { position < bytes.count ? bytes[position] : nil }

        static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

        /// Not the vertical tab and the form feed: between words they are space, in a word they are part of it.
        static func endsWord(_ byte: UInt8) -> Bool { byte == 0x20 || [0, 0x09, 0x0A, 0x0D].contains(byte) }

        mutating func nextWord() throws(ProtocolError) -> [UInt8]? {
            while let byte = next, Self.isSpace(byte) { position += 1 }
            guard next != nil else { return nil }
            var word: [UInt8] = []
            reading: while let byte = next, !Self.endsWord(byte) {
                position += 1
                switch byte {
                case UInt8(ascii: "\""):
                    try readDoubleQuoted(into: &word)
                    break reading
                case UInt8(ascii: "'"):
                    try readSingleQuoted(into: &word)
                    break reading
                default: word.append(byte)
                }
            }
            if next == 0 { position = bytes.count }
            return word
        }

        mutating func readDoubleQuoted(into word: inout [UInt8]) throws(ProtocolError) {
            while let byte = next {
                position += 1
                if byte == UInt8(ascii: "\"") { return try expectSpace() }
                guard byte == UInt8(ascii: "\\"), let escaped = next else {
                    word.append(byte)
                    continue
                }
                position += 1
                if escaped == UInt8(ascii: "x"), position + 1 < bytes.count,
                    let high = Self.hexadecimal(bytes[position]), let low = Self.hexadecimal(bytes[position + 1])
                {
                    word.append(high << 4 | low)
                    position += 2
                    continue
                }
                switch escaped {
                case UInt8(ascii: "n"): word.append(0x0A)
                case UInt8(ascii: "r"): word.append(0x0D)
                case UInt8(ascii: "t"): word.append(0x09)
                case UInt8(ascii: "b"): word.append(0x08)
                case UInt8(ascii: "a"): word.append(0x07)
                default: word.append(escaped)
                }
            }
            throw .unbalancedQuotes
        }

        mutating func readSingleQuoted(into word: inout [UInt8]) throws(ProtocolError) {
            while let byte = next {
                position += 1
                if byte == UInt8(ascii: "'") { return try expectSpace() }
                if byte == UInt8(ascii: "\\"), next == UInt8(ascii: "'") {
                    position += 1
                    word.append(UInt8(ascii: "'"))
                } else {
                    word.append(byte)
                }
            }
            throw .unbalancedQuotes
        }

        func expectSpace() throws(ProtocolError) {
            if let byte = next, byte != 0, !Self.isSpace(byte) { throw .unbalancedQuotes }
        }

        static func hexadecimal(_ byte: UInt8) -> UInt8? {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
            default: nil
            }
        }
    }
}
