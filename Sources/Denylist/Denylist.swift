import Synchronization

/// The store: byte keys → byte values with an expiry. Synchronous, safe to use from any thread; no clock of its own.
///
/// Keys that begin with the guarded prefix expire by ``Moment/guarded``, all others by ``Moment/wall``. An expired
/// entry is absent for every call but still takes room until it is reclaimed.
///
/// Functions passed in run under the lock of a shard: they should be short, and must not call the denylist again.
// @unchecked: everything mutable is behind `table`, whose shards have locks; the rest are constants and atomics.
public final class Denylist: @unchecked Sendable {
    public struct Configuration: Sendable {
        /// A power of two up to 256. Each shard has a short lock of its own.
        public var shards = 64
        /// The most memory that entries may take, in bytes; 0 is no limit.
        public var maximumBytes = 0
        /// Keys with this prefix are guarded.
        public var guardedPrefix = Array("revoked:".utf8)
        /// A UUID after one of these prefixes takes 16 bytes. At most 7, of at most 64 bytes each, count.
        public var compactPrefixes = [Array("revoked:jti:".utf8), Array("revoked:sid:".utf8)]
        /// Values of up to 31 bytes that take no room of their own; more are learned as they keep coming.
        public var commonValues = ["logout", "compromised", "admin", "rotated", "1", "0", ""].map { Array($0.utf8) }
        /// Whether to ask for huge pages: faster lookups in large tables, but memory goes back to the system only at
        /// the end, and a first touch of one takes longer.
        public var hugePages = false
        /// The key of the hash; nil takes a random one, as it should be outside tests.
        public var hashKey: (UInt64, UInt64)?

        public init() {}
    }

    @usableFromInline let table: Table
    private let limit: Atomic<Int>

    public init(_ configuration: Configuration = Configuration()) {
        table = Table(configuration)
        limit = Atomic(configuration.maximumBytes)
    }

    deinit { table.deallocate() }

    /// The most memory that entries may take, in bytes; 0 is no limit. May be changed at any time.
    public var maximumBytes: Int {
        get { limit.load(ordering: .relaxed) }
        set { limit.store(newValue, ordering: .relaxed) }
    }

    /// Whether `bytes` more would exceed ``maximumBytes``.
    public func isFull(adding bytes: Int = 0) -> Bool {
        let most = maximumBytes
        return most > 0 && table.used + bytes > most
    }

    // MARK: One key

    /// The keyed hash of a key. Computed once per command and passed along.
    public func hash(of key: RawSpan) -> UInt64 { key.withUnsafeBytes { table.hash($0) } }

    /// Asks the processor to fetch what a lookup of this hash will touch.
    public func prefetch(_ hash: UInt64) { table.prefetch(hash) }

    /// The same for many hashes at once, whose cache misses then overlap.
    public func prefetch(_ hashes: Span<UInt64>) { table.prefetch(hashes) }

    /// Whether there is a live entry.
    public func contains(_ key: RawSpan, hash: UInt64, at moment: Moment) -> Bool {
        key.withUnsafeBytes { bytes in
            let key = table.key(bytes, hash: hash)
            let shard = table.shard(hash)
            shard.lock.lock()
            defer { shard.lock.unlock() }
            return table.find(key, shard).map { table.isLive($0, at: moment) } ?? false
        }
    }

    /// Reads an entry under its shard's lock.
    /// - Parameter body: takes the value, which is valid only during the call, and the expiry (``Expiry/never`` if none).
    /// - Returns: nil if there is no live entry.
    @inlinable
    public func read<Result>(
        _ key: RawSpan, hash: UInt64, at moment: Moment, _ body: (_ value: RawSpan, _ expiry: Int64) -> Result
    ) -> Result? {
        guard let found = begin(key, hash, moment) else { return nil }
        defer { end(hash) }
        return body(found.value.bytes, found.expiry)
    }

    /// Reads and changes one entry under its shard's lock.
    @inlinable
    public func update<Result>(
        _ key: RawSpan, hash: UInt64, at moment: Moment, _ body: (inout Entry) -> Result
    ) -> Result {
        key.withUnsafeBytes { bytes in
            begin(hash)
            defer { end(hash) }
            var entry = table.entry(bytes, hash, moment)
            return body(&entry)
        }
    }

    // MARK: Parts

    @usableFromInline
    struct Found {
        @usableFromInline let value: UnsafeRawBufferPointer
        @usableFromInline let expiry: Int64
    }

    /// Locks the shard of a live entry; leaves it unlocked if there is none.
    @usableFromInline
    func begin(_ key: RawSpan, _ hash: UInt64, _ moment: Moment) -> Found? {
        key.withUnsafeBytes { bytes in
            let key = table.key(bytes, hash: hash)
            let shard = table.shard(hash)
            shard.lock.lock()
            guard let slot = table.find(key, shard), table.isLive(slot, at: moment) else {
                shard.lock.unlock()
                return nil
            }
            let value = table.value(slot, table.segment(table.segmentEntry(hash, shard)), shard)
            return Found(value: value, expiry: slot.expiry)
        }
    }

    @usableFromInline
    func begin(_ hash: UInt64) { table.shard(hash).lock.lock() }

    @usableFromInline
    func end(_ hash: UInt64) { table.shard(hash).lock.unlock() }
}
