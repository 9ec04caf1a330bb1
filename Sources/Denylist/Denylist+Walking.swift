extension Denylist {
    /// Redis' `SCAN`: visits about `count` live entries from `cursor` on and returns the next cursor, 0 at the end.
    /// An entry present throughout a whole scan is visited exactly once. Cursors are below 2⁵³.
    package func scan(
        from cursor: UInt64, count: Int, at moment: ClockReading,
        _ visit: (_ key: RawSpan, _ value: RawSpan, _ expiry: Int64) -> Void
    ) -> UInt64 {
        table.scan(from: cursor, count: count, at: moment) { visit($0.bytes, $1.bytes, $2) }
    }

    /// A walk through all entries in steps, for a file: as ``scan(from:count:at:_:)``, and no lock is held for longer
    /// than it takes to visit so many bytes and one entry.
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

    /// Moves the clock hand on by about `slots` slots, once around at most, giving back the room of entries that
    /// expired (guarded ones no sooner than 120 s after their expiry).
    /// - Returns: how many entries were reclaimed.
    @discardableResult
    package func reclaim(slots: Int, at moment: ClockReading) -> Int { table.reclaim(slots: slots, at: moment) }

    /// Makes room for about so many entries at once, if there are none yet: filling it then moves none of them. No more
    /// than ``maximumBytes`` leaves half of.
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
        /// Those of them that have an expiry.
        package var expiring = 0
        /// The memory that entries and tables take, in bytes.
        package var bytes = 0
        /// Entries reclaimed after their expiry since the start.
        package var expired: UInt64 = 0
        /// How long after their time entries were reclaimed, at worst, in this turn of the hand and the one before, in
        /// milliseconds.
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
