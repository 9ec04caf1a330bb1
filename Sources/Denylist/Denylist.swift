import Synchronization

/// The store: byte keys → byte values with an expiry. Synchronous, safe to use from any thread; no clock of its own.
///
/// Keys that begin with the guarded prefix expire by ``Moment/guarded``, all others by ``Moment/wall``. An expired
/// entry is absent for every call but still takes room until it is reclaimed.
public final class Denylist: Sendable {
    public struct Configuration: Sendable {
        /// A power of two. Each shard has a short lock of its own.
        public var shards = 64
        /// The most memory that entries may take, in bytes; 0 is no limit.
        public var maximumBytes = 0
        /// Keys with this prefix are guarded.
        public var guardedPrefix = Array("revoked:".utf8)
        /// The key of the hash; nil takes a random one, as it should be outside tests.
        public var hashKey: (UInt64, UInt64)?

        public init() {}
    }

    private let configuration: Configuration
    private let shards: [Shard]
    private let limit: Atomic<Int>

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        limit = Atomic(configuration.maximumBytes)
        shards = (0..<configuration.shards).map { _ in Shard() }
    }

    /// The most memory that entries may take, in bytes; 0 is no limit. May be changed at any time.
    public var maximumBytes: Int {
        get { limit.load(ordering: .relaxed) }
        set { limit.store(newValue, ordering: .relaxed) }
    }

    /// Whether `bytes` more would exceed ``maximumBytes``.
    public func isFull(adding bytes: Int = 0) -> Bool {
        let most = maximumBytes
        return most > 0 && statistics.bytes + bytes > most
    }

    // MARK: One key

    /// The keyed hash of a key. Computed once per command and passed along.
    public func hash(of key: RawSpan) -> UInt64 {
        var hasher = Hasher()
        key.withUnsafeBytes { hasher.combine(bytes: $0) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// Asks the processor to fetch what a lookup of this hash will touch.
    public func prefetch(_ hash: UInt64) {}

    public func contains(_ key: RawSpan, hash: UInt64, at moment: Moment) -> Bool {
        read(key, hash: hash, at: moment) { _, _ in true } ?? false
    }

    /// Reads an entry under its shard's lock.
    /// - Parameter body: takes the value, which is valid only during the call, and the expiry (``Expiry/never`` if none).
    /// - Returns: nil if there is no live entry.
    public func read<Result>(
        _ key: RawSpan, hash: UInt64, at moment: Moment, _ body: (_ value: RawSpan, _ expiry: Int64) -> Result
    ) -> Result? {
        shard(hash).table.withLock { table in
            guard let stored = table.entries[bytes(key)], stored.expiry > time(key, moment) else { return nil }
            return body(stored.value.span.bytes, stored.expiry)
        }
    }

    /// Reads and changes one entry under its shard's lock.
    public func update<Result>(
        _ key: RawSpan, hash: UInt64, at moment: Moment, _ body: (inout Entry) -> Result
    ) -> Result {
        lock([hash]) { $0.update(key, hash: hash, at: moment, body) }
    }

    // MARK: Many keys

    /// Runs `body` with the shards of all these hashes locked, in order: nobody sees half of it.
    public func lock<Result>(_ hashes: [UInt64], _ body: (borrowing Locked) -> Result) -> Result {
        lockShards(Set(hashes.map(index)).sorted()[...], body)
    }

    /// Runs `body` with every shard locked.
    public func lockAll<Result>(_ body: (borrowing Locked) -> Result) -> Result {
        lockShards(Array(shards.indices)[...], body)
    }

    private func lockShards<Result>(_ indices: ArraySlice<Int>, _ body: (borrowing Locked) -> Result) -> Result {
        guard let first = indices.first else { return body(Locked(list: self)) }
        shards[first].mutex.lock()
        defer { shards[first].mutex.unlock() }
        return lockShards(indices.dropFirst(), body)
    }

    /// What may be done while shards are locked.
    public struct Locked: ~Copyable {
        fileprivate let list: Denylist

        public func update<Result>(
            _ key: RawSpan, hash: UInt64, at moment: Moment, _ body: (inout Entry) -> Result
        ) -> Result {
            list.shard(hash).table.withLock { table in
                let name = list.bytes(key)
                var entry = Entry(stored: table.entries[name], guarded: list.isGuarded(key))
                if entry.stored != nil, entry.expiry <= list.time(key, moment) { entry.stored = nil }
                let result = body(&entry)
                table.entries[name] = entry.stored
                return result
            }
        }

        /// Removes every entry. Only under ``Denylist/lockAll(_:)``.
        public func removeAll() {
            for shard in list.shards { shard.table.withLock { $0.entries = [:] } }
        }
    }

    // MARK: Walking

    /// Redis' `SCAN`: visits about `count` live entries from `cursor` on and returns the next cursor, 0 at the end.
    /// An entry present throughout a whole scan is visited at least once.
    public func scan(
        from cursor: UInt64, count: Int, at moment: Moment,
        _ visit: (_ key: RawSpan, _ value: RawSpan, _ expiry: Int64) -> Void
    ) -> UInt64 {
        var index = Int(truncatingIfNeeded: cursor)
        var visited = 0
        while index < shards.count, visited < count {
            shards[index].table.withLock { table in
                for (key, stored) in table.entries where stored.expiry > time(key.span.bytes, moment) {
                    visit(key.span.bytes, stored.value.span.bytes, stored.expiry)
                    visited += 1
                }
            }
            index += 1
        }
        return index < shards.count ? UInt64(index) : 0
    }

    /// Visits a random live entry.
    /// - Returns: nil if there is none.
    public func random<Result>(at moment: Moment, _ body: (_ key: RawSpan) -> Result) -> Result? {
        for shard in shards.shuffled() {
            let key = shard.table.withLock { table in
                table.entries.filter { $0.value.expiry > time($0.key.span.bytes, moment) }.randomElement()?.key
            }
            if let key { return body(key.span.bytes) }
        }
        return nil
    }

    /// Moves the clock hand on by about `slots` slots, giving back the room of entries that expired (guarded ones no
    /// sooner than 120 s after their expiry).
    /// - Returns: how many entries were reclaimed.
    @discardableResult
    public func reclaim(slots: Int, at moment: Moment) -> Int { 0 }

    public struct Statistics: Sendable {
        /// Entries, expired ones that are not reclaimed yet included.
        public var entries = 0
        /// Those of them that have an expiry.
        public var expiring = 0
        /// The memory that entries and tables take, in bytes.
        public var bytes = 0
        /// Entries reclaimed after their expiry since the start.
        public var expired: UInt64 = 0
    }

    public var statistics: Statistics {
        var sum = Statistics()
        for shard in shards {
            shard.table.withLock { table in
                sum.entries += table.entries.count
                sum.expiring += table.entries.count { $0.value.expiry != Expiry.never }
                sum.bytes += table.entries.reduce(0) { $0 + $1.key.count + $1.value.value.count + 100 }
            }
        }
        return sum
    }

    // MARK: Parts

    fileprivate func isGuarded(_ key: RawSpan) -> Bool {
        key.withUnsafeBytes { $0.starts(with: configuration.guardedPrefix) }
    }

    fileprivate func time(_ key: RawSpan, _ moment: Moment) -> Int64 { isGuarded(key) ? moment.guarded : moment.wall }
    fileprivate func bytes(_ key: RawSpan) -> [UInt8] { key.withUnsafeBytes(Array.init) }
    private func index(_ hash: UInt64) -> Int { Int(hash >> 32) & (shards.count - 1) }
    fileprivate func shard(_ hash: UInt64) -> Shard { shards[index(hash)] }
}

/// One entry while its shard is locked.
public struct Entry: ~Copyable {
    fileprivate(set) var stored: Stored?
    /// Whether the key is guarded.
    public let isGuarded: Bool

    fileprivate init(stored: Stored?, guarded: Bool) {
        self.stored = stored
        isGuarded = guarded
    }

    /// Whether there is a live entry.
    public var exists: Bool { stored != nil }

    /// Unix milliseconds, ``Expiry/never`` if it does not expire. Requires ``exists``.
    public var expiry: Int64 { stored!.expiry }

    /// The value, valid only during the call. Requires ``exists``.
    public func withValue<Result>(_ body: (RawSpan) -> Result) -> Result { body(stored!.value.span.bytes) }

    /// Creates or replaces the entry.
    public mutating func store(_ value: RawSpan, expiry: Int64) {
        stored = Stored(value: value.withUnsafeBytes(Array.init), expiry: expiry)
    }

    /// Requires ``exists``.
    public mutating func setExpiry(_ expiry: Int64) { stored!.expiry = expiry }

    public mutating func remove() { stored = nil }
}

struct Stored {
    var value: [UInt8]
    var expiry: Int64
}

final class Shard: Sendable {
    struct Table { var entries: [[UInt8]: Stored] = [:] }
    let table = Mutex(Table())
    let mutex = ShardLock()
}
