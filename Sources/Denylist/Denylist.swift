import Synchronization

/// The store: byte keys → byte values with an expiry. Synchronous, safe to use from any thread; no clock of its own.
///
/// Keys that begin with the guarded prefix expire by ``ClockReading/guarded``, all others by ``ClockReading/wall``. An
/// expired entry is absent for every call but still takes room until it is reclaimed.
///
/// Functions passed in run under the lock of a shard: they should be short, and must not call the denylist again.
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
        /// A UUID after one of these prefixes takes 16 bytes. At most 7, of at most 64 bytes each, count.
        package var compactPrefixes = [Array("revoked:jti:".utf8), Array("revoked:sid:".utf8)]
        /// Values of up to 31 bytes that take no room of their own: what applications write. At most 256 count.
        package var commonValues = [
            "logout", "compromised", "admin", "rotated", "1", "0", "", "true", "revoked", "blacklisted", "blocked",
            "invalid",
        ].map { Array($0.utf8) }
        /// Whether a table of more than a megabyte is to lie in huge pages, where lookups are faster.
        /// ``Denylist/reclaim(slots:at:)`` sees to that, so that nobody else waits for them.
        package var hugePages = true
        /// The key of the hash; nil takes a random one, as it should be outside tests.
        package var hashKey: (UInt64, UInt64)?

        package init() {}
    }

    @usableFromInline let table: Table

    package init(_ configuration: Configuration = Configuration()) { table = Table(configuration) }

    deinit { table.deallocate() }

    /// Its look-ups of one key, without counting references.
    @usableFromInline package var keys: Keys { Keys(table: table) }

    /// Its changes of one entry, without counting references.
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

    /// The keyed hash of a key. Computed once per command and passed along.
    package func hash(of key: RawSpan) -> KeyHash { keys.hash(of: key) }

    /// Hashes a key and asks the processor to fetch what says where its entry is.
    package func beginPrefetch(of key: RawSpan) -> KeyHash { keys.beginPrefetch(of: key) }

    /// Asks the processor to fetch what else lookups of these hashes will touch, where ``beginPrefetch(of:)`` has been
    /// called for each, and what it asked for has come: the way for many keys.
    /// - Parameter orFree: and what a new entry will, where there is none.
    package func prefetchSlots(_ hashes: Span<KeyHash>, orFree: Bool) { keys.prefetchSlots(hashes, orFree: orFree) }

    /// Asks the processor to fetch what a lookup of this hash will touch, and twice as much: the way for a few keys.
    package func prefetch(_ hash: KeyHash) { keys.prefetch(hash) }

    /// Whether there is a live entry.
    package func contains(_ key: RawSpan, hash: KeyHash, at moment: ClockReading) -> Bool {
        keys.contains(key, hash: hash, at: moment)
    }

    /// Reads an entry under its shard's lock.
    /// - Parameter body: takes the value, which is valid only during the call, and the expiry (``Expiry/never`` if
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
