/// SipHash-1-3 (Aumasson and Bernstein, 2012): without its secret key, no client can construct colliding keys.
struct SipHash: Sendable {
    private let key0: UInt64
    private let key1: UInt64

    init(key: (UInt64, UInt64)) {
        (key0, key1) = key
    }

    static func withRandomKey() -> SipHash {
        var generator = SystemRandomNumberGenerator()
        return SipHash(key: (generator.next(), generator.next()))
    }

    /// SipHash-1-3 of bytes, as in the reference implementation.
    @inline(__always)
    func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(key0, key1)
        let whole = bytes.count & ~7
        var offset = 0
        while offset < whole {
            state.absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        if whole > 0, whole < bytes.count {
            // The last eight bytes without those that were absorbed.
            let end = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count &- 8, as: UInt64.self))
            last |= end &>> UInt64(truncatingIfNeeded: (8 &- (bytes.count & 7)) &* 8)
        } else {
            for index in whole..<bytes.count { last |= UInt64(bytes[index]) << UInt64((index - whole) * 8) }
        }
        state.absorb(last)
        return state.finish()
    }

    /// The hash of a compact key: two words and a kind. No byte string has the same message, because one whose length
    /// ends in 255 has at least 31 words.
    @inline(__always)
    func hash(_ word0: UInt64, _ word1: UInt64, kind: UInt64) -> UInt64 {
        var state = State(key0, key1)
        state.absorb(word0)
        state.absorb(word1)
        state.absorb(0xFF << 56 | kind)
        return state.finish()
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        @inline(__always)
        init(_ key0: UInt64, _ key1: UInt64) {
            v0 = key0 ^ 0x736f_6d65_7073_6575
            v1 = key1 ^ 0x646f_7261_6e64_6f6d
            v2 = key0 ^ 0x6c79_6765_6e65_7261
            v3 = key1 ^ 0x7465_6462_7974_6573
        }

        @inline(__always)
        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func finish() -> UInt64 {
            v2 ^= 0xFF
            round()
            round()
            round()
            return v0 ^ v1 ^ v2 ^ v3
        }

        @inline(__always)
        private mutating func round() {
            v0 &+= v1
            v2 &+= v3
            v1 = Self.rotate(v1, 13) ^ v0
            v3 = Self.rotate(v3, 16) ^ v2
            v0 = Self.rotate(v0, 32)
            v2 &+= v1
            v0 &+= v3
            v1 = Self.rotate(v1, 17) ^ v2
            v3 = Self.rotate(v3, 21) ^ v0
            v2 = Self.rotate(v2, 32)
        }

        @inline(__always)
        private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 &- bits) }
    }
}
