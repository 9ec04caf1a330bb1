import Denylist
import Testing

@testable import Persistence

/// The epoch is kept only if lines of ours prove that nothing acknowledged is missing: other servers acknowledge by
/// default what is not on disk.
@Suite struct UncleanReasonTests {
    private static let log = "data/appendonlydir"
    private static let key = Array("revoked:jti:a".utf8)
    private static let epochKey = Array("revoked.epoch".utf8)

    // MARK: Directories

    /// A directory that a daemon of ours ended with a kill, nothing being in flight.
    private static func killed(_ policy: SyncPolicy = .always, rewritten: Bool = false) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        _ = try start(disk, policy) { denylist, persistence in
            if rewritten { try persistence.perform(.rewrite) } else { denylist.set(key, [1], persistence.log) }
            persistence.log.commit(synchronously: true)
        }
        disk.kill()
        return disk
    }

    /// The bytes of a base as our daemon and Redis write it; ours differs in nothing that a reader could rely on.
    private static let base: [UInt8] = {
        var writer = RDBWriter(created: 1, isLogBase: true, entries: 1, expiring: 0)
        let (key, value) = (epochKey, Array("theirs".utf8))
        writer.append(key.span.bytes, value.span.bytes, expiry: Expiry.never)
        writer.finish()
        var bytes: [UInt8] = []
        writer.drain { span in bytes = span.bytes }
        return bytes
    }()

    private static func disk(_ files: [(name: String, bytes: [UInt8])], manifest: String? = nil) throws -> SimulatedDisk
    {
        let disk = SimulatedDisk(seed: 1)
        try disk.makeDirectory("data")
        try disk.makeDirectory(log)
        for file in files { try disk.create("\(log)/\(file.name)").write(file.bytes.span.bytes) }
        if let manifest { try disk.create("\(log)/\(Manifest.fileName)").write(Array(manifest.utf8).span.bytes) }
        return disk
    }

    /// A directory of Redis: a base, and increments with these bytes.
    private static func redis(_ increments: [UInt8]...) throws -> SimulatedDisk {
        var files = [(name: "appendonly.aof.1.base.rdb", bytes: base)]
        var manifest = "file appendonly.aof.1.base.rdb seq 1 type b\n"
        for (index, bytes) in increments.enumerated() {
            let name = "appendonly.aof.\(index + 1).incr.aof"
            files.append((name, bytes))
            manifest += "file \(name) seq \(index + 1) type i\n"
        }
        return try disk(files, manifest: manifest)
    }

    /// Adds to the last increment of ours, as Redis does that goes on with it.
    private static func append(_ bytes: [UInt8], to disk: SimulatedDisk) throws {
        let name = try #require(try disk.list(log).filter { $0.hasSuffix(".incr.aof") }.max())
        try disk.append(to: "\(log)/\(name)").write(bytes.span.bytes)
    }

    private static let select = Array("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n".utf8)

    private static var theirs: [UInt8] {
        var bytes = select
        bytes.appendSet("revoked:jti:theirs", "logout", expiry: ClockReading.start.wall + 1_000)
        return bytes
    }

    // MARK: Starts

    /// One start, and a life that a kill ends.
    /// - Returns: whether the epoch is a new one.
    @discardableResult
    private static func start(
        _ disk: SimulatedDisk, _ policy: SyncPolicy = .always,
        _ live: (Denylist, Persistence) throws -> Void = { _, _ in }
    ) throws -> Bool {
        let denylist = Denylist.small()
        var configuration = PersistenceConfiguration(directory: "data")
        configuration.policy = policy
        let persistence = try Persistence(configuration, denylist, files: disk, moment: { .start })
        let report = try persistence.recover()
        let (epoch, isNew) = try persistence.begin(inBackground: false)
        // What is new says what it replaces, until that is accepted.
        #expect(!isNew || epoch.isPending || report.source == .nothing)
        #expect(denylist.contents[epochKey] == nil, "the epoch is in a file of its own")
        try live(denylist, persistence)
        return isNew
    }

    /// What clients have pinned who were served from this directory.
    private static func pinned(_ disk: SimulatedDisk) throws -> String {
        guard let found = try EpochFile(DataDirectory("data", disk)).read() else { return "theirs" }
        return found.contents.record.epoch
    }

    /// What another server left leads to a new epoch once, however the first start on it ends; and it always says which
    /// epoch it replaces: the one that clients believe.
    private static func expectOneUncleanStart(_ disk: () throws -> SimulatedDisk) throws {
        let whole = try disk()
        #expect(try start(whole))
        whole.kill()
        #expect(try !start(whole), "the new epoch is kept")

        var steps = 0
        while true {
            let broken = try disk()
            let pinned = try pinned(broken)
            broken.changesLeft = steps
            _ = try? start(broken)
            if !broken.hasStopped { break }
            broken.kill()
            let persistence = try Persistence(
                PersistenceConfiguration(directory: "data"), .small(), files: broken, moment: { .start })
            _ = try persistence.recover()
            let (epoch, _) = try persistence.begin(inBackground: false)
            #expect(epoch.isPending && epoch.predecessor == pinned, "stopped after \(steps) changes")
            persistence.end()
            steps += 1
        }
        #expect(steps > 3)
    }

    // MARK: Cases

    @Test func onlyABaseOfRedis() throws { try Self.expectOneUncleanStart { try Self.redis() } }

    @Test func anEmptyIncrementOfRedis() throws {
        try Self.expectOneUncleanStart { try Self.redis([]) }
        try Self.expectOneUncleanStart { try Self.redis(Self.theirs, []) }
    }

    @Test func anIncrementOfRedis() throws { try Self.expectOneUncleanStart { try Self.redis(Self.theirs) } }

    @Test func aBaseOfOursThatRedisWentOnWith() throws {
        try Self.expectOneUncleanStart {
            let disk = try Self.killed(rewritten: true)
            let names = try disk.list(Self.log).filter { $0.hasSuffix(".rdb") || $0.hasSuffix(".aof") }.sorted()
            let manifest = names.map { name in
                "file \(name) seq \(name.split(separator: ".")[2]) type \(name.hasSuffix(".rdb") ? "b" : "i")\n"
            }
            try disk.create("\(Self.log)/appendonly.aof.9.incr.aof").write([UInt8]().span.bytes)
            disk.replace(
                "\(Self.log)/\(Manifest.fileName)",
                Array((manifest.joined() + "file appendonly.aof.9.incr.aof seq 9 type i\n").utf8))
            return disk
        }
    }

    /// Redis goes on with the last increment that it finds; its first record, or what is left of it, tells.
    @Test(arguments: [7, 20, 23, 60]) func ourIncrementThatRedisWentOnWith(_ length: Int) throws {
        try Self.expectOneUncleanStart {
            let disk = try Self.killed()
            try Self.append(Array(Self.theirs.prefix(length)), to: disk)
            return disk
        }
    }

    @Test func aManifestOfRedis() throws {
        try Self.expectOneUncleanStart {
            let disk = try Self.killed()
            let path = "\(Self.log)/\(Manifest.fileName)"
            let bytes = try disk.contents(of: path).withBytes { $0.bytes }
            let lines = bytes.split(separator: UInt8(ascii: "\n")).dropFirst()
            disk.replace(path, Array(lines.joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")])
            return disk
        }
    }

    @Test func ourBaseWithoutAnIncrement() throws {
        try Self.expectOneUncleanStart {
            try Self.disk(
                [("appendonly.aof.1.base.rdb", Self.base)],
                manifest: String(decoding: Manifest(files: [Manifest.base(1)]).encode(), as: UTF8.self))
        }
    }

    /// The first line is on disk before a manifest names the file: it was lost later, and maybe more with it.
    @Test func ourIncrementWithoutItsFirstLine() throws {
        for length in [0, 20] {
            try Self.expectOneUncleanStart {
                let disk = try Self.killed()
                let name = try #require(try disk.list(Self.log).first { $0.hasSuffix(".incr.aof") })
                let bytes = try disk.contents(of: "\(Self.log)/\(name)").withBytes { $0.bytes }
                disk.replace("\(Self.log)/\(name)", Array(bytes.prefix(length)))
                return disk
            }
        }
    }

    @Test func aSnapshotAlone() throws {
        try Self.expectOneUncleanStart {
            let disk = SimulatedDisk(seed: 1)
            try disk.makeDirectory("data")
            try disk.create("data/dump.rdb").write(Self.base.span.bytes)
            return disk
        }
    }

    /// Under `always` nothing can be missing; under the others only an end in order proves it.
    @Test(arguments: SyncPolicy.allCases, [false, true])
    func anEmptyIncrementOfOurs(_ policy: SyncPolicy, _ endsInOrder: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        try Self.start(disk, policy) { _, persistence in
            try persistence.perform(.rewrite)
            if endsInOrder { persistence.end() }
        }
        disk.kill()
        #expect(try Self.start(disk, policy) == !(policy == .always || endsInOrder))
    }

    /// A batch of ours that was not acknowledged may be cut off, or found without its seal.
    @Test func whatWasNotAcknowledgedLeavesNoReason() throws {
        var batch: [UInt8] = []
        batch.appendSet("revoked:jti:b", "logout", expiry: ClockReading.start.wall + 1_000)
        RecordEncoding.appendRemove(Self.key.span.bytes, to: &batch)
        RecordEncoding.appendGroupStart(to: &batch)
        batch.appendSet("one", "value")
        batch.appendSet("other", "value")
        RecordEncoding.appendGroupEnd(to: &batch)
        for length in 0...batch.count {
            let disk = try Self.killed()
            try Self.append(Array(batch.prefix(length)), to: disk)
            #expect(try !Self.start(disk), "after \(length) bytes of it")
        }
    }

    @Test func timeWithoutALogLeavesAReason() throws {
        let disk = try Self.killed()
        try Self.start(disk) { _, persistence in
            try persistence.perform(.setLogging(false))
        }
        disk.kill()
        #expect(try Self.start(disk))
        disk.kill()
        try Self.start(disk) { _, persistence in
            try persistence.perform(.setLogging(false))
            try persistence.perform(.setLogging(true))
        }
        disk.kill()
        #expect(try !Self.start(disk), "under always the log is complete as soon as it is there")
    }
}
