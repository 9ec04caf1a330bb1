import Denylist
import Testing

@testable import Persistence

/// What a Redis left where our daemon does not read it: a start on less than all of it would forget revocations.
@Suite struct ForeignLogTests {
    private static let manifest = "file appendonly.aof.1.incr.aof seq 1 type i\n"

    private static func disk(_ files: [String]) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        try disk.makeDirectory("data")
        for file in files {
            let directories = file.split(separator: "/").dropLast()
            if let directory = directories.first, try !disk.exists("data/\(directory)") {
                try disk.makeDirectory("data/\(directory)")
            }
            let contents = file.hasSuffix(".manifest") ? manifest : "x"
            try disk.create("data/\(file)").write(Array(contents.utf8).span.bytes)
        }
        return disk
    }

    private static func open(_ disk: SimulatedDisk) throws -> Persistence {
        let persistence = try Persistence(
            PersistenceConfiguration(directory: "data"), Denylist.small(), files: disk, moment: { .start })
        _ = try persistence.recover()
        return persistence
    }

    @Test(arguments: [
        // A snapshot that is older than the log beside it.
        (["dump.rdb", "appendonly.aof"], "lie side by side"),
        (["appendonly.aof"], "is of Redis 6 or older"),
        (
            ["appendonlydir/app.aof.manifest", "appendonlydir/app.aof.1.incr.aof"],
            "rename it to appendonly.aof.manifest"
        ),
        (["log/appendonly.aof.manifest"], "rename the directory to appendonlydir, or move it away"),
        (["dump.rdb", "log/app.manifest"], "and app.manifest in it to appendonly.aof.manifest"),
        // Of before its settings were changed, and of after that.
        (
            [
                "appendonlydir/appendonly.aof.manifest", "appendonlydir/appendonly.aof.1.incr.aof",
                "appendonlydir/other.aof.manifest",
            ],
            "are both of a log of a Redis"
        ),
        (
            [
                "appendonlydir/appendonly.aof.manifest", "appendonlydir/appendonly.aof.1.incr.aof",
                "log/appendonly.aof.manifest",
            ],
            "are both of a log of a Redis"
        ),
    ]) func isRefused(files: [String], advice: String) throws {
        let disk = try Self.disk(files)
        let error = #expect(throws: PersistenceError.self) { _ = try Self.open(disk) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(advice) == true, "\(error?.message ?? "")")
        // As it was.
        for file in files {
            let count = file.hasSuffix(".manifest") ? Self.manifest.utf8.count : 1
            #expect(try disk.contents(of: "data/\(file)").count == count)
        }
    }

    /// What this daemon leaves behind when it is killed, and what has nothing to do with it.
    @Test(arguments: [
        ["temp-appendonlydir/appendonly.aof.manifest"], ["appendonlydir/temp-appendonly.aof.manifest"],
        ["lost+found/x", "other/file"], ["other"],
    ]) func isNotWhatLiesThere(files: [String]) throws { _ = try Self.open(try Self.disk(files)) }

    /// Other programs have files of that name.
    @Test(arguments: ["", "CACHE MANIFEST\n"]) func isNotTheManifestOfAnotherProgram(_ contents: String) throws {
        let disk = try Self.disk(["app/file"])
        try disk.create("data/app/site.manifest").write(Array(contents.utf8).span.bytes)
        _ = try Self.open(disk)
    }

    /// Somebody has moved the log aside to begin anew.
    @Test func isNotACopyInADirectoryOfOurs() throws {
        let disk = SimulatedDisk(seed: 1)
        _ = try Self.open(disk).begin(inBackground: false)
        disk.kill()
        try disk.rename("data/appendonlydir", to: "data/old")
        _ = try Self.open(disk)
    }
}
