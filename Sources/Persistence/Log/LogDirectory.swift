/// The directory of the log in Redis 7's layout: a manifest, the base that it names, and the increments after it.
///
/// A manifest names a file only once the file's name is on disk, and a file is removed only once no manifest on disk names
/// it; so at every moment the manifest that a crash leaves names files that are whole.
struct LogDirectory: Sendable {
    private let files: any FileSystem
    /// The data directory.
    private let parent: String
    /// What the manifest on disk says; nil if there is none.
    private(set) var manifest: Manifest?
    /// Names that nothing needs once the next manifest is on disk.
    private var obsolete: Set<String> = []
    private var lastSequence: Int64 = 0
    /// Whether it is still being built under another name, so that nobody takes a part of it for a log.
    private var isStandIn: Bool

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
    mutating func sweep() {
        guard var manifest else { return }
        for file in manifest.history { try? files.remove("\(path)/\(file.name)") }
        manifest.files.removeAll { $0.kind == .history }
        self.manifest = manifest
        for name in [Self.temporaryBaseName, Manifest.temporaryFileName] { try? files.remove("\(path)/\(name)") }
    }

    // MARK: New files

    private mutating func nextSequence() -> Int64 {
        lastSequence += 1
        return lastSequence
    }

    /// Creates an increment that no manifest names yet.
    mutating func createIncrement() throws(FileError) -> (Manifest.File, LogFile) {
        let entry = Manifest.increment(nextSequence())
        obsolete.insert(entry.name)
        let file = try files.create("\(path)/\(entry.name)")
        return (entry, try LogFile(beginning: file, path: finalPath(entry.name)))
    }

    /// Creates a base under a name that no one takes for it.
    func createBase() throws(FileError) -> any OutputFile { try files.create("\(path)/\(Self.temporaryBaseName)") }

    /// Gives the base its name, once it is on disk.
    mutating func nameBase() throws(FileError) -> Manifest.File {
        let entry = Manifest.base(nextSequence())
        obsolete.insert(entry.name)
        try files.rename("\(path)/\(Self.temporaryBaseName)", to: "\(path)/\(entry.name)")
        return entry
    }

    func removeTemporaryBase() { try? files.remove("\(path)/\(Self.temporaryBaseName)") }

    // MARK: The manifest

    /// Makes these the files of the log. When it throws, nobody knows which manifest a crash would leave, so every
    /// file that either names stays.
    mutating func publish(_ entries: [Manifest.File]) throws(FileError) {
        let named = Set(entries.map(\.name))
        for file in manifest?.files ?? [] where !named.contains(file.name) { obsolete.insert(file.name) }
        let history = (manifest?.files ?? []).filter { !named.contains($0.name) }.map { file in
            Manifest.File(name: file.name, sequence: file.sequence, kind: .history)
        }
        try files.synchronize(directory: path, .newNames)
        let temporary = "\(path)/\(Manifest.temporaryFileName)"
        let file = try files.create(temporary)
        try file.write(Manifest(files: entries + history).encode().span.bytes)
        try file.synchronize(.manifest)
        try files.rename(temporary, to: "\(path)/\(Manifest.fileName)")
        try files.synchronize(directory: path, .manifestName)
        if isStandIn {
            try files.rename(path, to: "\(parent)/\(Manifest.directoryName)")
            isStandIn = false
            try files.synchronize(directory: parent, .logDirectoryName)
        }
        manifest = Manifest(files: entries)
        obsolete.subtract(named)
        removeObsolete()
    }

    private mutating func removeObsolete() {
        // A name that cannot be removed now is tried again after the next manifest.
        for name in obsolete {
            do throws(FileError) { try files.remove("\(path)/\(name)") } catch { if !error.isMissing { continue } }
            obsolete.remove(name)
        }
    }
}
