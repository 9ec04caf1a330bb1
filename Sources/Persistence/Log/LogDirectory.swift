/// The directory of the log in Redis 7's layout: a manifest, the base that it names, and the increments after it.
///
/// A manifest names a file only once the file's name is on disk, and a file is removed only once no manifest on disk
/// names it; so at every moment the manifest that a crash leaves names files that are whole.
struct LogDirectory: Sendable {
    private let files: any FileSystem
    /// The data directory.
    private let parent: String
    /// What the manifest on disk says; nil if there is none.
    private(set) var manifest: Manifest?
    /// What the manifest says whose name nobody knows to be on disk: a crash may leave this one or the one before.
    private var unsettled: Manifest?
    /// Files of every manifest that may have got its name since the last one that is known to be on disk. A file system
    /// may report an error of a rename that it has done.
    private var mayBeNamed: Set<String> = []
    /// Files that were made since, and that no manifest has named.
    private var made: Set<String> = []
    /// Names that no manifest needs, and that could not be removed.
    private var obsolete: Set<String> = []
    private var lastSequence: Int64 = 0
    /// Whether it is still being built under another name, so that nobody takes a part of it for a log.
    private var isStandIn: Bool
    /// Whether nobody knows that the directory's own name is on disk.
    private var isNameUnsettled = false

    /// - Parameter manifest: what was read; nil begins a new directory.
    init(_ files: any FileSystem, in parent: String, manifest: Manifest?) throws(FileError) {
        self.files = files
        self.parent = parent
        self.manifest = manifest
        isStandIn = manifest == nil
        try prepare()
    }

    /// Where the files are now.
    var path: String { "\(parent)/\(isStandIn ? Self.standInName : Manifest.directoryName)" }

    /// Where a file will be once the directory bears its name.
    func finalPath(_ name: String) -> String { "\(parent)/\(Manifest.directoryName)/\(name)" }

    private static let standInName = "temp-\(Manifest.directoryName)"
    private static let temporaryBaseName = "temp-base.rdb"
    /// Names that nothing but an unfinished step leaves.
    private static let temporaryNames = [temporaryBaseName, Manifest.temporaryFileName, LogCheck.temporaryName]

    /// Makes sure that there is a directory to write to, and takes numbers that no file in it has.
    mutating func prepare() throws(FileError) {
        let directory = "\(parent)/\(Manifest.directoryName)"
        isStandIn = if try files.exists(directory) { try files.list(directory).isEmpty } else { true }
        if isStandIn {
            // What stands in such a directory was never part of a log.
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

    /// Removes what recovery does not need: called once the manifest that was read is known to be on disk.
    /// - Parameter isProven: whether that manifest is known to be the newest. Then files of our names that it does not
    ///   name are what a crash left unfinished; else one of them may be all that is left of a newer log.
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
        let file = try files.create("\(path)/\(entry.name)")
        return (entry, try LogFile(beginning: file, path: finalPath(entry.name)))
    }

    /// Creates a base under a name that no one takes for it.
    mutating func createBase() throws(FileError) -> any OutputFile {
        made.insert(Self.temporaryBaseName)
        return try files.create("\(path)/\(Self.temporaryBaseName)")
    }

    /// Gives the base its name, once it is on disk.
    mutating func nameBase() throws(FileError) -> Manifest.File {
        let entry = Manifest.base(nextSequence())
        // Before the rename: it may be done although it reports an error.
        made.insert(entry.name)
        try files.rename("\(path)/\(Self.temporaryBaseName)", to: "\(path)/\(entry.name)")
        made.remove(Self.temporaryBaseName)
        return entry
    }

    /// Removes the files of a step that was given up: those that no manifest has named.
    mutating func discardNewFiles() {
        obsolete.formUnion(made)
        obsolete.insert(Manifest.temporaryFileName)
        made = []
        removeObsolete()
    }

    // MARK: The manifest

    /// Adds an increment to the files of the log.
    mutating func publish(adding increment: Manifest.File) throws(FileError) {
        try settle()
        try name((manifest?.files ?? []) + [increment])
    }

    /// Makes a new base and the increment after it the files of the log.
    mutating func publish(_ base: Manifest.File, _ increment: Manifest.File) throws(FileError) {
        try settle()
        try name([base, increment])
    }

    /// When it throws, nobody knows which manifest a crash would leave, so every file that either names stays.
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
        // Before the rename: it may be done although it reports an error, and then the manifest names these files.
        mayBeNamed.formUnion(named)
        made.subtract(named)
        try files.rename(temporary, to: "\(path)/\(Manifest.fileName)")
        unsettled = Manifest(files: entries)
        try settle()
    }

    /// Makes sure that the last manifest is on disk. Then nothing needs the files that only the one before it names.
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

    /// A name that cannot be removed now is tried again after the next step.
    private mutating func removeObsolete() {
        for name in obsolete {
            do throws(FileError) { try files.remove("\(path)/\(name)") } catch { if !error.isMissing { continue } }
            obsolete.remove(name)
        }
    }
}
