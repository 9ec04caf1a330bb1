/// The directory of the log in Redis 7's layout: a manifest, the base that it names, and the increments after it.
///
/// A manifest names a file only after the file's name is on disk. A file is removed only after no manifest on disk
/// names it. So at every moment, the manifest that a crash leaves names whole files.
struct LogDirectory: Sendable {
    private let files: OwnFiles
    /// The data directory.
    private let parent: String
    /// The manifest on disk; nil if there is none.
    private(set) var manifest: Manifest?
    /// A manifest whose name may not be on disk: a crash may leave this one or the one before.
    private var unsettled: Manifest?
    /// Files of all manifests that may have been named since the last one known to be on disk. A file system may report
    /// an error for a rename that it has done.
    private var mayBeNamed: Set<String> = []
    /// Files made since then that no manifest has named.
    private var made: Set<String> = []
    /// Files that no manifest needs, but that could not be removed.
    private var obsolete: Set<String> = []
    private var lastSequence: Int64 = 0
    /// Whether it is still built under another name, so that no reader takes a part of it for a log.
    private var isStandIn: Bool
    /// Whether the directory's own name may not be on disk.
    private var isNameUnsettled = false

    /// - Parameter manifest: the manifest that was read; nil begins a new directory.
    init(in data: DataDirectory, manifest: Manifest?) throws(FileError) {
        files = OwnFiles(data: data)
        parent = data.path
        self.manifest = manifest
        isStandIn = manifest == nil
        try prepare()
    }

    /// The present path of the files.
    var path: String { "\(parent)/\(isStandIn ? Self.standInName : Manifest.directoryName)" }

    /// The path of a file once the directory has its final name.
    func finalPath(_ name: String) -> String { "\(parent)/\(Manifest.directoryName)/\(name)" }

    private static let standInName = "temp-\(Manifest.directoryName)"
    private static let temporaryBaseName = "temp-base.rdb"
    /// Names that only an unfinished step leaves.
    private static let temporaryNames = [temporaryBaseName, Manifest.temporaryFileName, LogCheck.temporaryName]

    /// Ensures that the directory exists, and chooses numbers that no file in it has.
    mutating func prepare() throws(FileError) {
        let directory = "\(parent)/\(Manifest.directoryName)"
        isStandIn = if try files.exists(directory) { try files.list(directory).isEmpty } else { true }
        if isStandIn {
            // The contents of such a directory were never part of a log.
            if try files.exists(path) {
                for name in try files.list(path) { try files.remove("\(path)/\(name)") }
            } else {
                try files.makeDirectory(path)
            }
            manifest = nil
            unsettled = nil
            mayBeNamed = []
            made = []
            obsolete = []
        }
        for name in try files.list(path) {
            if let number = name.split(separator: ".").dropFirst(2).first.flatMap({ Int64($0) }) {
                lastSequence = max(lastSequence, number)
            }
        }
        for file in manifest?.files ?? [] { lastSequence = max(lastSequence, file.sequence) }
    }

    /// Removes files that recovery does not need. Called when the manifest that was read is known to be on disk.
    /// - Parameter isProven: whether that manifest is known to be the newest. Then our files that it does not name are
    ///   leftovers of a crash. Otherwise one of them may be all that remains of a newer log.
    mutating func sweep(isProven: Bool) {
        guard var manifest else { return }
        for file in manifest.history { obsolete.insert(file.name) }
        manifest.files.removeAll { $0.kind == .history }
        self.manifest = manifest
        obsolete.formUnion(Self.temporaryNames)
        if isProven, let names = try? files.list(path) {
            let needed = Set(manifest.files.map(\.name))
            obsolete.formUnion(names.filter { Manifest.isName($0) && !needed.contains($0) })
        }
        removeObsolete()
    }

    // MARK: New files

    private mutating func nextSequence() -> Int64 {
        lastSequence += 1
        return lastSequence
    }

    /// Creates an increment that no manifest names yet.
    mutating func createIncrement() throws(FileError) -> (Manifest.File, LogFile) {
        let entry = Manifest.increment(nextSequence())
        made.insert(entry.name)
        let finalPath = finalPath(entry.name)
        let file = try files.create("\(path)/\(entry.name)", laterPath: finalPath)
        return (entry, try LogFile(beginning: file, path: finalPath))
    }

    /// Creates a base under a temporary name, which no reader takes for a base.
    mutating func createBase() throws(FileError) -> any OutputFile {
        made.insert(Self.temporaryBaseName)
        return try files.create("\(path)/\(Self.temporaryBaseName)")
    }

    /// Gives the base its name once it is on disk.
    mutating func nameBase() throws(FileError) -> Manifest.File {
        let entry = Manifest.base(nextSequence())
        // Before the rename, which may report an error although it was done.
        made.insert(entry.name)
        try files.rename("\(path)/\(Self.temporaryBaseName)", to: "\(path)/\(entry.name)")
        made.remove(Self.temporaryBaseName)
        return entry
    }

    /// Removes the files of an abandoned step, which no manifest has named.
    mutating func discardNewFiles() {
        obsolete.formUnion(made)
        obsolete.insert(Manifest.temporaryFileName)
        made = []
        removeObsolete()
    }

    // MARK: The manifest

    /// Adds an increment to the log's files.
    mutating func publish(adding increment: Manifest.File) throws(FileError) {
        try settle()
        try name((manifest?.files ?? []) + [increment])
    }

    /// Replaces the log's files by a new base and the increment after it.
    mutating func publish(_ base: Manifest.File, _ increment: Manifest.File) throws(FileError) {
        try settle()
        try name([base, increment])
    }

    /// If it throws, a crash may leave either manifest, so every file that either names is kept.
    private mutating func name(_ entries: [Manifest.File]) throws(FileError) {
        let named = Set(entries.map(\.name))
        let history = (manifest?.files ?? []).filter { !named.contains($0.name) }.map { file in
            Manifest.File(name: file.name, sequence: file.sequence, kind: .history)
        }
        try files.synchronize(directory: path, .newNames)
        let temporary = "\(path)/\(Manifest.temporaryFileName)"
        let file = try files.create(temporary)
        try file.write(Manifest(files: entries + history).encode().span.bytes)
        try file.synchronize(.manifest)
        // Before the rename, which may report an error although it was done: the manifest then names these files.
        mayBeNamed.formUnion(named)
        made.subtract(named)
        try files.rename(temporary, to: "\(path)/\(Manifest.fileName)")
        unsettled = Manifest(files: entries)
        try settle()
    }

    /// Ensures that the last manifest is on disk. Files that only the one before names are then removed.
    private mutating func settle() throws(FileError) {
        guard let unsettled else { return }
        try files.synchronize(directory: path, .manifestName)
        if isStandIn {
            isNameUnsettled = true
            try files.rename(path, to: "\(parent)/\(Manifest.directoryName)")
            isStandIn = false
        }
        if isNameUnsettled {
            try files.synchronize(directory: parent, .logDirectoryName)
            isNameUnsettled = false
        }
        let named = Set(unsettled.files.map(\.name))
        obsolete.formUnion(mayBeNamed.union((manifest?.files ?? []).map(\.name)).subtracting(named))
        manifest = unsettled
        self.unsettled = nil
        mayBeNamed = []
        removeObsolete()
    }

    /// Names that cannot be removed now are tried again after the next step.
    private mutating func removeObsolete() {
        guard files.areOurs else { return }
        for name in obsolete {
            do throws(FileError) { try files.remove("\(path)/\(name)") } catch { if !error.isMissing { continue } }
            obsolete.remove(name)
        }
    }
}

/// What the log's directory does to files. Before each change the data directory is asked for: another list's directory
/// at its path may have files of the same names.
private struct OwnFiles: Sendable {
    let data: DataDirectory

    var areOurs: Bool { (try? data.requireOurs()) != nil }

    func exists(_ path: String) throws(FileError) -> Bool { try data.files.exists(path) }

    func list(_ directory: String) throws(FileError) -> [String] { try data.files.list(directory) }

    func makeDirectory(_ path: String) throws(FileError) {
        try data.requireOurs()
        try data.files.makeDirectory(path)
    }

    func create(_ path: String) throws(FileError) -> any OutputFile { try create(path, laterPath: path) }

    func create(_ path: String, laterPath: String) throws(FileError) -> any OutputFile {
        try data.requireOurs()
        return try data.files.create(path, laterPath: laterPath)
    }

    func rename(_ path: String, to target: String) throws(FileError) {
        try data.requireOurs()
        try data.files.rename(path, to: target)
    }

    func remove(_ path: String) throws(FileError) {
        try data.requireOurs()
        try data.files.remove(path)
    }

    func synchronize(directory: String, _ point: SyncPoint) throws(FileError) {
        try data.files.synchronize(directory: directory, point)
    }
}
