/// What one server took of memory. Resident is what the kernel counts for the process, huge pages included.
package struct MemoryFigures: Codable, Sendable {
    /// With so many entries `revoked:jti:<uuid>` → `logout`.
    package struct Size: Codable, Sendable {
        package var entries: Int
        package var resident: Int
        /// What the process grew by since it was empty, for each entry.
        package var bytesPerEntry: Double
        /// As `INFO` has it.
        package var usedMemory: Int
        /// User and system time of the server for each new entry, in microseconds.
        package var serverTimePerInsert: Double
    }

    /// The longest that an insert had to wait while the server grew from the first size to the last.
    ///
    /// One connection sends batches of inserts and waits for each: the longest batch is no shorter than the longest
    /// insert in it.
    package struct Growth: Codable, Sendable {
        package var batchSize: Int
        /// In microseconds, by the clock: whatever else the machine did is in it.
        package var longest: Double
        /// The most processor time that the serving thread took for one batch, in microseconds: without what else ran.
        package var longestServerTime: Double
        package var p999: Double
    }

    /// Entries that all expire at one instant, beside as many that stay and are asked for.
    package struct Expiry: Codable, Sendable {
        package enum Keys: String, Codable, CaseIterable, Sendable {
            /// Revocations, which our daemon keeps for a while after their expiry.
            case guarded
            case plain
        }

        package var keys: Keys
        package var entries: Int
        /// How long after their expiry the server has to keep them, in seconds.
        package var secondsReserved: Int
        /// Seconds from their expiry until `DBSIZE` counts at most 1 % of them, so that the room of the others can be
        /// used again. nil if it took too long.
        package var secondsUntilReusable: Double?
        /// As `INFO` has it, with all entries and at the end. Tables that keep their size are still counted then.
        package var usedMemoryBefore: Int
        package var usedMemoryAfter: Int
        /// p99 of EXISTS, in microseconds, of runs of one second. This is the median of the runs before the expiry. The
        /// next two are the median and the worst of those while memory came back.
        package var idleP99: Double
        package var p99: Double?
        package var worstP99: Double?
    }

    package var server: ServerKind
    package var empty: Int
    package var idleConnections: Int
    package var bytesPerIdleConnection: Double
    package var sizes: [Size]
    package var growth: Growth?
    package var expiries: [Expiry] = []
}
