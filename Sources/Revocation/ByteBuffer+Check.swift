import Contract
import NIOCore

extension ByteBuffer {
    /// Appends the look-up of a check, `MGET` of its keys, as hiredis would format it; but no key, and no command, is put
    /// together elsewhere first: this is the one command that every request of every server sends.
    mutating func write(_ check: Check) {
        writeWithOutputRawSpan(minimumWritableBytes: check.maximumCommandBytes) { output in
            // `*` and the number of arguments, which has one digit.
            output.append(UInt8(ascii: "*"))
            output.append(UInt8(ascii: "0") + UInt8(check.keyCount + 1))
            output.append("\r\n$4\r\nMGET\r\n")
            check.forEachScopeKey { prefix, kind, identifier in
                let word = kind.word
                if let identifier {
                    output.append(lengthOf: prefix.utf8.count + word.utf8.count + 1 + identifier.utf8.count)
                    output.append(prefix)
                    output.append(word)
                    output.append(UInt8(ascii: ":"))
                    output.append(identifier)
                } else {
                    output.append(lengthOf: prefix.utf8.count + word.utf8.count)
                    output.append(prefix)
                    output.append(word)
                }
                output.appendLineEnd()
            }
            output.append(lengthOf: Epoch.key.utf8.count)
            output.append(Epoch.key)
            output.appendLineEnd()
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
    /// In as few pieces as can be: each is checked against the capacity.
    fileprivate mutating func append(_ text: String) {
        let span = text.utf8.span
        let bytes = span.bytes
        let count = bytes.byteCount
        var index = 0
        while index &+ 8 <= count {
            append(bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self), as: UInt64.self)
            index &+= 8
        }
        if index &+ 4 <= count {
            append(bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt32.self), as: UInt32.self)
            index &+= 4
        }
        if index &+ 2 <= count {
            append(bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt16.self), as: UInt16.self)
            index &+= 2
        }
        if index < count { append(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
    }

    @inline(__always)
    fileprivate mutating func appendLineEnd() {
        append(UInt16(littleEndian: 0x0A0D), as: UInt16.self)
    }

    /// The header of a bulk of less than a thousand bytes.
    fileprivate mutating func append(lengthOf count: Int) {
        append(UInt8(ascii: "$"))
        if count >= 100 { append(UInt8(ascii: "0") + UInt8(count / 100)) }
        if count >= 10 { append(UInt8(ascii: "0") + UInt8(count / 10 % 10)) }
        append(UInt8(ascii: "0") + UInt8(count % 10))
        appendLineEnd()
    }
}
