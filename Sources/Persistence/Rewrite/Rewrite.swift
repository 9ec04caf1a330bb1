import Denylist

/// Replaces the log by a new base and one increment, while writes continue.
///
/// 1. From some moment on, records go to a new increment.
/// 2. The walk begins after that moment. Changes that the base misses are in the new increment: every record is
///    absolute, and a key's later record wins.
/// 3. The base may contain changes up to the walk's end. All of those are on disk before a manifest names the base,
///    with the whole group that each is part of.
struct Rewrite {
    let denylist: Denylist
    let log: AppendLog
    let epochFile: EpochFile
    let moment: @Sendable () -> ClockReading
    /// Called between steps; throws to cancel.
    let pause: () throws(FileError) -> Void
    /// The bytes of entries gathered under one lock, roughly.
    var stepBytes = TableWalk.step

    /// Rewrites the running log. When it throws, the log continues in its file, which either manifest names that a
    /// crash may leave.
    func compact(_ directory: inout LogDirectory) throws(FileError) {
        // Before anything is created or removed under a name that may be another directory's.
        try epochFile.data.requireOurs()
        denylist.holdSwaps()
        defer { denylist.allowSwaps() }
        // An exchange within a group that is under way belongs before the base.
        log.awaitGroup()
        do throws(FileError) {
            let (increment, file) = try directory.createIncrement()
            // Acknowledged records may go to the new file only after a manifest on disk names it.
            try directory.publish(adding: increment)
            try log.advance(to: file)
            // Before the file of the recorded position is dropped.
            if let position = log.position { try epochFile.move(to: position) }
            log.keepStreamIfUsed()
            let size = try writeBase(&directory)
            let base = try directory.nameBase()
            try directory.publish(base, increment)
            log.publish(base: directory.finalPath(base.name), size: size)
        } catch {
            directory.discardNewFiles()
            throw error
        }
    }

    /// Writes a complete log that does not depend on an earlier one: after the disk failed, and for a table that was in
    /// memory only.
    func renew(_ directory: inout LogDirectory) throws(FileError) {
        denylist.holdSwaps()
        defer { denylist.allowSwaps() }
        // An exchange within a group that is under way belongs before the base.
        log.awaitGroup()
        do throws(FileError) {
            try directory.prepare()
            let (increment, file) = try directory.createIncrement()
            log.prepare(file)
            let size = try writeBase(&directory)
            let isExpected = try epochFile.expect(file.salt)
            let base = try directory.nameBase()
            try directory.publish(base, increment)
            do throws(FileError) { try epochFile.move(to: file.position) } catch { if !isExpected { throw error } }
            log.publish(base: directory.finalPath(base.name), size: size)
            log.keepStreamIfUsed()
        } catch {
            log.fail(error)
            directory.discardNewFiles()
            throw error
        }
    }

    private func writeBase(_ directory: inout LogDirectory) throws(FileError) -> Int {
        let base = try directory.createBase()
        let walk = TableWalk(
            denylist: denylist, moment: moment, isLogBase: true, notes: .of(run: log.run),
            keepsExpired: log.keepsStream, pause: pause, stepBytes: stepBytes)
        let size = try walk.write(to: base)
        try base.synchronize(.base)
        log.awaitGroup()
        try log.flush()
        // The walk may have taken long.
        try epochFile.data.requireOurs()
        return size
    }
}
