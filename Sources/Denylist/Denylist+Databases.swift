import Synchronization

/// The other databases, for plain keys. Each has a table of its own, which is made when it is first written to. All
/// share the hash key, the memory and its limit, so a ``KeyHash`` is good for every one of them.
extension Denylist {
    /// A database; nil if it was never written to. Precondition: this is database 0, and `number` is another's.
    package func database(_ number: Int) -> Denylist? { databases.withLock { $0[number] } }

    /// A database, made if need be. Precondition: as ``database(_:)``.
    @discardableResult
    package func makeDatabase(_ number: Int) -> Denylist {
        precondition((1..<DatabaseNumber.count).contains(number), "no such database")
        return databases.withLock { databases in
            if let known = databases[number] { return known }
            let made = Denylist(databaseOf: self)
            databases[number] = made
            publish(number, made)
            return made
        }
    }

    private func publish(_ number: Int, _ database: Denylist?) {
        table.state.pointee.databases[number].store(database?.table.state, ordering: .releasing)
    }

    /// All databases that were made, database 0 first.
    package var allDatabases: [(number: Int, denylist: Denylist)] {
        [(0, self)] + databases.withLock { $0.sorted { $0.key < $1.key } }.map { ($0.key, $0.value) }
    }

    /// The figures of all databases together.
    package var totalStatistics: Statistics {
        var sum = statistics
        for (number, database) in allDatabases where number != 0 {
            let part = database.statistics
            sum.entries += part.entries
            sum.expiring += part.expiring
            sum.expired += part.expired
            sum.expiryLag = max(sum.expiryLag, part.expiryLag)
        }
        return sum
    }

    /// Runs `body` with every shard of every database locked. No database is made meanwhile.
    package func lockDatabases<Result: Sendable>(
        _ body: (_ main: borrowing Locked, _ others: [Other]) -> Result
    ) -> Result {
        databases.withLock { databases in
            lockAll { main in
                let others = databases.sorted { $0.key < $1.key }.map { Other(number: $0.key, table: $0.value.table) }
                for other in others { other.table.lockShards() }
                defer { for other in others { other.table.unlockShards() } }
                return body(main, others)
            }
        }
    }

    /// Exchanges are not made from now on until ``allowSwaps()``: a file that is being written would hold a part of the
    /// entries as they were before, and a part as they are afterwards.
    package func holdSwaps() { databases.withLock { _ in _ = swapHolders.add(1, ordering: .relaxed) } }
    package func allowSwaps() { swapHolders.subtract(1, ordering: .relaxed) }

    /// Whether exchanges may be made. Only under ``lockDatabases(_:)``.
    package var maySwap: Bool { swapHolders.load(ordering: .relaxed) == 0 }

    /// Another database, while all of its shards are locked.
    package struct Other {
        package let number: Int
        let table: Table

        package func contains(_ key: RawSpan, hash: KeyHash, at moment: ClockReading) -> Bool {
            key.withUnsafeBytes { Entry(table, Key($0, hash), at: moment).exists }
        }

        /// Exchanges the entries of two databases.
        package func swap(with other: Other) { table.swapEntries(with: other.table) }

        package func removeAll() { for index in 0..<table.shardCount { table.removeAll(index) } }
    }
}

extension Denylist.Keys {
    /// The same of another database; nil if it was never written to.
    package func database(_ number: Int) -> Denylist.Keys? {
        precondition((0..<DatabaseNumber.count).contains(number), "no such database")
        return table.state.pointee.databases[number].load(ordering: .acquiring).map {
            Denylist.Keys(table: Table(state: $0))
        }
    }
}

extension Denylist.Writer {
    /// As ``Denylist/Keys/database(_:)``.
    package func database(_ number: Int) -> Denylist.Writer? { keys.database(number).map(Denylist.Writer.init) }
}
