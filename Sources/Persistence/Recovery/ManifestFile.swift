/// The manifest of a data directory.
enum ManifestFile {
    /// - Returns: nil if there is no log.
    /// - Throws: ``PersistenceError`` or ``FileError`` if the manifest is damaged, or if it is missing although files
    ///   of a log exist. Also if a file that it names is missing.
    static func read(in data: DataDirectory) throws -> Manifest? {
        let directory = data.path(Manifest.directoryName)
        guard try data.files.exists(directory) else { return nil }
        let names = Set(try data.files.list(directory))
        guard names.contains(Manifest.fileName) else {
            guard let stray = names.filter({ $0.hasPrefix("appendonly.aof.") }).min() else {
                try ForeignLog.refuse(names, in: directory)
                return nil
            }
            throw PersistenceError(
                .missing,
                "\(directory)/\(Manifest.fileName) is missing, but \(stray) exists: without the manifest it is unknown "
                    + "which files make up the log. Move \(directory) away to begin anew. "
                    + PersistenceError.restoring("a copy of the whole directory", data.path))
        }
        let path = "\(directory)/\(Manifest.fileName)"
        let contents = try data.files.contents(of: path)
        let manifest: Manifest
        do throws(FormatError) {
            manifest = try contents.withBytes { bytes throws(FormatError) in
                try Manifest(decoding: bytes)
            }
        } catch {
            throw PersistenceError(
                .damaged,
                "\(path) is damaged at byte \(error.offset): \(error.reason). Nothing was changed. "
                    + "If there is one base only, write it anew: a line “file NAME seq NUMBER type b” for "
                    + "the base, then such a line with “type i” for each increment, in the order of the numbers in "
                    + "their names; the denylist then gets a new epoch. "
                    + PersistenceError.restoring("a copy of the whole directory", data.path))
        }
        for file in manifest.files where file.kind != .history && !names.contains(file.name) {
            throw PersistenceError(
                .missing,
                "\(path) names \(file.name), which is not there. Nothing was changed. "
                    + "Put the file back if it was moved. "
                    + PersistenceError.restoring("a copy of the whole directory", data.path))
        }
        return manifest
    }
}
