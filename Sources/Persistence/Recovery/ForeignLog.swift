/// A log of Redis in a data directory that has none of ours, at a place where it would not be read: what it holds would
/// be missing.
enum ForeignLog {
    /// - Throws: ``PersistenceError`` if there is one, with what to do.
    static func refuse(in data: DataDirectory) throws {
        try refuseOld(in: data)
        // A directory of ours may have copies of logs in it.
        guard try !data.files.exists(data.path(EpochFile.name)) else { return }
        let others = try data.files.list(data.path).filter { $0 != Manifest.directoryName && !$0.hasPrefix("temp-") }
        for name in others.sorted() {
            // Whatever is no directory has no files in it.
            guard let names = try? data.files.list(data.path(name)), let manifest = manifest(in: names) else {
                continue
            }
            throw PersistenceError(
                .unsupported,
                """
                \(data.path(name))/\(manifest) belongs to the log of a Redis with appenddirname \(name), which would not be \
                read: rename the directory to \(Manifest.directoryName)\(renaming(manifest)), or move it away if nothing \
                of it is wanted
                """)
        }
    }

    /// Before version 7 the log was one file. Beside a snapshot, only its settings say which of both counts.
    private static func refuseOld(in data: DataDirectory) throws {
        let old = data.path(DataDirectory.oldLogName)
        guard try data.files.exists(old) else { return }
        let convert = """
            start a Redis 7 in this directory once (--appendonly yes), which turns it into \(Manifest.directoryName)/
            """
        guard try data.files.exists(data.path(DataDirectory.dumpName)) else {
            throw PersistenceError(.unsupported, "\(old) is of Redis 6 or older: \(convert)")
        }
        throw PersistenceError(
            .unsupported,
            """
            \(old) of Redis 6 or older and \(DataDirectory.dumpName) lie side by side. If that Redis ran with appendonly \
            yes, the former counts: \(convert). Otherwise move it away
            """)
    }

    /// In the log's own directory: a Redis with another appendfilename.
    /// - Parameter names: of the files there.
    static func refuse(_ names: some Collection<String>, in directory: String) throws(PersistenceError) {
        guard let manifest = manifest(in: names) else { return }
        throw PersistenceError(
            .unsupported,
            """
            \(directory)/\(manifest) belongs to the log of a Redis with another appendfilename, which would not be read: \
            rename it to \(Manifest.fileName), or move the directory away if nothing of it is wanted
            """)
    }

    private static func manifest(in names: some Collection<String>) -> String? {
        names.filter { $0.hasSuffix(".manifest") && $0 != Manifest.temporaryFileName }.min()
    }

    private static func renaming(_ manifest: String) -> String {
        manifest == Manifest.fileName ? "" : ", and \(manifest) in it to \(Manifest.fileName)"
    }
}
