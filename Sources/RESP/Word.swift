/// No word of the protocol is longer: no rule of an ACL, and no name of a setting.
private let maximumWordBytes = 64

extension UInt8 {
    /// The same letter in lower case. Only ASCII letters have one.
    package var lowercasedASCII: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }
}

extension Sequence<UInt8> {
    /// These bytes in lower case.
    package var lowercasedASCII: [UInt8] { map(\.lowercasedASCII) }
}

extension Collection<UInt8> {
    /// These bytes as a word of the protocol, in lower case. Nil if they cannot be one: too long, or not ASCII.
    ///
    /// Bytes of a client become a `String` nowhere else: comparing or hashing one normalises it, which takes the square
    /// of its length, and takes different bytes for the same.
    package var lowercasedWord: String? {
        guard count <= maximumWordBytes, allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: lowercasedASCII, as: UTF8.self)
    }
}

extension RawSpan {
    /// ``Swift/Collection/lowercasedWord`` of these bytes.
    package var lowercasedWord: String? { withUnsafeBytes { $0.lowercasedWord } }

    /// Whether these are the bytes of a text.
    package func equals(_ text: String) -> Bool { withUnsafeBytes { $0.elementsEqual(text.utf8) } }
}
