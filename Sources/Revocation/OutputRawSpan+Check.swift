import Contract

extension OutputRawSpan {
    /// Appends the look-up of a check, `MGET` of its keys, as hiredis would format it; but no key, and no command, is put
    /// together elsewhere first: this is the one command that every request of every server sends.
    mutating func append(_ check: Check) {
        // The number of arguments has one digit.
        append(UInt8(ascii: "*"))
        append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: check.keyCount &+ 1))
        append(lookUp.span.bytes)
        let beginnings = check.beginnings
        if let identifier = check.identifier { append(beginnings.token, identifier) }
        if let session = check.session { append(beginnings.session, session) }
        if let subject = check.subject { append(beginnings.subject, subject) }
        if let client = check.client { append(beginnings.client, client) }
        let allAndEpoch = beginnings.allAndEpoch
        append(allAndEpoch.span.bytes)
    }

    /// A key, as an argument.
    private mutating func append(_ beginning: [UInt8], _ identifier: String) {
        let bytes = identifier.utf8.span.bytes
        if Namespace.needsDigest(bytes) {
            let digest = Namespace.bounded(identifier)
            append(beginning.span.bytes, digest.utf8.span.bytes)
        } else {
            append(beginning.span.bytes, bytes)
        }
    }

    private mutating func append(_ beginning: RawSpan, _ identifier: RawSpan) {
        append(lengthOf: beginning.byteCount &+ identifier.byteCount)
        append(beginning)
        append(identifier)
        appendLineEnd()
    }

    /// Copies bytes that there is room for.
    mutating func append(_ bytes: RawSpan) {
        precondition(bytes.byteCount <= freeCapacity, "no room was made for these bytes")
        // `append(_:as:)` is for values that come to lie where their type may.
        withUnsafeMutableBytes { buffer, count in
            bytes.withUnsafeBytes { bytes in
                guard let place = buffer.baseAddress, let first = bytes.baseAddress else { return }
                (place + count).copyMemory(from: first, byteCount: bytes.count)
                count &+= bytes.count
            }
        }
    }

    private mutating func appendLineEnd() {
        append(UInt8(ascii: "\r"))
        append(UInt8(ascii: "\n"))
    }

    /// The header of a bulk of less than a thousand bytes.
    private mutating func append(lengthOf count: Int) {
        append(UInt8(ascii: "$"))
        if count >= 100 { append(UInt8(ascii: "0") + UInt8(count / 100)) }
        if count >= 10 { append(UInt8(ascii: "0") + UInt8(count / 10 % 10)) }
        append(UInt8(ascii: "0") + UInt8(count % 10))
        appendLineEnd()
    }
}

/// What stands before the keys.
private let lookUp = Array("\r\n$4\r\nMGET\r\n".utf8)

extension Check {
    /// What an argument takes beside its bytes: `$`, up to 3 digits, two line ends.
    private static let argumentOverhead = 8

    /// The command of one with so many keys is no longer.
    static func maximumCommandBytes(keyCount: Int, in namespace: Namespace) -> Int {
        // No key begins with more than the client's does.
        (keyCount &+ 2) &* argumentOverhead &+ Epoch.key.utf8.count
            &+ (keyCount &- 1) &* (namespace.beginnings.client.count &+ Limits.maximumIdentifierBytes)
    }
}
