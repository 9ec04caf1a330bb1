import Files
import Foundation

/// A file that only its owner may read: keys and accounts.
enum PrivateFile {
    /// The most bytes read: enough for a hundred thousand accounts.
    private static let maximumBytes = 64 << 20

    /// - Throws: ``NodeError/Code/unreadableFile``.
    static func read(_ path: String) throws(NodeError) -> Data {
        do throws(RegularFileError) { return try contents(of: path) } catch {
            throw NodeError(.unreadableFile, "cannot read \(path): \(error.message)")
        }
    }

    static func contents(of path: String) throws(RegularFileError) -> Data {
        try RegularFile.read(path, maximumBytes: maximumBytes)
    }

    /// Reads and replaces a file while no other process does. Waits 10 s at most for one that does.
    /// - Parameter change: given the file that the path leads to: a symbolic link stays one.
    /// - Throws: ``NodeError/Code/unwritableFile``, and what `change` throws.
    static func change<Value>(
        _ path: String, _ change: (_ target: String) throws(NodeError) -> Value
    ) throws(NodeError) -> Value {
        let target = try target(of: path)
        return try AtomicFile.withLock(of: target) { () throws(NodeError) in
            AtomicFile.removeDrafts(of: target)
            return try change(target)
        } failure: {
            NodeError(.unwritableFile, "cannot lock \(target): \($0.message)")
        }
    }

    /// - Throws: ``NodeError/Code/unwritableFile`` for a link that leads nowhere.
    static func target(of path: String) throws(NodeError) -> String {
        do throws(RegularFileError) { return try AtomicFile.target(of: path) } catch {
            throw NodeError(.unwritableFile, "\(path) is a symbolic link that leads nowhere")
        }
    }

    /// Writes a file with permissions 0600, as a whole or not at all.
    /// - Parameter replacing: whether an existing file is replaced; otherwise it is an error. If root replaces it, it
    ///   keeps its owner, because the node that reads it is another user.
    /// - Throws: ``NodeError/Code/unwritableFile``.
    static func write(_ data: Data, to path: String, replacing: Bool) throws(NodeError) {
        do throws(RegularFileError) {
            if replacing {
                try AtomicFile.replace(path, with: data, keepsOwner: true)
            } else {
                try AtomicFile.create(path, with: data)
            }
        } catch { throw NodeError(.unwritableFile, "cannot write \(path): \(error.message)") }
    }
}
