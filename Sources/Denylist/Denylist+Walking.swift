extension Denylist {
    /// Redis' `SCAN`: visits about `count` live entries from `cursor` on and returns the next cursor, 0 at the end.
    /// An entry present throughout a whole scan is visited exactly once. Cursors are below 2⁵³.
    package func scan(
        from cursor: UInt64, count: Int, at moment: ClockReading,
        _ visit: (_ key: RawSpan, _ value: RawSpan, _ expiry: Int64) -> Void
    ) -> UInt64 {
        table.scan(from: cursor, count: count, at: moment) { visit($0.bytes, $1.bytes, $2) }
    }

    /// A walk through all entries in steps, for a file: as ``scan(from:count:at:_:)``. No lock is held for longer than
    /// a visit to the given number of bytes and one entry.
    package struct Walk: ~Copyable {
        private let table: Table
        private let denylist: Denylist
        private var position: UInt64 = 0
        private var slots: [Slot] = []

        fileprivate init(_ denylist: Denylist) {
            self.denylist = denylist
            table = denylist.table
        }

        package var isComplete: Bool { position == Table.end }

        /// Visits the next entries, about `bytes` of keys and values. Nothing is left to visit if ``isComplete``.
        package mutating func step(
            bytes: Int, at moment: ClockReading, _ visit: (_ key: RawSpan, _ value: RawSpan, _ expiry: Int64) -> Void
        ) {
            guard !isComplete else { return }
            position = table.walk(from: position, bytes: bytes, at: moment, &slots) { visit($0.bytes, $1.bytes, $2) }
        }
    }

    package func walk() -> Walk { Walk(self) }

    /// Visits a random live entry.
    /// - Returns: nil if there is none.
    package func random<Result>(at moment: ClockReading, _ body: (_ key: RawSpan) -> Result) -> Result? {
        table.random(at: moment) { body($0.bytes) }
    }

    /// Moves the clock hand by about `slots` slots, at most once around, and reclaims expired entries. Guarded entries
    /// are kept for 120 s after their expiry.
    /// - Parameter gone: is told of each key, under the lock that it is removed under; nil without a listener.
    /// - Returns: the number of entries reclaimed.
    @discardableResult
    package func reclaim(slots: Int, at moment: ClockReading, gone: ((_ key: RawSpan) -> Void)? = nil) -> Int {
        table.reclaim(slots: slots, at: moment, gone.map { gone in { gone($0.bytes) } })
    }

    /// Removes all entries that have expired, guarded ones at once, too, before anyone is served.
    package func removeExpired(at moment: ClockReading) { table.removeExpired(at: moment) }

    /// Reserves room for about this many entries in an empty table, so that filling it moves none of them. It reserves
    /// at most half of ``maximumBytes``.
    package func reserve(entries: Int) {
        let bytes = entries * Slot.size
        guard entries > 0, maximumBytes == 0 || bytes < maximumBytes / 2 else { return }
        lockAll { _ in
            for index in 0..<table.shardCount where table.shard(at: index).entries == 0 {
                table.reserve(entries: entries / table.shardCount, shard: index)
            }
        }
    }

    package struct Statistics: Sendable {
        /// Entries, expired ones that are not reclaimed yet included.
        package var entries = 0
        /// Entries that have an expiry.
        package var expiring = 0
        /// The memory that entries and tables take, in bytes.
        package var bytes = 0
        /// Entries reclaimed after their expiry since the start.
        package var expired: UInt64 = 0
        /// The longest delay between an entry's expiry and its reclamation, in this turn of the hand and the one
        /// before, in milliseconds.
        package var expiryLag: Int64 = 0
    }

    package var statistics: Statistics {
        var sum = Statistics()
        sum.bytes = table.used
        sum.expiryLag = table.state.pointee.hand.worstLag
        for index in 0..<table.shardCount {
            let shard = table.shard(at: index)
            shard.lock.lock()
            defer { shard.lock.unlock() }
            sum.entries += shard.entries
            sum.expiring += shard.expiring
            sum.expired += shard.expired
        }
        return sum
    }
}
