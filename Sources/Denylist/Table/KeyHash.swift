/// The keyed hash of a key, with the key's compact form if it has one. Computed once per command.
@usableFromInline
package struct KeyHash: Sendable, BitwiseCopyable {
    /// 63 bits.
    package let value: UInt64
    /// The UUID of a compact key; otherwise the hash and 0.
    let word0, word1: UInt64
    /// Bits 0–3: the kind. Bit 8: whether it is a guarded kind. From bit 16: a group's address without its last 8 bits,
    /// or 0. Four words are returned in registers, five are not.
    @usableFromInline var rest: UInt64

    @inline(__always)
    init(value: UInt64, word0: UInt64, word1: UInt64, kind: UInt64, isGuarded: Bool) {
        self.value = value
        self.word0 = word0
        self.word1 = word1
        rest = kind | (isGuarded ? Self.guardBit : 0)
    }

    /// Of no key.
    static var none: KeyHash { KeyHash(value: 0, word0: 0, word1: 0, kind: 0, isGuarded: false) }

    @usableFromInline static var guardBit: UInt64 { 1 << 8 }

    @inline(__always)
    var kind: UInt64 { rest & 15 }
    @inline(__always)
    var isCompact: Bool { kind < KeyForms.plain }

    /// Whether the key begins with ``Denylist/Configuration/guardedPrefix``.
    @inlinable
    package var isGuarded: Bool { rest & Self.guardBit != 0 }

    /// The same hash with the address of its group, for prefetching only: the group may move.
    @inline(__always)
    func noting(_ group: UnsafeMutableRawPointer) -> KeyHash {
        var hash = self
        hash.rest = rest & 0xFFFF | UInt64(UInt(bitPattern: group)) &<< 8
        return hash
    }

    @inline(__always)
    var notedGroup: UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: (rest &>> 16) &<< 8))
    }

    /// The clock by which the key expires.
    @inline(__always)
    func time(_ moment: ClockReading) -> Int64 { isGuarded ? moment.guarded : moment.wall }
}

/// A key passed through the table. Its bytes belong to the caller.
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
