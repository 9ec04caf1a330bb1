import Denylist
import Foundation
import Testing

@testable import Persistence

/// One process at a time works in a data directory.
@Suite struct DirectoryLockTests {
    private static func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.currentDirectoryPath + "/.build/lock-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private static func isInUse(_ path: String) -> Bool {
        do throws(PersistenceError) { try DataDirectory(path, SystemFiles()).open() } catch {
            return error.code == .locked
        }
        return false
    }

    @Test func noOtherProcessGetsTheLock() throws {
        try Self.withDirectory { path in
            let data = DataDirectory(path, SystemFiles())
            try data.open()
            #expect(Self.isInUse(path))
            try data.open()
            data.release()
            #expect(!Self.isInUse(path))
        }
    }

    /// An operator who takes it for a leftover removes the file while the daemon runs.
    @Test func removingTheLocksFileLetsNoOtherProcessIn() throws {
        try Self.withDirectory { path in
            let data = DataDirectory(path, SystemFiles())
            try data.open()
            try FileManager.default.removeItem(atPath: "\(path)/revoked.lock")
            #expect(Self.isInUse(path))
            // It goes on, and the file is there again for earlier releases.
            try data.open()
            #expect(FileManager.default.fileExists(atPath: "\(path)/revoked.lock"))
            #expect(Self.isInUse(path))
        }
    }

    /// An earlier release locks the file alone.
    @Test func theFileIsLockedToo() throws {
        try Self.withDirectory { path in
            let data = DataDirectory(path, SystemFiles())
            try data.open()
            #expect(try SystemFiles().lock("\(path)/revoked.lock") == nil)
            data.release()
            let earlier = try #require(try SystemFiles().lock("\(path)/revoked.lock"))
            #expect(Self.isInUse(path))
            earlier.release()
            #expect(!Self.isInUse(path))
        }
    }

    @Test func aDirectoryThatWasMovedIsStillLocked() throws {
        try Self.withDirectory { path in
            let data = DataDirectory(path, SystemFiles())
            try data.open()
            let other = path + "-moved"
            defer { try? FileManager.default.removeItem(atPath: other) }
            try FileManager.default.moveItem(atPath: path, toPath: other)
            #expect(Self.isInUse(other))
            // What bears the name now is another one, and is locked as well.
            try data.open()
            #expect(Self.isInUse(path))
        }
    }

    /// A new log is made in a directory of another name, which is renamed when it is whole.
    @Test func aFileIsKnownByThePathOfItsRenamedDirectory() throws {
        try Self.withDirectory { path in
            let files = SystemFiles()
            try files.makeDirectory(path)
            try files.makeDirectory("\(path)/temp-log")
            let file = try files.create("\(path)/temp-log/1.aof", laterPath: "\(path)/log/1.aof")
            try file.write([UInt8]([1, 2, 3]).span.bytes)
            try files.rename("\(path)/temp-log", to: "\(path)/log")
            try file.refresh(from: 1)
            try files.remove("\(path)/log/1.aof")
            #expect(throws: FileError(operation: "open", path: "\(path)/log/1.aof", code: 2)) {
                try file.refresh(from: 1)
            }
            _ = try files.create("\(path)/log/1.aof")
            #expect(throws: FileError.gone("\(path)/log/1.aof"), "another file is not ours to write to") {
                try file.refresh(from: 1)
            }
        }
    }

    /// A process that got in all the same has gone on with the log after it was read.
    @Test func aLogThatGrowsWhileItIsReadIsLeftAlone() throws {
        let disk = SimulatedDisk(seed: 1)
        func open() throws -> Persistence {
            let persistence = try Persistence(
                PersistenceConfiguration(directory: "data"), Denylist.small(), files: disk, moment: { .start })
            _ = try persistence.recover()
            return persistence
        }
        let first = try open()
        _ = try first.begin(inBackground: false)
        first.end()
        let second = try open()
        let increment = try #require(try disk.list("data/appendonlydir").first { $0.hasSuffix(".incr.aof") })
        try disk.append(to: "data/appendonlydir/\(increment)").write(Array("more".utf8).span.bytes)
        #expect {
            _ = try second.begin(inBackground: false)
        } throws: { ($0 as? PersistenceError)?.code == .locked }
    }
}
