import Crypto
import Files
import RESP

extension UserFile {
    /// Replaces the file. What a load would refuse, or would read as something else, is not written.
    /// - Parameter known: the file as it was last read or written here. If it is another now it is not replaced: its
    ///   users are not known. nil: it is replaced whatever it is.
    /// - Returns: the file that was written.
    /// - Throws: what went wrong.
    static func save(
        _ users: [UserDefinition], to path: String, prefix: String, replacing known: SHA256.Digest? = nil
    ) throws(Failure) -> UserFile {
        let file = UserFile(path: path, text: users.flatMap { $0.line + [UInt8(ascii: "\n")] })
        guard file.text.count <= UserLimits.fileBytes else {
            throw Failure(message: "it would be longer than \(UserLimits.fileBytes) bytes")
        }
        guard (try? file.definitions(prefix: prefix)) == users else {
            throw Failure(message: "a load would read other users from it")
        }
        do throws(RegularFileError) {
            let target = try AtomicFile.target(of: path)
            try AtomicFile.withLock(of: target) { () throws(RegularFileError) in
                AtomicFile.removeDrafts(of: target)
                if let known, try isAnother(target, than: known) { throw RegularFileError.changed }
                try AtomicFile.replace(target, with: file.text)
            } failure: {
                $0
            }
        } catch { throw Failure(message: error.message) }
        return file
    }

    /// What it holds, to be compared later.
    var digest: SHA256.Digest { SHA256.hash(data: text) }

    /// Whether a file is there, and another than the one that is known.
    private static func isAnother(_ path: String, than known: SHA256.Digest) throws(RegularFileError) -> Bool {
        do throws(RegularFileError) {
            return SHA256.hash(data: try RegularFile.read(path, maximumBytes: UserLimits.fileBytes)) != known
        } catch  where error.isMissing { return false }
    }

    /// Removes what a daemon has left that was killed while it saved. A start does not wait for the lock: who has it is
    /// writing, and removes that too.
    static func removeDrafts(of path: String) {
        guard let target = try? AtomicFile.target(of: path) else { return }
        try? AtomicFile.withLock(of: target, maximumTries: 1) {
            AtomicFile.removeDrafts(of: target)
        } failure: {
            $0 as any Error
        }
    }
}

extension RegularFileError {
    fileprivate static let changed = Self(
        isMissing: false,
        message: "it was changed since this daemon read it: send ACL LOAD, make the changes again, then save")
}
