import RESP

/// A message for connections that did not ask for it just now, encoded once for all of them in each protocol.
struct PushMessage: Sendable {
    private let two: [UInt8]
    private let three: [UInt8]

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
    }

    /// Already encoded.
    init(two: [UInt8], three: [UInt8]) { (self.two, self.three) = (two, three) }

    /// Records, which are the same in both.
    init(records: [UInt8]) { self.init(two: records, three: records) }

    /// A push of a word and a number.
    init(_ word: String, _ number: Int64) {
        let rest = "2\r\n$\(word.utf8.count)\r\n\(word)\r\n:\(number)\r\n"
        self.init(two: Array("*\(rest)".utf8), three: Array(">\(rest)".utf8))
    }

    func bytes(in version: ProtocolVersion) -> [UInt8] { version == .three ? three : two }

    /// What it takes while it waits.
    var cost: Int { two.count + three.count + 128 }
}
