import Synchronization

/// The store: byte keys → byte values with an expiry. Synchronous, safe to use from any thread; no clock of its own.
///
/// Keys that begin with the guarded prefix expire by ``ClockReading/guarded``, all others by ``ClockReading/wall``. An
/// expired entry is absent for every call but still takes room until it is reclaimed.
///
/// It is database 0 itself, and makes the others when they are first written to (``makeDatabase(_:)``).
///
/// Closures run under a shard's lock: they should be short, and must not call the denylist.
// @unchecked: everything mutable is behind `table`, whose shards have locks; the rest are constants and atomics.
@usableFromInline
package final class Denylist: @unchecked Sendable {
    package struct Configuration: Sendable {
        /// A power of two up to 256. Each shard has a short lock of its own.
        package var shards = 64
        /// The most memory that entries may take, in bytes; 0 is no limit.
        package var maximumBytes = 0
        /// Keys with this prefix are guarded.
        package var guardedPrefix = Array("revoked:".utf8)
        /// Prefixes after which a UUID takes 16 bytes. At most 7 are used, of at most 64 bytes each.
        package var compactPrefixes = [Array("revoked:jti:".utf8), Array("revoked:sid:".utf8)]
        /// Common values of up to 31 bytes, which take no room in entries. At most 256 are used.
        package var commonValues = [
            "logout", "compromised", "admin", "rotated", "1", "0", "", "true", "revoked", "blacklisted", "blocked",
            "invalid",
        ].map { Array($0.utf8) }
        /// Whether a table of more than a megabyte uses huge pages, in which look-ups are faster.
        /// ``Denylist/reclaim(slots:at:)`` makes them, so that no other call waits for them.
        package var hugePages = true
        /// The key of the hash; nil for a random one, which only tests replace.
        package var hashKey: (UInt64, UInt64)?

        package init() {}
    }

    @usableFromInline let table: Table
    /// The other databases that were made, by number; empty in one of them.
    let databases = Mutex<[Int: Denylist]>([:])
    /// Those who keep databases from being exchanged (``holdSwaps()``).
    let swapHolders = Atomic(0)
    private let isDatabase: Bool

    package init(_ configuration: Configuration = Configuration()) {
        table = Table(configuration)
        isDatabase = false
    }

    /// Another database of `main`, which has to outlive it (``database(_:)``).
    init(databaseOf main: Denylist) {
        table = Table(sharing: main.table)
        isDatabase = true
    }

    deinit {
        databases.withLock { $0 = [:] }
        table.deallocate(isSharing: isDatabase)
    }

    /// Look-ups of single keys, without reference counting.
    @usableFromInline package var keys: Keys { Keys(table: table) }

    /// Changes of single entries, without reference counting.
    @usableFromInline package var writer: Writer { Writer(keys) }

    /// The most memory that entries may take, in bytes; 0 is no limit. May be changed at any time.
    package var maximumBytes: Int {
        get { table.state.pointee.limit.pointee.load(ordering: .relaxed) }
        set { table.state.pointee.limit.pointee.store(newValue, ordering: .relaxed) }
    }

    /// Whether `bytes` more would exceed ``maximumBytes``, or leave less of it than `reserve`.
    package func isFull(adding bytes: Int = 0, leaving reserve: Int = 0) -> Bool {
        keys.isFull(adding: bytes, leaving: reserve)
    }

    /// The length of ``Configuration/guardedPrefix``.
    package var guardedPrefixLength: Int { table.state.pointee.forms.guardedPrefixLength }

    /// The keyed hash of a key. Computed once per command and passed along.
    package func hash(of key: RawSpan) -> KeyHash { keys.hash(of: key) }

    /// Hashes a key, and prefetches the tags of its group.
    package func beginPrefetch(of key: RawSpan) -> KeyHash { keys.beginPrefetch(of: key) }

    /// Prefetches the slots for these hashes: the way for many keys. ``beginPrefetch(of:)`` was called for each hash,
    /// and its tags have arrived.
    /// - Parameter orFree: also prefetches the free slot for a new entry.
    package func prefetchSlots(_ hashes: Span<KeyHash>, orFree: Bool) { keys.prefetchSlots(hashes, orFree: orFree) }

    /// Prefetches a whole group for this hash, twice as much memory: the way for a few keys.
    package func prefetch(_ hash: KeyHash) { keys.prefetch(hash) }

    /// Whether there is a live entry.
    package func contains(_ key: RawSpan, hash: KeyHash, at moment: ClockReading) -> Bool {
        keys.contains(key, hash: hash, at: moment)
    }

    /// Reads an entry under its shard's lock.
    /// - Parameter body: receives the value, which is valid only during the call, and the expiry (``Expiry/never`` if
    ///   none).
    /// - Returns: nil if there is no live entry.
    @inlinable
    package func read<Result>(
        _ key: RawSpan, hash: KeyHash, at moment: ClockReading, _ body: (_ value: RawSpan, _ expiry: Int64) -> Result
    ) -> Result? {
        keys.read(key, hash: hash, at: moment, body)
    }

    /// Reads and changes one entry under its shard's lock.
    @inlinable
    package func update<Result>(
        _ key: RawSpan, hash: KeyHash, at moment: ClockReading, _ body: (inout Entry) -> Result
    ) -> Result {
        writer.update(key, hash: hash, at: moment, body)
    }
}
