import TestSupport
import Testing

@testable import Persistence

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A disk that forgets, at a crash, a random part of what was not made durable: bytes by sectors, and each creation,
/// renaming and removal of a name on its own.
// @unchecked: one thread at a time drives it.
final class SimulatedDisk: FileSystem, @unchecked Sendable {
    static let sector = 512

    /// A file or a directory.
    final class Node {
        var isDirectory = false
        /// No other file has the same.
        let birth: Int

        init(birth: Int) { self.birth = birth }

        /// What programs see.
        var bytes: [UInt8] = []
        var names: [String: Node] = [:]
        /// What is on disk for sure.
        var durableBytes: [UInt8] = []
        /// An fdatasync has failed: what was written until then never reaches the disk.
        var isForgotten = false
        var durableNames: [String: Node] = [:]
        /// Changes of names that are not on disk yet.
        var changes: [Change] = []
    }

    enum Change {
        case link(String, Node)
        case unlink(String)
        case rename(String, String, Node)
    }

    private let root = Node(birth: 0)
    private var births = 0
    private var random: SeededGenerator
    /// Leaves this one out, as if it had been forgotten in the program.
    var omitted: SyncPoint?
    /// How many more changes the disk takes before it stops; nil is no end.
    var changesLeft: Int?
    /// How many more changes it takes before one fails.
    var failure: (after: Int, code: Int32)?
    /// Whether a renaming or a removal that fails is done all the same: the answer of a network file system was lost.
    var failuresAreDone = false
    /// Whether every fdatasync fails.
    var failingSyncs = false
    /// The point at which every fdatasync fails, with this `errno`.
    var failingPoint: (point: SyncPoint, code: Int32)?
    /// Is called, and may hang, when a file is written over.
    var whenOverwriting: @Sendable () -> Void = {}
    /// Is called when a file is created.
    var whenCreating: @Sendable (String) -> Void = { _ in }
    /// Is called when a file is made durable.
    var whenSynchronizing: @Sendable (SyncPoint) -> Void = { _ in }
    /// How many bytes it takes before it is full.
    var space: Int?
    /// Whether it says when a file came to be.
    var saysBirths = true
    private(set) var hasStopped = false
    private(set) var changeCount = 0
    private(set) var pointsSeen: Set<SyncPoint> = []
    /// How often bytes were written to a file, or tried to be.
    private(set) var writeCount = 0
    /// How much was asked for of files that are read while they grow, in bytes.
    fileprivate(set) var bytesRead = 0

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        root.isDirectory = true
    }

    // MARK: What goes wrong

    /// Counts a change; the disk may have stopped, or fail at this one.
    func change(_ operation: String, _ path: String) throws(FileError) {
        guard !hasStopped else { throw FileError(operation: operation, path: path, code: EIO) }
        if let left = changesLeft {
            if left == 0 {
                hasStopped = true
                throw FileError(operation: operation, path: path, code: EIO)
            }
            changesLeft = left - 1
        }
        changeCount += 1
        if let failure {
            if failure.after == 0 {
                self.failure = nil
                throw FileError(operation: operation, path: path, code: failure.code)
            }
            self.failure?.after -= 1
        }
    }

    /// The power fails and comes back: what was not durable is kept or lost by chance.
    func crash() {
        kill()
        space = nil
        // All lost, all kept, or a random part of it.
        let chance = [0.0, 0.1, 0.5, 0.9, 1.0].randomElement(using: &random)!
        var reached: Set<ObjectIdentifier> = []
        settle(root, chance, &reached)
    }

    /// The process ends; the system goes on.
    func kill() {
        hasStopped = false
        changesLeft = nil
        failure = nil
        failuresAreDone = false
    }

    private func isKept(_ chance: Double) -> Bool { Double.random(in: 0..<1, using: &random) < chance }

    private func settle(_ node: Node, _ chance: Double, _ reached: inout Set<ObjectIdentifier>) {
        guard reached.insert(ObjectIdentifier(node)).inserted else { return }
        guard node.isDirectory else {
            settleBytes(node, chance)
            return
        }
        for change in node.changes where isKept(chance) {
            switch change {
            case .link(let name, let target): node.durableNames[name] = target
            case .unlink(let name): node.durableNames[name] = nil
            case .rename(let name, let target, let moved):
                node.durableNames[name] = nil
                node.durableNames[target] = moved
            }
        }
        node.changes = []
        node.names = node.durableNames
        for name in node.names.keys.sorted() { settle(node.names[name]!, chance, &reached) }
    }

    private func settleBytes(_ node: Node, _ chance: Double) {
        let (old, new) = (node.durableBytes, node.bytes)
        guard old != new else { return }
        var bytes = old
        if new.starts(with: old) {
            // How long the file is said to be, and which of its new sectors were written.
            let size = isKept(chance) ? new.count : Int.random(in: old.count...new.count, using: &random)
            while bytes.count < size {
                let lower = bytes.count
                let upper = min(size, (lower / Self.sector + 1) * Self.sector)
                bytes += isKept(chance) ? new[lower..<upper] : ArraySlice(repeating: 0, count: upper - lower)
            }
        } else if isKept(chance) {
            bytes = new
        }
        node.bytes = bytes
        node.durableBytes = bytes
    }

    /// Exchanges a file's bytes, durably.
    @discardableResult
    func replace(_ path: String, _ bytes: [UInt8]) -> [UInt8] {
        guard let node = find(path) else { return [] }
        defer {
            node.bytes = bytes
            node.durableBytes = bytes
        }
        return node.bytes
    }

    func makeNode() -> Node {
        births += 1
        return Node(birth: births)
    }

    /// Removes a file, durably.
    func erase(_ path: String) {
        guard let (parent, name) = try? split(path) else { return }
        parent.names[name] = nil
        parent.durableNames = parent.names
        parent.changes = []
    }

    // MARK: Names

    func find(_ path: String) -> Node? {
        var node = root
        for part in path.split(separator: "/") where part != "." {
            guard let next = node.names[String(part)] else { return nil }
            node = next
        }
        return node
    }

    func split(_ path: String) throws(FileError) -> (Node, String) {
        let parts = path.split(separator: "/")
        guard let name = parts.last, let parent = find(parts.dropLast().joined(separator: "/")), parent.isDirectory
        else { throw FileError(operation: "open", path: path, code: ENOENT) }
        return (parent, String(name))
    }

    fileprivate func name(_ path: String) -> Node? { find(path) }

    func hasName(_ node: Node) -> Bool {
        func names(in directory: Node) -> Bool {
            directory.names.values.contains { $0 === node || names(in: $0) }
        }
        return names(in: root)
    }

    // MARK: FileSystem

    func exists(_ path: String) throws(FileError) -> Bool { find(path) != nil }

    func list(_ directory: String) throws(FileError) -> [String] {
        guard let node = find(directory) else { throw FileError(operation: "open", path: directory, code: ENOENT) }
        return node.names.keys.sorted()
    }

    func makeDirectory(_ path: String) throws(FileError) {
        try change("mkdir", path)
        let (parent, name) = try split(path)
        guard parent.names[name] == nil else { throw FileError(operation: "mkdir", path: path, code: EEXIST) }
        let node = makeNode()
        node.isDirectory = true
        parent.names[name] = node
        parent.changes.append(.link(name, node))
    }

    func create(_ path: String, laterPath: String) throws(FileError) -> any OutputFile {
        whenCreating(path)
        try change("open", path)
        let (parent, name) = try split(path)
        if let node = parent.names[name] {
            node.bytes = []
            node.isForgotten = false
            return SimulatedFile(self, node, path)
        }
        let node = makeNode()
        parent.names[name] = node
        parent.changes.append(.link(name, node))
        return SimulatedFile(self, node, path)
    }

    func append(to path: String) throws(FileError) -> any OutputFile { SimulatedFile(self, try file(path), path) }

    func contents(of path: String) throws(FileError) -> FileContents { FileContents(try file(path).bytes) }

    func read(_ path: String) throws(FileError) -> any InputFile { SimulatedFile(self, try file(path), path) }

    private func file(_ path: String) throws(FileError) -> Node {
        guard let node = find(path), !node.isDirectory else {
            throw FileError(operation: "open", path: path, code: ENOENT)
        }
        return node
    }

    func overwrite(_ path: String, with bytes: RawSpan, _ point: SyncPoint) throws(FileError) {
        whenOverwriting()
        try change("write", path)
        let (parent, name) = try split(path)
        let node = parent.names[name] ?? makeNode()
        if parent.names[name] == nil {
            parent.names[name] = node
            parent.changes.append(.link(name, node))
        }
        let new = bytes.withUnsafeBytes(Array.init)
        node.bytes.replaceSubrange(0..<min(new.count, node.bytes.count), with: new)
        try synchronize(node, point, path)
    }

    /// Counts a change of a name.
    /// - Returns: the error to report when it is done, if it reports one.
    private func changeName(_ operation: String, _ path: String) throws(FileError) -> FileError? {
        do throws(FileError) { try change(operation, path) } catch {
            guard failuresAreDone, !hasStopped else { throw error }
            return error
        }
        return nil
    }

    func rename(_ path: String, to target: String) throws(FileError) {
        let reported = try changeName("rename", path)
        let (parent, name) = try split(path)
        let (targetParent, targetName) = try split(target)
        guard parent === targetParent, let node = parent.names[name] else {
            throw FileError(operation: "rename", path: path, code: ENOENT)
        }
        parent.names[name] = nil
        parent.names[targetName] = node
        parent.changes.append(.rename(name, targetName, node))
        if let reported { throw reported }
    }

    func remove(_ path: String) throws(FileError) {
        let reported = try changeName("unlink", path)
        let (parent, name) = try split(path)
        guard let node = parent.names.removeValue(forKey: name) else {
            throw FileError(operation: "unlink", path: path, code: ENOENT)
        }
        if let space { self.space = space + node.bytes.count }
        parent.changes.append(.unlink(name))
        if let reported { throw reported }
    }

    func synchronize(directory: String, _ point: SyncPoint) throws(FileError) {
        try change("fsync", directory)
        pointsSeen.insert(point)
        guard let node = find(directory) else { throw FileError(operation: "open", path: directory, code: ENOENT) }
        guard point != omitted else { return }
        node.durableNames = node.names
        node.changes = []
    }

    func birth(of path: String) throws(FileError) -> String? {
        guard let node = find(path) else { throw FileError(operation: "statx", path: path, code: ENOENT) }
        return saysBirths ? "\(node.birth)" : nil
    }

    func room(at path: String) throws(FileError) -> Int { space ?? .max }

    // MARK: Files

    fileprivate func write(_ bytes: RawSpan, to node: Node, _ path: String) throws(FileError) {
        writeCount += 1
        do throws(FileError) { try change("write", path) } catch {
            // What failed may be there in part.
            let part = Int.random(in: 0...bytes.byteCount, using: &random)
            if !hasStopped { node.bytes += bytes.extracting(first: part).withUnsafeBytes(Array.init) }
            throw error
        }
        var fits = bytes.byteCount
        if let space {
            fits = min(fits, space)
            self.space = space - fits
        }
        node.bytes += bytes.extracting(first: fits).withUnsafeBytes(Array.init)
        if fits < bytes.byteCount { throw FileError(operation: "write", path: path, code: ENOSPC) }
    }

    fileprivate func truncate(_ node: Node, to size: Int, _ path: String) throws(FileError) {
        try change("truncate", path)
        if let space { self.space = space + node.bytes.count - size }
        node.bytes.removeLast(node.bytes.count - size)
    }

    fileprivate func refresh(_ node: Node, from offset: Int, _ path: String) throws(FileError) {
        try change("write", path)
        if node.durableBytes.count >= offset { node.isForgotten = false }
    }

    fileprivate func synchronize(_ node: Node, _ point: SyncPoint, _ path: String) throws(FileError) {
        do throws(FileError) {
            try change("fdatasync", path)
            if let failingPoint, failingPoint.point == point {
                throw FileError(operation: "fdatasync", path: path, code: failingPoint.code)
            }
            if failingSyncs { throw FileError(operation: "fdatasync", path: path, code: ENOSPC) }
        } catch {
            // The system takes the bytes for written from now on: no later fdatasync writes them.
            node.isForgotten = true
            throw error
        }
        pointsSeen.insert(point)
        if point != omitted, !node.isForgotten { node.durableBytes = node.bytes }
        whenSynchronizing(point)
    }
}

// @unchecked: one thread at a time drives the disk.
private final class SimulatedFile: InputFile, OutputFile, @unchecked Sendable {
    private let disk: SimulatedDisk
    private let node: SimulatedDisk.Node
    private let path: String

    init(_ disk: SimulatedDisk, _ node: SimulatedDisk.Node, _ path: String) {
        (self.disk, self.node, self.path) = (disk, node, path)
    }

    var size: Int { node.bytes.count }
    func read(at offset: Int, _ count: Int) throws(FileError) -> [UInt8] {
        disk.bytesRead += count
        return Array(node.bytes.dropFirst(offset).prefix(count))
    }
    func write(_ bytes: RawSpan) throws(FileError) { try disk.write(bytes, to: node, path) }
    func truncate(to size: Int) throws(FileError) { try disk.truncate(node, to: size, path) }
    func synchronize(_ point: SyncPoint) throws(FileError) { try disk.synchronize(node, point, path) }
    func refresh(from offset: Int) throws(FileError) { try disk.refresh(node, from: offset, path) }
    func relieve() throws(FileError) {}
    func isStill(at path: String) -> Bool { disk.name(path) === node }
    var hasName: Bool { disk.hasName(node) }
}
