extension OutputRawSpan {
    /// Appends the write of a revocation other than a cut-off, `SETEX`, as hiredis would format it.
    mutating func append(_ entry: RevocationEntry) {
        append(writing.span.bytes)
        appendBulk(entry.key)
        appendBulk(String(entry.secondsToLive))
        appendBulk(entry.value)
    }

    private mutating func appendBulk(_ text: String) {
        append(UInt8(ascii: "$"))
        append(decimal: text.utf8.count)
        appendLineEnd()
        append(text.utf8.span.bytes)
        appendLineEnd()
    }

    private mutating func append(decimal number: Int) {
        if number >= 10 { append(decimal: number / 10) }
        append(UInt8(ascii: "0") &+ UInt8(number % 10))
    }
}

/// The bytes before the first argument.
private let writing = Array("*4\r\n$5\r\nSETEX\r\n".utf8)

extension RevocationEntry {
    /// The overhead of the command in bytes: its beginning, a time to live, three lengths, the line ends.
    private static let commandOverhead = 128

    /// An upper bound of the bytes of the command.
    var maximumCommandBytes: Int { Self.commandOverhead + key.utf8.count + value.utf8.count }
}
