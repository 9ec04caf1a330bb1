import Denylist

/// Writes the live table into an RDB file while writes continue, with each entry as it is when the walk reaches it. No
/// lock is held while the disk works. At most a chunk of the file and one entry are in memory.
struct TableWalk {
    let denylist: Denylist
    /// The time by which expired entries are left out.
    let moment: @Sendable () -> ClockReading
    /// Whether the file is the base of a log, not a snapshot.
    let isLogBase: Bool
    /// How expiries are written.
    let notes: Notes
    /// Whether expired entries are written, too, until they are reclaimed.
    var keepsExpired = false
    /// Called between steps; throws to cancel.
    let pause: () throws(FileError) -> Void
    /// The bytes of entries gathered under one lock, roughly.
    var stepBytes = Self.step

    static let step = 64 << 10
    /// At which nothing has expired.
    private static let beforeAll = ClockReading(wall: .min, guarded: .min)

    enum Notes {
        /// Shifted, so that none is early on the later clock; the note names this run of the daemon.
        case of(run: UInt64)
        /// As they are in the table, which holds another file's expiries unchanged, with that file's records of time.
        case copied(RDBReader.Times)
    }

    /// The number of bytes written at once.
    private static let chunk = 256 << 10
    /// After this many bytes, the disk is asked to begin.
    private static let relief = 16 << 20

    /// - Returns: how many bytes were written.
    func write(to file: any OutputFile) throws(FileError) -> Int {
        let statistics = denylist.statistics
        let keys = GuardedKeys(denylist)
        let now = moment()
        var note = note(at: now)
        var writer = RDBWriter(
            created: created(at: now) / 1000, isLogBase: isLogBase, entries: statistics.entries,
            expiring: statistics.expiring, note: note)
        var relieved = 0
        for (number, database) in denylist.allDatabases {
            if number != 0 {
                let statistics = database.statistics
                guard statistics.entries > 0 else { continue }
                writer.select(number, entries: statistics.entries, expiring: statistics.expiring)
            }
            try write(database, keys, &writer, &note, to: file, &relieved)
        }
        writer.finish()
        try writer.drain { bytes throws(FileError) in try file.write(bytes) }
        return file.size
    }

    /// - Parameters:
    ///   - keys: which keys are guarded.
    ///   - note: how the expiries are written at present.
    ///   - relieved: the size at which the disk was last asked to begin.
    private func write(
        _ database: Denylist, _ keys: GuardedKeys, _ writer: inout RDBWriter, _ note: inout TimeNote?,
        to file: any OutputFile, _ relieved: inout Int
    ) throws(FileError) {
        var steps = database.walk()
        while !steps.isComplete {
            let now = moment()
            if case .of = notes, let old = note, !old.fits(now) {
                let new = self.note(at: now)
                note = new
                if let new { writer.append(new) }
            }
            steps.step(bytes: stepBytes, at: keepsExpired ? Self.beforeAll : now) { key, value, expiry in
                // The daemon's own keys have a file of their own.
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
