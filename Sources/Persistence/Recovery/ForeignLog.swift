/// A log of Redis in a data directory that has none of ours, at a place where it would not be read: what it holds would
/// be missing.
enum ForeignLog {
    /// - Throws: ``PersistenceError`` if there is one, with what to do.
    static func refuse(in data: DataDirectory) throws {
        try refuseOld(in: data)
        // A directory of ours may have copies of logs in it.
        guard try !data.files.exists(data.path(EpochFile.name)) else { return }
        guard let (name, manifest) = try manifest(in: data) else { return }
        throw PersistenceError(
            .unsupported,
            """
            \(data.path(name))/\(manifest) belongs to the log of a Redis with appenddirname \(name), which would not be \
            read: rename the directory to \(Manifest.directoryName)\(renaming(manifest)), or move it away if nothing \
            of it is wanted
            """)
    }

    /// A Redis whose settings were changed leaves its earlier log beside the one that counts.
    static func refuse(besideManifestIn directory: String, in data: DataDirectory) throws {
        let names = try data.files.list(directory).filter { $0 != Manifest.fileName }
        var other = manifest(in: names).map { "\(directory)/\($0)" }
        // A directory of ours may have copies of logs in it.
        if other == nil, try !data.files.exists(data.path(EpochFile.name)) {
            other = try manifest(in: data).map { "\(data.path($0.directory))/\($0.name)" }
        }
        guard let other else { return }
        throw PersistenceError(
            .unsupported,
            """
            \(directory)/\(Manifest.fileName) and \(other) are both of a log of a Redis. Its appendfilename and \
            appenddirname say which log counts: move the other away, or, if the other counts, this one, and rename that \
            to \(Manifest.directoryName)/\(Manifest.fileName)
            """)
    }

    /// The first directory beside the log's own that holds a log, and its manifest.
    static func manifest(in data: DataDirectory) throws(FileError) -> (directory: String, name: String)? {
        let others = try data.files.list(data.path).filter { $0 != Manifest.directoryName && !$0.hasPrefix("temp-") }
        for name in others.sorted() {
            // Whatever is no directory has no files in it.
            guard let names = try? data.files.list(data.path(name)), let manifest = manifest(in: names),
                isManifest("\(data.path(name))/\(manifest)", data.files)
            else { continue }
            return (name, manifest)
        }
        return nil
    }

    /// Other programs have files with such names, too. One that cannot be read may be a manifest.
    private static func isManifest(_ path: String, _ files: any FileSystem) -> Bool {
        guard let contents = try? files.contents(of: path) else { return true }
        return contents.withBytes { bytes in
            guard let manifest = try? Manifest(decoding: bytes) else { return false }
            return !manifest.files.isEmpty
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
