extension Denylist {
    /// Runs `body` with the shards of all these hashes locked, in order: other threads see all of its changes or none.
    package func lock<Result>(_ hashes: [KeyHash], _ body: (borrowing Locked) -> Result) -> Result {
        writer.lock(hashes, body)
    }

    /// Runs `body` with every shard locked.
    package func lockAll<Result>(_ body: (borrowing Locked) -> Result) -> Result {
        table.lockShards()
        defer { table.unlockShards() }
        return body(Locked(table: table))
    }

    /// The operations while shards are locked.
    @usableFromInline package struct Locked: ~Copyable {
        @usableFromInline let table: Table

        /// The same, for what lives no longer than this.
        package var again: Locked { Locked(table: table) }

        /// Reads and changes one entry of a locked shard. `body` must not update another.
        @inlinable
        package func update<Result>(
            _ key: RawSpan, hash: KeyHash, at moment: ClockReading, _ body: (inout Entry) -> Result
        ) -> Result {
            requireLock(hash)
            return key.withUnsafeBytes { bytes in
                var entry = table.entry(bytes, hash, moment)
                return body(&entry)
            }
        }

        /// The number of entries, expired ones that are not reclaimed yet included. Only under
        /// ``Denylist/lockAll(_:)``.
        package var entries: Int {
            (0..<table.shardCount).reduce(0) { sum, index in
                let shard = table.shard(at: index)
                precondition(shard.lock.isLocked, "entries takes lockAll(_:)")
                return sum + shard.entries
            }
        }

        /// Removes every entry. Only under ``Denylist/lockAll(_:)``.
        package func removeAll() {
            for index in 0..<table.shardCount {
                precondition(table.shard(at: index).lock.isLocked, "removeAll() takes lockAll(_:)")
                table.removeAll(index)
            }
        }

        /// Database 0 as ``Denylist/lockDatabases(_:)`` has the others.
        package var asOther: Denylist.Other { Denylist.Other(number: 0, table: table) }

        /// Whether there is a guarded entry, expired ones that are not reclaimed yet included. It looks at all entries.
        package var holdsGuarded: Bool { (0..<table.shardCount).contains { table.holdsGuarded($0) } }

        @usableFromInline
        func requireLock(_ hash: KeyHash) {
            precondition(table.shard(hash.value).lock.isLocked, "the key's hash was not passed to lock(_:)")
        }
    }
}

extension Denylist.Writer {
    /// As ``Denylist/lock(_:_:)``.
    package func lock<Result>(_ hashes: [KeyHash], _ body: (borrowing Denylist.Locked) -> Result) -> Result {
        let table = keys.table
        return withUnsafeTemporaryAllocation(of: Bool.self, capacity: table.shardCount) { wanted in
            wanted.initialize(repeating: false)
            for hash in hashes { wanted[table.shardIndex(hash.value)] = true }
            for index in wanted.indices where wanted[index] { table.shard(at: index).lock.lock() }
            defer {
                for index in wanted.indices where wanted[index] { table.shard(at: index).lock.unlock() }
            }
            return body(Denylist.Locked(table: table))
        }
    }
}

extension Table {
    func lockShards() { for index in 0..<shardCount { shard(at: index).lock.lock() } }
    func unlockShards() { for index in 0..<shardCount { shard(at: index).lock.unlock() } }
}
