import Denylist

/// Writes the live table into an RDB file while writes go on: each entry as it is when the walk comes by. No lock is
/// held while the disk works, and no more than a chunk of the file and one entry are in memory.
struct TableWalk {
    let denylist: Denylist
    /// Expired entries are left out.
    let moment: @Sendable () -> ClockReading
    /// Whether the file is the base of a log, and not a snapshot of its own.
    let isLogBase: Bool
    /// How expiries are written.
    let notes: Notes
    /// Called between steps; may throw to give up.
    let pause: () throws(FileError) -> Void
    /// About so many bytes of entries are gathered under one lock.
    var stepBytes = Self.step

    static let step = 64 << 10

    enum Notes {
        /// Put off so that none is early on the later clock; this run of the daemon says by how much.
        case of(run: UInt64)
        /// As they are in the table, into which another file's were read unchanged, with what that file says of its
        /// times.
        case copied(RDBReader.Times)
    }

    /// So much is written at once, in bytes.
    private static let chunk = 256 << 10
    /// The disk is let begin with so much, in bytes.
    private static let relief = 16 << 20

    /// - Returns: how many bytes were written.
    func write(to file: any OutputFile) throws(FileError) -> Int {
        let statistics = denylist.statistics
        let keys = GuardedKeys(denylist)
        var now = moment()
        var note = note(at: now)
        var writer = RDBWriter(
            created: created(at: now) / 1000, isLogBase: isLogBase, entries: statistics.entries,
            expiring: statistics.expiring, note: note)
        var relieved = 0
        var steps = denylist.walk()
        while !steps.isComplete {
            now = moment()
            if case .of = notes, let old = note, !old.fits(now) {
                let new = self.note(at: now)
                note = new
                if let new { writer.append(new) }
            }
            steps.step(bytes: stepBytes, at: now) { key, value, expiry in
                // The daemon's own keys are in a file of their own.
                guard !OwnKeys.has(key) else { return }
                writer.append(key, value, expiry: written(expiry, of: key, keys, note))
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

    private func note(at moment: ClockReading) -> TimeNote? {
        switch notes {
        case .of(let run): TimeNote(run: run, moment)
        case .copied(let times): times.note
        }
    }

    private func created(at moment: ClockReading) -> Int64 {
        if case .copied(let times) = notes, let created = times.created { return created }
        return moment.wall
    }

    private func written(_ expiry: Int64, of key: RawSpan, _ keys: GuardedKeys, _ note: TimeNote?) -> Int64 {
        guard case .of = notes, let note else { return expiry }
        return note.written(expiry, isGuarded: keys.contains(key))
    }
}
