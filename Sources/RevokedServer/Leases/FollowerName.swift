/// What a follower calls its stream (`REPLCONF follower`): 32 hexadecimal digits that it has made at random, for this
/// one connection. It is a secret: who knows it renews the lease of that stream.
struct FollowerName: Sendable {
    static let length = 32

    private let digits: [UInt8]

    /// - Parameter text: digits in lower case; nil of anything else.
    init?(_ text: RawSpan) {
        guard text.byteCount == Self.length else { return nil }
        let digits = text.withUnsafeBytes { Array($0) }
        let isHexadecimal = digits.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        guard isHexadecimal else { return nil }
        self.digits = digits
    }

    /// Differs between processes; tells nothing of the name to who does not know what it is mixed with.
    var bucket: Int {
        var hasher = Hasher()
        hasher.combine(digits)
        return hasher.finalize()
    }

    /// In constant time.
    func matches(_ other: FollowerName) -> Bool {
        var difference: UInt8 = 0
        for index in 0..<Self.length { difference |= digits[index] ^ other.digits[index] }
        return difference == 0
    }
}
