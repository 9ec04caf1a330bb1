/// The value of a refresh token's key after its exchange: `rotated:<ms>:<successor jti>`.
public struct Rotation: Sendable, Hashable {
    static let mark: StaticString = "rotated:"

    /// The time of the exchange by the store's clock, in Unix milliseconds.
    public let time: Int64
    /// The `jti` of the refresh token issued for it.
    public let successor: String

    public init(time: Int64, successor: String) {
        self.time = time
        self.successor = successor
    }

    /// Byte for byte, as keys are.
    public static func == (one: Rotation, other: Rotation) -> Bool {
        one.time == other.time && one.successor.isExactly(other.successor)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(time)
        hasher.combine(ExactString(successor))
    }

    /// - Returns: nil for any other value. The token is revoked nevertheless.
    public init?(value: [UInt8]) {
        let parts = String(decoding: value, as: UTF8.self).split(
            separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "rotated", let time = CutOff.parse(parts[1].utf8.span.bytes),
            !parts[2].isEmpty
        else { return nil }
        self.init(time: time, successor: String(parts[2]))
    }

    /// The key's value.
    public var value: String { "\(Self.mark)\(time):\(successor)" }
}
