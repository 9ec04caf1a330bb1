import Contract

extension OutputRawSpan {
    /// Appends the look-up of a check, `MGET` of its keys, as hiredis would format it. Every request of every server
    /// sends this command, so no key is built in memory of its own.
    mutating func append(_ check: Check) {
        precondition(check.keyCount < 9, "the number of arguments has one digit")
        append(UInt8(ascii: "*"))
        append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: check.keyCount &+ 1))
        append(lookUp.span.bytes)
        let beginnings = check.beginnings
        let text = beginnings.text
        let bytes = text.span.bytes
        if let identifier = check.identifier { append(bytes.extracting(beginnings.token), identifier) }
        if let session = check.session { append(bytes.extracting(beginnings.session), session) }
        if let subject = check.subject { append(bytes.extracting(beginnings.subject), subject) }
        if let client = check.client { append(bytes.extracting(beginnings.client), client) }
        if let key = check.key { append(bytes.extracting(beginnings.key), key) }
        append(bytes.extracting(check.readsTerms ? beginnings.allTermsAndEpoch : beginnings.allAndEpoch))
    }

    /// A key, as an argument.
    private mutating func append(_ beginning: RawSpan, _ identifier: String) {
        let bytes = identifier.utf8.span.bytes
        if Namespace.needsDigest(bytes) {
            let digest = Namespace.bounded(identifier)
            appendBulk(beginning, digest.utf8.span.bytes)
        } else {
            appendBulk(beginning, bytes)
        }
    }

    /// Two pieces as one bulk of less than a thousand bytes.
    private mutating func appendBulk(_ beginning: RawSpan, _ rest: RawSpan) {
        let length = beginning.byteCount &+ rest.byteCount
        append(UInt8(ascii: "$"))
        if length >= 100 { append(UInt8(ascii: "0") + UInt8(length / 100)) }
        if length >= 10 { append(UInt8(ascii: "0") + UInt8(length / 10 % 10)) }
        append(UInt8(ascii: "0") + UInt8(length % 10))
        appendLineEnd()
        append(beginning)
        append(rest)
        appendLineEnd()
    }

    /// Copies bytes. Precondition: there is room for them.
    mutating func append(_ bytes: RawSpan) {
        precondition(bytes.byteCount <= freeCapacity, "no room was made for these bytes")
        // `append(_:as:)` needs an aligned place.
        withUnsafeMutableBytes { buffer, count in
            bytes.withUnsafeBytes { bytes in
                guard let place = buffer.baseAddress, let first = bytes.baseAddress else { return }
                (place + count).copyMemory(from: first, byteCount: bytes.count)
                count &+= bytes.count
            }
        }
    }

    mutating func appendLineEnd() {
        append(UInt8(ascii: "\r"))
        append(UInt8(ascii: "\n"))
    }
}

/// The bytes between the number of arguments and the first key.
private let lookUp = Array("\r\n$4\r\nMGET\r\n".utf8)

extension Check {
    /// The overhead of an argument in bytes: `$`, up to 3 digits, two line ends.
    private static let argumentOverhead = 8

    /// An upper bound of the bytes of the command.
    var maximumCommandBytes: Int {
        // The client's key has the longest prefix.
        (keyCount &+ 2) &* Self.argumentOverhead &+ Epoch.key.utf8.count
            &+ (keyCount &- 1) &* (beginnings.client.count &+ Limits.maximumIdentifierBytes)
    }
}
