import Contract

/// The daemon's own keys as files record them. Releases before ``EpochFile`` stored the epoch like any other key, and
/// so does a stock server after `revoked init`.
struct OwnKeys {
    /// What `revoked.epoch` holds.
    private(set) var epoch: [UInt8]?
    private var hasAcceptance = false

    private static let epochKey = Array(Epoch.key.utf8)
    private static let acceptedKey = Array(Epoch.acceptedKey.utf8)
    static let all = [epochKey, acceptedKey]

    /// Whether any of them remains at the end of the files.
    var areThere: Bool { epoch != nil || hasAcceptance }

    /// The epoch, if it is one that a client may have pinned.
    var knownEpoch: String? {
        epoch.flatMap { String(validating: $0, as: UTF8.self) }.flatMap { EpochRecord.isEpoch($0) ? $0 : nil }
    }

    @inline(__always)
    static func has(_ key: RawSpan) -> Bool {
        // Compares lengths first: nearly all keys have another.
        guard key.byteCount == 13 || key.byteCount == 16 else { return false }
        return isEqual(key, epochKey) || isEqual(key, acceptedKey)
    }

    @inline(never)
    private static func isEqual(_ key: RawSpan, _ other: [UInt8]) -> Bool {
        key.withUnsafeBytes { $0.elementsEqual(other) }
    }

    mutating func set(_ key: RawSpan, _ value: RawSpan) {
        if Self.isEqual(key, Self.epochKey) {
            epoch = value.withUnsafeBytes(Array.init)
        } else {
            hasAcceptance = true
        }
    }

    mutating func remove(_ key: RawSpan) {
        if Self.isEqual(key, Self.epochKey) { epoch = nil } else { hasAcceptance = false }
    }

    mutating func removeAll() { self = OwnKeys() }
}
