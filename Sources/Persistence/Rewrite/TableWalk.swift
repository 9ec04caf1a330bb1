import Denylist

/// Writes the live table into an RDB file while writes go on: each entry as it is when the walk comes by. No lock is
/// held while the disk works, and no more than a chunk of the file is in memory.
struct TableWalk {
    let denylist: Denylist
    /// Expired entries are left out.
    let moment: @Sendable () -> Moment
    /// Whether the file is the base of a log, and not a snapshot of its own.
    let isLogBase: Bool
    /// Called between steps; may throw to give up.
    let pause: () throws(FileError) -> Void
    /// Entries that one step of the walk asks for.
    var entriesAtOnce = 512

    /// So much is written at once, in bytes.
    private static let chunk = 256 << 10
    /// The disk is let begin with so much, in bytes.
    private static let relief = 16 << 20

    /// - Returns: how many bytes were written.
    func write(to file: any OutputFile) throws(FileError) -> Int {
        let statistics = denylist.statistics
        var writer = RDBWriter(
            created: moment().wall / 1000, isLogBase: isLogBase, entries: statistics.entries,
            expiring: statistics.expiring)
        var relieved = 0
        var cursor: UInt64 = 0
        repeat {
            cursor = denylist.scan(from: cursor, count: entriesAtOnce, at: moment()) { key, value, expiry in
                writer.append(key, value, expiry: expiry)
            }
            try pause()
            guard writer.pending.count >= Self.chunk else { continue }
            try writer.drain { bytes throws(FileError) in try file.write(bytes) }
            if file.size - relieved >= Self.relief {
                try file.relieve()
                relieved = file.size
            }
        } while cursor != 0
        writer.finish()
        try writer.drain { bytes throws(FileError) in try file.write(bytes) }
        return file.size
    }
}
