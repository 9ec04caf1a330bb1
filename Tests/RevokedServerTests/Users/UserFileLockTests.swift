import Files
import Foundation
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// The lock under which `--aclfile` is written.
@Suite struct UserFileLockTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/users.acl" }

    init() throws { folder = try TemporaryFolder() }

    /// Under systemd the daemon can write nowhere else. It has the directory locked while it runs.
    @Test func theFileMayLieInTheDataDirectory() throws {
        let directory = DataDirectory(folder.path, SystemFiles())
        try directory.open()
        defer { directory.release() }
        try Data("user default on nopass ~* &* +@all\n".utf8).write(to: URL(filePath: path))
        let path = path
        let daemon = SessionBench.daemon { $0.userFile = path }
        try daemon.loadFirstUsers(path)
        let bench = SessionBench(daemon)
        #expect(bench.ask("ACL", "SETUSER", "new", "on") == "+OK\r\n")
        #expect(bench.ask("ACL", "SAVE") == "+OK\r\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("user new on"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.sorted() == ["revoked.lock", "users.acl"])
    }

    private var lock: String { folder.path + "/.users.acl.lock" }

    /// - Returns: why the lock could not be had.
    private func take(_ body: () throws -> Void = {}) -> String? {
        var failure: String?
        try? AtomicFile.withLock(of: path, maximumTries: 1) {
            try body()
        } failure: {
            failure = $0.message
            return $0 as any Error
        }
        return failure
    }

    /// Root may open what it likes.
    @Test(.enabled(if: geteuid() != 0)) func aLockThatCannotBeOpenedIsSaidToBeAnothers() throws {
        #expect(FileManager.default.createFile(atPath: lock, contents: nil, attributes: [.posixPermissions: 0]))
        let advice = "belongs to another user: if no daemon or revoked command of theirs is writing, remove it"
        #expect(take() == "\(lock) \(advice)")
        try FileManager.default.removeItem(atPath: lock)
        #expect(take() == nil)
    }

    /// A start removes what a killed daemon has left, but waits for no other that is writing.
    @Test func aStartDoesNotWaitForTheLock() throws {
        try Data("user default on nopass ~* &* +@all\n".utf8).write(to: URL(filePath: path))
        let draft = path + ".tmp-1"
        #expect(FileManager.default.createFile(atPath: draft, contents: nil))
        var time = Duration.zero
        #expect(take { time = ContinuousClock().measure { UserFile.removeDrafts(of: path) } } == nil)
        // Writers wait for 10 s.
        #expect(time < .seconds(9) && FileManager.default.fileExists(atPath: draft))
        UserFile.removeDrafts(of: path)
        #expect(!FileManager.default.fileExists(atPath: draft))
    }

    /// Who waits for a lock hears of it in the end, and what a killed writer has left locks nobody out.
    @Test func aLockIsHeldByOneAndOutlivesNoOne() throws {
        #expect(FileManager.default.createFile(atPath: lock, contents: nil, attributes: [.posixPermissions: 0o644]))
        var inner: String?
        var rights: Int?
        let outer = take {
            inner = take()
            rights = try permissions(lock)
        }
        #expect(outer == nil)
        #expect(inner == "another daemon or revoked command has held \(lock) for 10 s")
        #expect(!FileManager.default.fileExists(atPath: lock))
        // The one of the killed writer was 0644.
        #expect(rights == 0o644)
        _ = take { rights = try permissions(lock) }
        #expect(rights == 0o600)
        try FileManager.default.createSymbolicLink(atPath: lock, withDestinationPath: path)
        #expect(take() != nil)
    }

    private func permissions(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
