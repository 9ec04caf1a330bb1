typealias Bytes = [UInt8]

/// One command: its words.
struct WireCommand: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, CustomStringConvertible, Sendable {
    var words: [Bytes]

    init(_ words: [Bytes]) { self.words = words }
    init(arrayLiteral elements: String...) { words = elements.map { Bytes($0.utf8) } }

    /// Words separated by single spaces; two spaces in a row make an empty word. `\xHH` is a byte.
    init(stringLiteral text: String) {
        words = text.split(separator: " ", omittingEmptySubsequences: false).map { Self.unescape(Bytes($0.utf8)) }
    }

    init(text: String) { self.init(stringLiteral: text) }

    /// `text` with `key` in the place of each word `K`.
    init(text: String, key: String) {
        self.init(text.split(separator: " ").map { Bytes(($0 == "K" ? key : String($0)).utf8) })
    }

    private static func unescape(_ word: Bytes) -> Bytes {
        var result: Bytes = []
        var index = 0
        while index < word.count {
            if word[index] == UInt8(ascii: "\\"), index + 3 < word.count, word[index + 1] == UInt8(ascii: "x"),
                let byte = UInt8(String(decoding: word[(index + 2)...(index + 3)], as: UTF8.self), radix: 16)
            {
                result.append(byte)
                index += 4
            } else {
                result.append(word[index])
                index += 1
            }
        }
        return result
    }

    /// The command's name in lower case.
    var name: String { word(0) }

    /// A word in lower case; empty if there is none.
    func word(_ index: Int) -> String {
        index < words.count ? String(decoding: words[index], as: UTF8.self).lowercased() : ""
    }

    /// As an array of bulk strings.
    var encoded: Bytes {
        var bytes = Bytes("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += "$\(word.count)\r\n".utf8
            bytes += word
            bytes += "\r\n".utf8
        }
        return bytes
    }

    var description: String { words.map { readable($0) }.joined(separator: " ") }
}

/// Bytes for a person to read.
/// - Parameter limit: the most bytes that are shown.
func readable(_ bytes: Bytes, limit: Int = 400) -> String {
    var text = ""
    for byte in bytes.prefix(limit) {
        switch byte {
        case 0x0D: text += "\\r"
        case 0x0A: text += "\\n"
        case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return bytes.count > limit ? text + "… (\(bytes.count) bytes)" : text
}

/// Where RESP2 and RESP3 replies begin and end.
enum ReplyFrame {
    /// Where the reply that begins at `start` ends.
    /// - Returns: nil if it is not complete.
    /// - Throws: if the bytes are no reply.
    static func end(of bytes: Bytes, from start: Int) throws -> Int? {
        guard start < bytes.count, let line = lineEnd(bytes, from: start) else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "#"),
            UInt8(ascii: ","), UInt8(ascii: "("):
            return line
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            let length = try number(bytes, start + 1, line)
            guard length >= 0 else { return line }
            return line + length + 2 <= bytes.count ? line + length + 2 : nil
        case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"): return try children(1)
        case UInt8(ascii: "%"): return try children(2)
        default: throw TestFailure("no reply: \(readable(Bytes(bytes[start...].prefix(40))))")
        }

        func children(_ factor: Int) throws -> Int? {
            var position = line
            for _ in 0..<max(0, try number(bytes, start + 1, line) * factor) {
                guard let next = try end(of: bytes, from: position) else { return nil }
                position = next
            }
            return position
        }
    }

    /// The elements of an array, set or map; the reply itself if it has none.
    static func elements(of reply: Bytes) throws -> [Bytes] {
        guard let mark = reply.first, "*~%>".utf8.contains(mark), var position = lineEnd(reply, from: 0) else {
            return [reply]
        }
        var elements: [Bytes] = []
        while position < reply.count, let next = try end(of: reply, from: position) {
            elements.append(Bytes(reply[position..<next]))
            position = next
        }
        return elements
    }

    /// What a bulk string holds.
    static func bulk(_ reply: Bytes) -> Bytes? {
        guard reply.first == UInt8(ascii: "$"), let line = lineEnd(reply, from: 0), reply.count >= line + 2 else {
            return nil
        }
        return Bytes(reply[line..<(reply.count - 2)])
    }

    static func integer(_ reply: Bytes) -> Int64? {
        guard reply.first == UInt8(ascii: ":") else { return nil }
        return Int64(String(decoding: reply.dropFirst().dropLast(2), as: UTF8.self))
    }

    private static func lineEnd(_ bytes: Bytes, from start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == 0x0D, bytes[index + 1] == 0x0A { return index + 2 }
            index += 1
        }
        return nil
    }

    private static func number(_ bytes: Bytes, _ from: Int, _ lineEnd: Int) throws -> Int {
        guard let number = Int(String(decoding: bytes[from..<(lineEnd - 2)], as: UTF8.self)) else {
            throw TestFailure("no length: \(readable(Bytes(bytes[from..<lineEnd])))")
        }
        return number
    }
}

/// Why a test cannot go on.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
