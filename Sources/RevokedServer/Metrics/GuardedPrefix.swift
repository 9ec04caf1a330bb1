/// The prefix of guarded keys, made so that to ask for it costs next to nothing: one comparison of eight bytes for most
/// keys, since every write asks.
struct GuardedPrefix: Sendable {
    private let bytes: [UInt8]
    /// Its first eight bytes as they lie in memory, and which of them it has.
    private let head: UInt64
    private let mask: UInt64
    private let count: Int

    init(_ prefix: [UInt8]) {
        bytes = prefix
        count = prefix.count
        var head: UInt64 = 0
        var mask: UInt64 = 0
        for (index, byte) in prefix.prefix(8).enumerated() {
            head |= UInt64(byte) << (8 * index)
            mask |= 0xFF << (8 * index)
        }
        self.head = UInt64(littleEndian: head)
        self.mask = UInt64(littleEndian: mask)
    }

    @inline(__always)
    func matches(_ key: RawSpan) -> Bool {
        guard key.byteCount >= 8 else { return key.starts(with: bytes) }
        guard key.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self) & mask == head else { return false }
        return count <= 8 || key.starts(with: bytes)
    }
}
