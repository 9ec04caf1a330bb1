/// An epoch in five words, which are read and compared without memory of their own.
struct EpochWords: Sendable, Equatable {
    private static let count = 5
    private static let maximumBytes = count * 8 - 1

    let a, b, c, d, e: UInt64

    init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64) {
        (self.a, self.b, self.c, self.d, self.e) = (a, b, c, d, e)
    }

    /// - Returns: nil for an epoch longer than a UUID's text.
    init?(_ epoch: [UInt8]) {
        guard epoch.count <= Self.maximumBytes else { return nil }
        var words = [UInt64](repeating: 0, count: Self.count)
        for (index, byte) in epoch.enumerated() { words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8) }
        words[Self.count - 1] |= UInt64(epoch.count) << 56
        self.init(words[0], words[1], words[2], words[3], words[4])
    }
}
