/// What one server took of memory. Resident is what the kernel counts for the process, huge pages included.
public struct MemoryFigures: Codable, Sendable {
    /// With so many entries `revoked:jti:<uuid>` → `logout`.
    public struct Size: Codable, Sendable {
        public var entries: Int
        public var resident: Int
        /// What the process grew by since it was empty, for each entry.
        public var bytesPerEntry: Double
        /// As `INFO` has it.
        public var usedMemory: Int
        /// User and system time of the server for each new entry, in microseconds.
        public var serverTimePerInsert: Double
    }

    /// The longest that an insert had to wait while the server grew from the first size to the last.
    ///
    /// One connection sends batches of inserts and waits for each: the longest batch is no shorter than the longest insert in it.
    public struct Growth: Codable, Sendable {
        public var batchSize: Int
        /// In microseconds, by the clock: whatever else the machine did is in it.
        public var longest: Double
        /// The most processor time that the serving thread took for one batch, in microseconds: without what else ran.
        public var longestServerTime: Double
        public var p999: Double
    }

    /// Entries that all expire at one instant, beside as many that stay and are asked for.
    public struct Expiry: Codable, Sendable {
        public enum Keys: String, Codable, CaseIterable, Sendable {
            /// Revocations, which our daemon keeps for a while after their expiry.
            case guarded
            case plain
        }

        public var keys: Keys
        public var entries: Int
        /// How long after their expiry the server has to keep them, in seconds.
        public var secondsReserved: Int
        /// From their expiry until `DBSIZE` counts at most 1 % of them, so that the others' room can be used again, in
        /// seconds; nil if it took too long.
        public var secondsUntilReusable: Double?
        /// As `INFO` has it, with all entries and at the end. Tables that keep their size are still counted then.
        public var usedMemoryBefore: Int
        public var usedMemoryAfter: Int
        /// p99 of EXISTS, in microseconds, of runs of one second: the median of those before the expiry, the median and
        /// the worst of those during which memory came back.
        public var idleP99: Double
        public var p99: Double?
        public var worstP99: Double?
    }

    public var server: ServerKind
    public var empty: Int
    public var idleConnections: Int
    public var bytesPerIdleConnection: Double
    public var sizes: [Size]
    public var growth: Growth?
    public var expiries: [Expiry] = []
}
