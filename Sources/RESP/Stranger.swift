/// A peer that speaks another protocol. A web page, or a program that fetches URLs for others, can be made to send an
/// HTTP or TLS request to this port whose later lines are commands. So the connection is closed before any of them is
/// executed.
///
/// Only lines that are not arrays are examined, because no Redis client sends such lines, and commands whose names
/// only HTTP has.
package enum Stranger: Sendable, Equatable, CaseIterable {
    /// HTTP, or a protocol made like it (RTSP, SIP): a request line, a response line or a header.
    case http
    case tls
    /// Any other: a line with a zero byte, or the greeting of SSH or of DICT.
    case other

    /// The peer that sent this line.
    /// - Parameter line: complete, with or without its end; not the start of an array.
    /// - Returns: nil if it can be a command.
    package init?(line: RawSpan) {
        if let stranger = Self(beginningOfLine: line) {
            self = stranger
            return
        }
        // A peer that ends lines with a carriage return alone sent several.
        var start = 0
        for index in 0...line.byteCount
        where index == line.byteCount || [UInt8(ascii: "\r"), UInt8(ascii: "\n")].contains(line[byte: index]) {
            defer { start = index + 1 }
            if let stranger = Self(piece: line.extracting(start..<index)) {
                self = stranger
                return
            }
        }
        return nil
    }

    /// The peer that began a line with these bytes, if they suffice to tell.
    package init?(beginningOfLine bytes: RawSpan) {
        if bytes.byteCount >= 2, bytes[byte: 0] == 0x16, bytes[byte: 1] == 0x03 {
            self = .tls
        } else if Self.hasZero(bytes) {
            self = .other
        } else {
            return nil
        }
    }

    /// The peer that sent a command of this name, as a line or as an array.
    package init?(command: RawSpan) {
        guard command.equalsIgnoringCase("post") || command.equalsIgnoringCase("host:") else { return nil }
        self = .http
    }

    /// The peer that sent a line with an unknown command whose target is a path or a URL, as in WebDAV and git.
    package init?(unknownCommand command: RawSpan, of target: RawSpan) {
        guard Self.isURL(target) else { return nil }
        self = Self.isMethodName(command) ? .http : .other
    }

    /// Whether one of the bytes is zero.
    package static func hasZero(_ bytes: RawSpan) -> Bool {
        bytes.withUnsafeBytes { $0.contains(0) }
    }

    // MARK: Words

    private init?(piece: RawSpan) {
        var words = Words(piece)
        guard var first = words.next() else { return nil }
        if first.byteCount > 3, first[byte: 0] == 0xEF, first[byte: 1] == 0xBB, first[byte: 2] == 0xBF {
            // A byte order mark.
            first = first.extracting(3...)
        }
        if Self.isVersion(first) || Self.isVersion(Self.lastWord(of: piece)) || Self.isHeaderName(first)
            || Self(command: first) != nil
        {
            self = .http
            return
        }
        if first.starts(withIgnoringCase: "ssh-") {
            self = .other
            return
        }
        guard let second = words.next() else { return nil }
        if Self.isRequest(first, of: second) {
            self = .http
        } else if first.equalsIgnoringCase("client"), second.starts(withIgnoringCase: "libcurl") {
            // curl speaks DICT so.
            self = .other
        } else {
            return nil
        }
    }

    /// `HTTP/1.1` and the like.
    private static func isVersion(_ word: RawSpan) -> Bool {
        for name: StaticString in ["http/", "rtsp/", "sip/"] where word.starts(withIgnoringCase: name) {
            let length = name.utf8CodeUnitCount
            return word.byteCount > length && isDigit(word[byte: length])
        }
        return false
    }

    /// `Content-Type:` and the like.
    private static func isHeaderName(_ word: RawSpan) -> Bool {
        guard word.byteCount > 1, word[byte: word.byteCount - 1] == UInt8(ascii: ":") else { return false }
        for index in 0..<(word.byteCount - 1) {
            let byte = word[byte: index]
            guard isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") else {
                return false
            }
        }
        return true
    }

    /// Whether a method and its target begin a request, whose line may be broken before the version. `GET` is also a
    /// command: its target tells the two apart.
    private static func isRequest(_ method: RawSpan, of target: RawSpan) -> Bool {
        let isURL = isURL(target)
        if method.equals("GET") { return isURL }
        guard isURL || target.equals("*") || method.equals("CONNECT") else { return false }
        let methods: [StaticString] = ["HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"]
        return methods.contains { method.equals($0) }
    }

    private static func isURL(_ word: RawSpan) -> Bool {
        word.byteCount > 0
            && (word[byte: 0] == UInt8(ascii: "/") || word.starts(withIgnoringCase: "http://")
                || word.starts(withIgnoringCase: "https://"))
    }

    /// Whether a word may be a method of HTTP: letters and hyphens.
    private static func isMethodName(_ word: RawSpan) -> Bool {
        word.withUnsafeBytes { $0.allSatisfy { isLetter($0) || $0 == UInt8(ascii: "-") } }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    @_lifetime(copy piece)
    private static func lastWord(of piece: RawSpan) -> RawSpan {
        var end = piece.byteCount
        while end > 0, isSpace(piece[byte: end - 1]) { end -= 1 }
        var start = end
        while start > 0, !isSpace(piece[byte: start - 1]) { start -= 1 }
        return piece.extracting(start..<end)
    }

    /// The words of a line, without regard to quotes.
    private struct Words: ~Escapable {
        private let line: RawSpan
        private var position = 0

        @_lifetime(copy line)
        init(_ line: RawSpan) { self.line = line }

        @_lifetime(copy self)
        mutating func next() -> RawSpan? {
            while position < line.byteCount, Stranger.isSpace(line[byte: position]) { position += 1 }
            let start = position
            while position < line.byteCount, !Stranger.isSpace(line[byte: position]) { position += 1 }
            return start < position ? line.extracting(start..<position) : nil
        }
    }
}

extension RawSpan {
    fileprivate func equals(_ text: StaticString) -> Bool {
        byteCount == text.utf8CodeUnitCount
            && text.withUTF8Buffer { expected in
                for index in 0..<expected.count where self[byte: index] != expected[index] { return false }
                return true
            }
    }

    /// Whether these bytes begin with `word`, ASCII case aside. `word` is given in lower case.
    fileprivate func starts(withIgnoringCase word: StaticString) -> Bool {
        byteCount >= word.utf8CodeUnitCount && extracting(..<word.utf8CodeUnitCount).equalsIgnoringCase(word)
    }
}
