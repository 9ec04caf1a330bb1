@testable import Persistence

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Locks keep nobody out, but know where the directory is that they were taken of.
extension SimulatedDisk {
    func lock(_ path: String) throws(FileError) -> (any FileLock)? {
        if find(path) == nil { _ = try create(path) }
        guard let node = find(path) else { return nil }
        return SimulatedLock(self, node)
    }

    func lock(directory: String) throws(FileError) -> (any FileLock)? {
        guard let node = find(directory), node.isDirectory else {
            throw FileError(operation: "open", path: directory, code: ENOENT)
        }
        return SimulatedLock(self, node)
    }

    /// Moves a directory, as `mv` does, durably.
    func move(_ path: String, to target: String) throws {
        let (parent, name) = try split(path)
        let (targetParent, targetName) = try split(target)
        targetParent.names[targetName] = parent.names.removeValue(forKey: name)
        targetParent.durableNames[targetName] = parent.durableNames.removeValue(forKey: name)
    }
}

// @unchecked: one thread at a time drives the disk.
private final class SimulatedLock: FileLock, @unchecked Sendable {
    private let disk: SimulatedDisk
    private let node: SimulatedDisk.Node

    init(_ disk: SimulatedDisk, _ node: SimulatedDisk.Node) { (self.disk, self.node) = (disk, node) }

    func release() {}
    func isStill(at path: String) -> Bool { disk.find(path) === node }

    func place(_ name: String, _ bytes: RawSpan) throws(FileError) {
        try disk.change("open", name)
        guard disk.hasName(node) else { throw FileError(operation: "open", path: name, code: ENOENT) }
        let file = node.names[name] ?? disk.makeNode()
        if node.names[name] == nil {
            node.names[name] = file
            node.changes.append(.link(name, file))
        }
        file.bytes = bytes.withUnsafeBytes(Array.init)
        try disk.change("fdatasync", name)
        file.durableBytes = file.bytes
        try disk.change("fsync", name)
        node.durableNames = node.names
        node.changes = []
    }
}
