import Contract
import NIOCore

extension ByteBuffer {
    /// Appends the look-up of a check, `MGET` of its keys, as hiredis would format it; but no key, and no command, is put
    /// together elsewhere first: this is the one command that every request of every server sends.
    mutating func write(_ check: Check) {
        writeWithOutputRawSpan(minimumWritableBytes: check.maximumCommandBytes) { output in
            output.append("*")
            output.append(decimal: check.keyCount + 1)
            output.append("\r\n$4\r\nMGET\r\n")
            check.forEachScopeKey { prefix, kind, identifier in
                let word = kind.word
                output.append("$")
                if let identifier {
                    output.append(decimal: prefix.utf8.count + word.utf8.count + 1 + identifier.utf8.count)
                    output.append("\r\n")
                    output.append(prefix)
                    output.append(word)
                    output.append(":")
                    output.append(identifier)
                } else {
                    output.append(decimal: prefix.utf8.count + word.utf8.count)
                    output.append("\r\n")
                    output.append(prefix)
                    output.append(word)
                }
                output.append("\r\n")
            }
            output.append("$")
            output.append(decimal: Epoch.key.utf8.count)
            output.append("\r\n")
            output.append(Epoch.key)
            output.append("\r\n")
        }
    }
}

extension Check {
    /// What an argument takes beside a key's prefix and its identifier: `$<up to 3 digits>`, two line ends, the word, a colon.
    private static let argumentOverhead = 24

    /// Its command is no longer.
    fileprivate var maximumCommandBytes: Int {
        (keyCount + 2) * Self.argumentOverhead + (keyCount - 1) * (prefixBytes + Limits.maximumIdentifierBytes)
    }
}

extension OutputRawSpan {
    fileprivate mutating func append(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
    }

    fileprivate mutating func append(_ text: String) {
        let span = text.utf8.span
        let bytes = span.bytes
        var index = 0
        while index &+ 8 <= bytes.byteCount {
            append(bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self), as: UInt64.self)
            index &+= 8
        }
        while index < bytes.byteCount {
            append(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            index &+= 1
        }
    }

    fileprivate mutating func append(decimal number: Int) {
        if number >= 100 { append(UInt8(ascii: "0") + UInt8(number / 100 % 10)) }
        if number >= 10 { append(UInt8(ascii: "0") + UInt8(number / 10 % 10)) }
        append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}
