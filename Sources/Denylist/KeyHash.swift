/// The keyed hash of a key, and the key's compact form if it has one: worked out once, used by every call that follows.
public struct KeyHash: Sendable, BitwiseCopyable {
    /// 63 bits.
    public let value: UInt64
    /// The UUID of a compact key; the hash and 0 of one stored in full.
    let word0, word1: UInt64
    /// The kind, and above it whether that is one of guarded keys: four words come back in registers, five do not.
    private let kindAndGuard: UInt64

    @inline(__always)
    init(value: UInt64, word0: UInt64, word1: UInt64, kind: UInt64, isGuarded: Bool) {
        self.value = value
        self.word0 = word0
        self.word1 = word1
        kindAndGuard = kind | (isGuarded ? Self.guardBit : 0)
    }

    private static let guardBit: UInt64 = 1 << 8

    @inline(__always)
    var kind: UInt64 { kindAndGuard & 15 }
    @inline(__always)
    var isCompact: Bool { kind < KeyForms.plain }

    /// Whether the key begins with ``Denylist/Configuration/guardedPrefix``.
    public var isGuarded: Bool { kindAndGuard & Self.guardBit != 0 }

    /// The time that decides whether the key is expired.
    @inline(__always)
    func time(_ moment: Moment) -> Int64 { isGuarded ? moment.guarded : moment.wall }
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
    var isCompact: Bool { hashed.isCompact }
}
