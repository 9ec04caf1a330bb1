/// `revoked.imported` in the data directory: an import that has ended, by its source. A daemon that is started with the
/// same setting later does not begin it again.
///
/// The file is one line, and takes its name when it is on disk.
enum ImportFile {
    static let name = "revoked.imported"
    static let temporaryName = "\(name).tmp"
    private static let word = "revoked-imported1"

    static func text(_ source: String) -> String { "\(word) \(source)\n" }

    static func names(_ source: String, in data: DataDirectory) throws(FileError) -> Bool {
        guard try data.files.exists(data.path(name)) else { return false }
        return try data.files.contents(of: data.path(name)).withBytes { bytes in
            bytes.withUnsafeBytes { $0.elementsEqual(text(source).utf8) }
        }
    }

    /// - Throws: what is refused is not there: another source is named, as before, or none.
    static func write(_ source: String, in data: DataDirectory) throws(FileError) {
        try data.requireOurs()
        let (path, temporary) = (data.path(name), data.path(temporaryName))
        do throws(FileError) {
            let file = try data.files.create(temporary)
            try file.write(text(source).utf8.span.bytes)
            try file.synchronize(.imported)
            try data.files.rename(temporary, to: path)
            try data.files.synchronize(directory: data.path, .importedName)
        } catch {
            try? data.files.remove(temporary)
            // A renaming may have been done although it, or its sync, has failed.
            if (try? names(source, in: data)) != false { try? data.files.remove(path) }
            throw error
        }
    }
}

extension Persistence {
    /// Whether the import from this source has ended.
    package func hasImported(from source: String) throws(PersistenceError) -> Bool {
        do throws(FileError) { return try ImportFile.names(source, in: data) } catch { throw PersistenceError(error) }
    }

    /// Keeps on disk that the import from this source has ended. Waits for the disk.
    package func endImport(from source: String) throws(PersistenceError) {
        do throws(FileError) { try ImportFile.write(source, in: data) } catch { throw PersistenceError(error) }
    }
}
