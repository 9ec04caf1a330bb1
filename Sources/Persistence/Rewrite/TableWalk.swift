import Denylist

/// Writes the live table into an RDB file while writes go on: each entry as it is when the walk comes by. No lock is
/// held while the disk works, and no more than a chunk of the file and one entry are in memory.
struct TableWalk {
    let denylist: Denylist
    /// Expired entries are left out.
    let moment: @Sendable () -> Moment
    /// Whether the file is the base of a log, and not a snapshot of its own.
    let isLogBase: Bool
    /// Called between steps; may throw to give up.
    let pause: () throws(FileError) -> Void
    /// About so many bytes of entries are gathered under one lock.
    var stepBytes = Self.step

    static let step = 64 << 10
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
        var steps = denylist.walk()
        while !steps.isComplete {
            steps.step(bytes: stepBytes, at: moment()) { key, value, expiry in
                // The daemon's own keys are in a file of their own.
                if !OwnKeys.has(key) { writer.append(key, value, expiry: expiry) }
            }
            try pause()
            guard writer.pending.count >= Self.chunk else { continue }
            try writer.drain { bytes throws(FileError) in try file.write(bytes) }
            if file.size - relieved >= Self.relief {
                try file.relieve()
                relieved = file.size
            }
        }
        writer.finish()
        try writer.drain { bytes throws(FileError) in try file.write(bytes) }
        return file.size
    }
}
