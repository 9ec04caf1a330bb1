/// The forms in which keys are stored, and which keys are guarded. A known prefix followed by a UUID has a compact
/// form.
///
/// A kind (4 bits) identifies a form: `prefix × 2 + (1 if upper-case)` for compact keys, ``plain`` and ``guarded`` for
/// keys stored in full.
struct KeyForms {
    /// The most prefixes that have a compact form.
    static let maximumPrefixes = 7
    /// The longest prefix of a compact form, in bytes.
    static let maximumPrefixLength = 64
    /// The longest text of a compact key, in bytes.
    static let maximumLength = maximumPrefixLength + UUIDText.length
    /// The kinds of keys stored in full.
    static let plain: UInt64 = 14
    static let guarded: UInt64 = 15

    /// A key's compact form.
    typealias Compact = (word0: UInt64, word1: UInt64, kind: UInt64)

    struct Prefix {
        let bytes: UnsafeMutableRawBufferPointer
        /// The first 16 bytes, and a mask of the bits that count: a key of this form has at least 36 bytes to compare.
        let word0, word1, mask0, mask1: UInt64
        let length: Int
        /// The kind of its lower-case keys.
        let kind: UInt64

        init(_ prefix: [UInt8], kind: UInt64 = 0) {
            self.kind = kind
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

        /// Whether a key of `count` bytes, at least as many as a UUID's, is this prefix and a UUID's length.
        @inline(__always)
        func begins(_ key: UnsafeRawPointer, _ count: Int) -> Bool {
            guard count == length &+ UUIDText.length else { return false }
            let one = (key.loadUnaligned(as: UInt64.self) ^ word0) & mask0
            let other = (key.loadUnaligned(fromByteOffset: 8, as: UInt64.self) ^ word1) & mask1
            return one | other == 0 && (length <= 16 || equal(key, bytes.baseAddress, count: length))
        }

        /// The compact form of such a key, if it restores the key exactly.
        @inline(__always)
        func compact(_ key: UnsafeRawPointer) -> Compact? { compact(identifier: key + length) }

        /// As ``compact(_:)``, by what follows the prefix.
        @inline(__always)
        func compact(identifier: UnsafeRawPointer) -> Compact? {
            guard let uuid = UUIDText(identifier) else { return nil }
            return (uuid.word0, uuid.word1, kind | (uuid.isUpperCase ? 1 : 0))
        }
    }

    private let prefixes: UnsafeMutableBufferPointer<Prefix>
    private let guardedPrefix: Prefix
    /// A bit for each kind whose keys are guarded.
    let guardedKinds: UInt64

    /// A prefix with both guarded and other keys has no compact form.
    init(compact: [[UInt8]], guarded: [UInt8]) {
        let known = compact.filter { prefix in
            prefix.count <= Self.maximumPrefixLength
                && (prefix.starts(with: guarded) || !guarded.starts(with: prefix))
        }.prefix(Self.maximumPrefixes)
        prefixes = .allocate(capacity: known.count)
        _ = prefixes.initialize(from: known.enumerated().map { Prefix($1, kind: UInt64($0 * 2)) })
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

    var guardedPrefixLength: Int { guardedPrefix.length }

    @inline(__always)
    func isGuarded(kind: UInt64) -> Bool { guardedKinds >> kind & 1 != 0 }

    @inline(__always)
    func isGuarded(_ key: UnsafeRawBufferPointer) -> Bool {
        guard key.count >= guardedPrefix.length else { return false }
        if key.count >= 8 {
            guard (key.loadUnaligned(as: UInt64.self) ^ guardedPrefix.word0) & guardedPrefix.mask0 == 0 else {
                return false
            }
            if guardedPrefix.length <= 8 { return true }
        }
        return equal(key.baseAddress, guardedPrefix.bytes.baseAddress, count: guardedPrefix.length)
    }

    /// A key's compact form, if it restores the key exactly.
    @inline(__always)
    func compact(_ key: UnsafeRawBufferPointer) -> Compact? {
        guard key.count >= UUIDText.length, let start = key.baseAddress else { return nil }
        for index in 0..<prefixes.count {
            let prefix = prefixes.baseAddress.unsafelyUnwrapped + index
            if prefix.pointee.begins(start, key.count) { return prefix.pointee.compact(start) }
        }
        return nil
    }

    /// As ``compact(_:)`` for a key in two parts; nil also if its prefix is not the first part.
    @inline(__always)
    func compact(_ beginning: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer) -> Compact? {
        guard rest.count == UUIDText.length, let start = rest.baseAddress else { return nil }
        for index in 0..<prefixes.count {
            let prefix = prefixes.baseAddress.unsafelyUnwrapped + index
            if prefix.pointee.length == beginning.count,
                equal(beginning.baseAddress, prefix.pointee.bytes.baseAddress, count: beginning.count)
            {
                return prefix.pointee.compact(identifier: start)
            }
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

/// Whether `count` bytes are equal.
@inline(__always)
func equal(_ one: UnsafeRawPointer?, _ other: UnsafeRawPointer?, count: Int) -> Bool {
    count == 0 || memcmp(one.unsafelyUnwrapped, other.unsafelyUnwrapped, count) == 0
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
