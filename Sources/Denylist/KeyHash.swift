/// The keyed hash of a key, and the key's compact form if it has one: worked out once, used by every call that follows.
public struct KeyHash: Sendable, BitwiseCopyable {
    /// 63 bits.
    public let value: UInt64
    /// The UUID of a compact key; the hash and 0 of one stored in full.
    let word0, word1: UInt64
    let kind: UInt64
}

/// A key on its way through the table; its bytes are the caller's.
struct Key {
    let bytes: UnsafeRawBufferPointer
    let hashed: KeyHash

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, _ hashed: KeyHash) {
        self.bytes = bytes
        self.hashed = hashed
    }

    @inline(__always)
    var hash: UInt64 { hashed.value }
    @inline(__always)
    var word0: UInt64 { hashed.word0 }
    @inline(__always)
    var word1: UInt64 { hashed.word1 }
    @inline(__always)
    var kind: UInt64 { hashed.kind }
    @inline(__always)
    var isCompact: Bool { kind < KeyForms.plain }
}
