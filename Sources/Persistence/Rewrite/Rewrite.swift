import Denylist

/// Replaces the log by a new base of the live table and one increment, without stopping writes.
///
/// 1. Records go to a new increment from some moment on.
/// 2. The walk begins after that moment, so whatever it finds changed or misses is in the new increment: every record
///    is absolute, and a later record of a key wins.
/// 3. The base may already tell of records up to the walk's end: all of those are on disk before a manifest names the base.
struct Rewrite {
    let denylist: Denylist
    let log: AppendLog
    let moment: @Sendable () -> Moment
    /// Called between steps; may throw to give up.
    let pause: () throws(FileError) -> Void
    /// Entries that one step of the walk asks for.
    var entriesAtOnce = 512

    /// Rewrites the log that is running.
    func compact(_ directory: inout LogDirectory) throws(FileError) {
        guard let manifest = directory.manifest else { throw .noLog }
        let (increment, file) = try directory.createIncrement()
        // Acknowledged records may go to the new file only when a manifest on disk names it.
        try publish(manifest.files + [increment], &directory)
        try log.advance(to: file)
        let size = try writeBase(&directory)
        try publish([directory.nameBase(), increment], &directory)
        log.publish(baseSize: size)
    }

    /// Writes a log that owes nothing to the one before, if there was any: after the disk failed, and for a table that was
    /// memory only.
    func renew(_ directory: inout LogDirectory) throws(FileError) {
        do throws(FileError) {
            try directory.prepare()
            let (increment, file) = try directory.createIncrement()
            log.prepare(file)
            let size = try writeBase(&directory)
            try directory.publish([directory.nameBase(), increment])
            log.publish(baseSize: size)
        } catch {
            log.fail(error)
            throw error
        }
    }

    private func writeBase(_ directory: inout LogDirectory) throws(FileError) -> Int {
        do throws(FileError) {
            let base = try directory.createBase()
            let walk = TableWalk(
                denylist: denylist, moment: moment, isLogBase: true, pause: pause, entriesAtOnce: entriesAtOnce)
            let size = try walk.write(to: base)
            try base.synchronize(.base)
            try log.flush()
            return size
        } catch {
            directory.removeTemporaryBase()
            throw error
        }
    }

    /// A manifest of which nobody knows whether it is on disk leaves no log to go on with.
    private func publish(_ entries: [Manifest.File], _ directory: inout LogDirectory) throws(FileError) {
        do throws(FileError) { try directory.publish(entries) } catch {
            log.fail(error)
            throw error
        }
    }
}
