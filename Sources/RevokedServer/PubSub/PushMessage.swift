import RESP

/// A message for connections that did not ask for it just now, encoded once for all of them in each protocol.
struct PushMessage: Sendable {
    private let two: [UInt8]
    private let three: [UInt8]
    /// What it takes while it waits.
    let cost: Int

    private static let overhead = 128

    /// Elements of a push of RESP3, which is an array in RESP2.
    init(_ parts: [[UInt8]]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.reduce(16) { $0 + $1.count + 16 })
        bytes += ">\(parts.count)\r\n".utf8
        for part in parts {
            bytes += "$\(part.count)\r\n".utf8
            bytes += part
            bytes += "\r\n".utf8
        }
        three = bytes
        bytes[0] = UInt8(ascii: "*")
        two = bytes
        cost = 2 * bytes.count + Self.overhead
    }

    /// Already encoded.
    init(two: [UInt8], three: [UInt8]) {
        (self.two, self.three) = (two, three)
        cost = two.count + three.count + Self.overhead
    }

    /// Records, which are the same in both.
    init(records: [UInt8]) {
        (two, three) = (records, records)
        cost = records.count + Self.overhead
    }

    /// A push of a word and a number.
    init(_ word: String, _ number: Int64) {
        let rest = "2\r\n$\(word.utf8.count)\r\n\(word)\r\n:\(number)\r\n"
        self.init(two: Array("*\(rest)".utf8), three: Array(">\(rest)".utf8))
    }

    func bytes(in version: ProtocolVersion) -> [UInt8] { version == .three ? three : two }
}
