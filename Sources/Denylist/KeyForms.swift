/// Which keys are guarded, and which have a compact form: a known prefix followed by a UUID.
///
/// A kind (4 bits) says how a key is stored: `prefix × 2 + (1 if upper-case)` for the compact ones, ``plain`` and
/// ``guarded`` for those stored in full.
struct KeyForms {
    /// The most prefixes that have a compact form.
    static let maximumPrefixes = 7
    /// The longest prefix that has one, in bytes.
    static let maximumPrefixLength = 64
    /// The longest text of a compact key, in bytes.
    static let maximumLength = maximumPrefixLength + UUIDText.length
    /// The kinds of keys stored in full.
    static let plain: UInt64 = 14
    static let guarded: UInt64 = 15

    struct Prefix {
        let bytes: UnsafeMutableRawBufferPointer
        /// The first 16 bytes and which of their bits count: a key of this form has 36 bytes at least to compare.
        let word0, word1, mask0, mask1: UInt64

        init(_ prefix: [UInt8]) {
            bytes = .allocate(byteCount: max(16, prefix.count), alignment: 8)
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            bytes.copyBytes(from: prefix)
            func mask(_ length: Int) -> UInt64 { length >= 8 ? ~0 : length <= 0 ? 0 : (1 << (UInt64(length) * 8)) - 1 }
            word0 = bytes.load(as: UInt64.self)
            word1 = bytes.load(fromByteOffset: 8, as: UInt64.self)
            mask0 = mask(prefix.count)
            mask1 = mask(prefix.count - 8)
            length = prefix.count
        }

        let length: Int
    }

    private let prefixes: UnsafeMutableBufferPointer<Prefix>
    private let guardedPrefix: Prefix
    /// A bit for each kind whose keys are guarded.
    let guardedKinds: UInt64

    /// A prefix that does not settle by itself whether its keys are guarded has no compact form.
    init(compact: [[UInt8]], guarded: [UInt8]) {
        let known = compact.filter { prefix in
            prefix.count <= Self.maximumPrefixLength
                && (prefix.starts(with: guarded) || !guarded.starts(with: prefix))
        }.prefix(Self.maximumPrefixes)
        prefixes = .allocate(capacity: known.count)
        _ = prefixes.initialize(from: known.map(Prefix.init))
        guardedPrefix = Prefix(guarded)
        var kinds: UInt64 = 1 << Self.guarded
        for (index, prefix) in known.enumerated() where prefix.starts(with: guarded) {
            kinds |= 0b11 << UInt64(index * 2)
        }
        guardedKinds = kinds
    }

    func deallocate() {
        for prefix in prefixes { prefix.bytes.deallocate() }
        prefixes.deallocate()
        guardedPrefix.bytes.deallocate()
    }

    @inline(__always)
    func isGuarded(kind: UInt64) -> Bool { guardedKinds >> kind & 1 != 0 }

    func isGuarded(_ key: UnsafeRawBufferPointer) -> Bool {
        key.count >= guardedPrefix.length
            && equal(key.baseAddress, guardedPrefix.bytes.baseAddress, count: guardedPrefix.length)
    }

    /// The compact form of a key, if it has one that gives it back exactly.
    @inline(__always)
    func compact(_ key: UnsafeRawBufferPointer) -> (word0: UInt64, word1: UInt64, kind: UInt64)? {
        guard key.count >= UUIDText.length, let start = UnsafeRawPointer(key.baseAddress) else { return nil }
        let word0 = start.loadUnaligned(as: UInt64.self)
        let word1 = start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        for index in 0..<prefixes.count {
            let prefix = prefixes.baseAddress.unsafelyUnwrapped + index
            let length = prefix.pointee.length
            guard key.count == length &+ UUIDText.length else { continue }
            let difference =
                (word0 ^ prefix.pointee.word0) & prefix.pointee.mask0 | (word1 ^ prefix.pointee.word1)
                & prefix.pointee.mask1
            guard difference == 0, length <= 16 || equal(start, prefix.pointee.bytes.baseAddress, count: length)
            else { continue }
            guard let uuid = UUIDText(start + length) else { return nil }
            return (uuid.word0, uuid.word1, UInt64(truncatingIfNeeded: index &* 2) | (uuid.isUpperCase ? 1 : 0))
        }
        return nil
    }

    /// Writes the text of a compact key to `text`, which has room for ``maximumLength`` bytes.
    /// - Returns: its length.
    func write(_ word0: UInt64, _ word1: UInt64, kind: UInt64, to text: UnsafeMutableRawPointer) -> Int {
        let prefix = prefixes[Int(kind >> 1)]
        text.copyMemory(from: prefix.bytes.baseAddress.unsafelyUnwrapped, byteCount: prefix.length)
        UUIDText(word0: word0, word1: word1, isUpperCase: kind & 1 != 0).write(to: text + prefix.length)
        return prefix.length + UUIDText.length
    }
}

/// Whether `count` bytes are the same.
@inline(__always)
func equal(_ one: UnsafeRawPointer?, _ other: UnsafeRawPointer?, count: Int) -> Bool {
    count == 0 || memcmp(one.unsafelyUnwrapped, other.unsafelyUnwrapped, count) == 0
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
