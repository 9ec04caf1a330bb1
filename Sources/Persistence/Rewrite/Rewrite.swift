import Denylist

/// Replaces the log by a new base of the live table and one increment, without stopping writes.
///
/// 1. Records go to a new increment from some moment on.
/// 2. The walk begins after that moment, so whatever it finds changed or misses is in the new increment: every record
///    is absolute, and a later record of a key wins.
/// 3. The base may already tell of records up to the walk's end: all of those are on disk before a manifest names the
///    base.
struct Rewrite {
    let denylist: Denylist
    let log: AppendLog
    let epochFile: EpochFile
    let moment: @Sendable () -> ClockReading
    /// Called between steps; may throw to give up.
    let pause: () throws(FileError) -> Void
    /// About so many bytes of entries are gathered under one lock.
    var stepBytes = TableWalk.step

    /// Rewrites the log that is running. When it throws, the log goes on where it is: whichever manifest a crash leaves
    /// names that file.
    func compact(_ directory: inout LogDirectory) throws(FileError) {
        do throws(FileError) {
            let (increment, file) = try directory.createIncrement()
            // Acknowledged records may go to the new file only when a manifest on disk names it.
            try directory.publish(adding: increment)
            try log.advance(to: file)
            // Before the file is dropped that the position was in.
            if let position = log.position { try epochFile.move(to: position) }
            let size = try writeBase(&directory)
            try directory.publish(directory.nameBase(), increment)
            log.publish(baseSize: size)
        } catch {
            directory.discardNewFiles()
            throw error
        }
    }

    /// Writes a log that owes nothing to the one before, if there was any: after the disk failed, and for a table that
    /// was memory only.
    func renew(_ directory: inout LogDirectory) throws(FileError) {
        do throws(FileError) {
            try directory.prepare()
            let (increment, file) = try directory.createIncrement()
            log.prepare(file)
            let size = try writeBase(&directory)
            let isExpected = try epochFile.expect(file.salt)
            try directory.publish(directory.nameBase(), increment)
            do throws(FileError) { try epochFile.move(to: file.position) } catch { if !isExpected { throw error } }
            log.publish(baseSize: size)
        } catch {
            log.fail(error)
            directory.discardNewFiles()
            throw error
        }
    }

    private func writeBase(_ directory: inout LogDirectory) throws(FileError) -> Int {
        let base = try directory.createBase()
        let walk = TableWalk(
            denylist: denylist, moment: moment, isLogBase: true, notes: .of(run: log.run), pause: pause,
            stepBytes: stepBytes)
        let size = try walk.write(to: base)
        try base.synchronize(.base)
        try log.flush()
        return size
    }
}
