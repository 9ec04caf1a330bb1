/// `revoked.imported` in the data directory: an import that has ended, by its source. A daemon that is started with the
/// same setting later does not begin it again.
///
/// The file is one line. A part of one names no source: then the import has not ended.
enum ImportFile {
    static let name = "revoked.imported"
    private static let word = "revoked-imported1"

    static func text(_ source: String) -> String { "\(word) \(source)\n" }

    static func names(_ source: String, in data: DataDirectory) throws(FileError) -> Bool {
        guard try data.files.exists(data.path(name)) else { return false }
        return try data.files.contents(of: data.path(name)).withBytes { bytes in
            bytes.withUnsafeBytes { $0.elementsEqual(text(source).utf8) }
        }
    }

    static func write(_ source: String, in data: DataDirectory) throws(FileError) {
        if try data.files.exists(data.path(name)) { try data.files.remove(data.path(name)) }
        try data.files.overwrite(data.path(name), with: text(source).utf8.span.bytes, .imported)
        try data.files.synchronize(directory: data.path, .importedName)
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
