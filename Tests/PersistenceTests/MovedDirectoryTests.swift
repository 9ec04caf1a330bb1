import Denylist
import Foundation
import Synchronization
import Testing

@testable import Persistence

/// The directory is moved, or another file system is mounted over it, while the daemon runs: what lies at its path then
/// is another one. The log left behind lacks later writes, and its epoch must not be believed.
@Suite struct MovedDirectoryTests {
    private static let value = [UInt8](repeating: 1, count: 100)

    private static func start(
        _ disk: SimulatedDisk, in directory: String = "data", _ policy: SyncPolicy = .always,
        notify: @escaping @Sendable (PersistenceNotice) -> Void = { _ in }
    ) throws -> (persistence: Persistence, denylist: Denylist, epoch: EpochRecord) {
        let denylist = Denylist.small()
        var configuration = PersistenceConfiguration(directory: directory)
        configuration.policy = policy
        let persistence = try Persistence(
            configuration, denylist, files: disk, moment: { .start }, notify: notify)
        _ = try persistence.recover()
        let (epoch, _) = try persistence.begin(inBackground: false)
        return (persistence, denylist, epoch)
    }

    private static func write(_ key: String, _ denylist: Denylist, _ log: AppendLog) -> UInt64 {
        let position = denylist.set(Array(key.utf8), value, log)
        log.commit(synchronously: true)
        return position
    }

    /// However far the process comes after the move: what was acknowledged is in the old directory, or its epoch is a
    /// new one.
    @Test(arguments: SyncPolicy.allCases) func aMovedDirectoryIsMarkedBeforeItIsLeft(_ policy: SyncPolicy) throws {
        var (steps, left) = (0, 0)
        while true {
            let disk = SimulatedDisk(seed: UInt64(steps))
            let (persistence, denylist, epoch) = try Self.start(disk, in: "data", policy)
            let log = persistence.log
            _ = Self.write("first", denylist, log)
            try disk.move("data", to: "moved")
            disk.changesLeft = steps
            _ = Self.write("second", denylist, log)
            persistence.runPeriodic(at: .now + .seconds(60))
            let position = Self.write("third", denylist, log)
            let isAcknowledged = !log.refusesWrites && log.acknowledged >= position
            if isAcknowledged { left += 1 }
            let hasStopped = disk.hasStopped
            if steps % 2 == 0 { disk.crash() } else { disk.kill() }
            let (_, again, found) = try Self.start(disk, in: "moved", policy)
            let isThere = again.contents[Array("third".utf8)] != nil
            if policy == .always { #expect(again.contents[Array("first".utf8)] != nil) }
            #expect(found == epoch && !isAcknowledged || found.isPending && found.predecessor == epoch.epoch)
            #expect(!isThere)
            if !hasStopped { break }
            steps += 1
        }
        #expect(steps > 10 && left > 0)
    }

    /// The list of another denylist is left alone, and the daemon says what is wrong until that one is moved away.
    @Test(arguments: [true, false]) func anotherDenylistInItsPlaceIsLeftAlone(_ comesBack: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let (other, others, _) = try Self.start(disk, in: "other")
        _ = Self.write("theirs", others, other.log)
        other.end()
        let notices = Mutex<[String]>([])
        let (persistence, denylist, epoch) = try Self.start(disk) { notice in
            if case .error(let text) = notice { notices.withLock { $0.append(text) } }
        }
        let log = persistence.log
        _ = Self.write("first", denylist, log)
        try disk.move("data", to: "moved")
        try disk.copy("other", to: "data")
        let files = try disk.list("data/appendonlydir")
        let theirs = try disk.contents(of: "data/revoked.epoch").withBytes { $0.bytes }

        // Neither a timer, a snapshot nor a policy touches it.
        persistence.renewEpochFile()
        #expect(throws: PersistenceError.self) { try persistence.perform(.rewrite) }
        #expect(throws: PersistenceError.self) { try persistence.setPolicy(.everysec) }
        #expect(throws: PersistenceError.self) { try persistence.promise(lease: 1000) }
        #expect(throws: PersistenceError.self) { try persistence.keepStream() }
        #expect(throws: PersistenceError.self) { try persistence.endImport(from: "redis://127.0.0.1:1") }
        #expect(throws: PersistenceError.self) { try persistence.perform(.save(isInBackground: false)) }
        let second = Self.write("second", denylist, log)
        for second in 0..<5 { persistence.runPeriodic(at: .now + .seconds(60 * second)) }
        #expect(log.refusesWrites && log.acknowledged < second)
        #expect(log.refusal?.contains("the data directory was replaced by one that holds a denylist") == true)
        #expect(notices.withLock { $0.filter { $0.contains("was replaced by one") }.count } == 1 + 1, "and of SAVE")
        #expect(try disk.contents(of: "data/revoked.epoch").withBytes { $0.bytes } == theirs)
        #expect(try disk.list("data/appendonlydir") == files)
        #expect(try disk.list("data") == disk.list("other"))
        #expect(try !disk.exists("moved/revoked.doubt"), "nothing that it lacks was acknowledged")

        try disk.move("data", to: "away")
        if comesBack { try disk.move("moved", to: "data") }
        persistence.runPeriodic(at: .now + .seconds(3600))
        let third = Self.write("third", denylist, log)
        #expect(!log.refusesWrites && log.acknowledged >= third)
        #expect(try disk.exists("data/revoked.doubt") == false && disk.exists("moved/revoked.doubt") == !comesBack)
        disk.kill()
        let (_, again, found) = try Self.start(disk)
        #expect(again.contents == denylist.contents && found == epoch)
    }

    /// So is what a Redis has left there.
    @Test(arguments: ["dump.rdb", "appendonly.aof", "log/appendonly.aof.manifest"])
    func whatARedisLeftInItsPlaceIsLeftAlone(_ file: String) throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist, _) = try Self.start(disk)
        try disk.makeDirectory("other")
        if file.contains("/") { try disk.makeDirectory("other/log") }
        let contents = Array("file appendonly.aof.1.incr.aof seq 1 type i\n".utf8)
        try disk.create("other/\(file)").write(contents.span.bytes)
        try disk.move("data", to: "moved")
        try disk.copy("other", to: "data")
        #expect(throws: PersistenceError.self) { try persistence.perform(.save(isInBackground: false)) }
        let position = Self.write("key", denylist, persistence.log)
        for second in 0..<5 { persistence.runPeriodic(at: .now + .seconds(60 * second)) }
        #expect(persistence.log.refusesWrites && persistence.log.acknowledged < position)
        #expect(try disk.list("data") == disk.list("other"))
        #expect(try disk.contents(of: "data/\(file)").withBytes { $0.bytes } == contents)
    }

    /// A rewrite, or a new log after a failure, changes nothing in a directory that takes the place of ours meanwhile,
    /// although files there have the names of its own.
    @Test(arguments: [true, false]) func aRewriteUnderWayLeavesTheOtherDirectoryAlone(_ isRewrite: Bool) throws {
        let syncs = Mutex(0)
        var steps = 0
        while true {
            let disk = SimulatedDisk(seed: 1)
            let (other, others, _) = try Self.start(disk, in: "other")
            _ = Self.write("theirs", others, other.log)
            for _ in 0..<2 { try other.perform(.rewrite) }
            other.end()
            let (persistence, denylist, _) = try Self.start(disk)
            _ = Self.write("first", denylist, persistence.log)
            let step = steps
            syncs.withLock { $0 = 0 }
            disk.whenSynchronizing = { _ in
                let count = syncs.withLock { syncs in
                    syncs += 1
                    return syncs
                }
                guard count == step + 1 else { return }
                try? disk.move("data", to: "moved")
                try? disk.copy("other", to: "data")
            }
            if isRewrite { try? persistence.perform(.rewrite) } else { try? persistence.renew() }
            disk.whenSynchronizing = { _ in }
            guard try disk.exists("moved") else { break }
            let names = try disk.list("other/appendonlydir")
            #expect(try disk.list("data/appendonlydir") == names, "step \(step)")
            for name in names.map({ "appendonlydir/\($0)" }) + ["revoked.epoch"] {
                let theirs = try disk.contents(of: "other/\(name)").withBytes { $0.bytes }
                #expect(try disk.contents(of: "data/\(name)").withBytes { $0.bytes } == theirs, "\(name), step \(step)")
            }
            disk.kill()
            let (_, again, _) = try Self.start(disk, in: "moved")
            #expect(again.contents == denylist.contents, "step \(step)")
            steps += 1
        }
        #expect(steps > 4)
    }

    /// A snapshot finds the move first: the log in the old directory takes no more records.
    @Test func aSnapshotLeavesTheDirectoryWithItsLog() throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist, epoch) = try Self.start(disk)
        _ = Self.write("first", denylist, persistence.log)
        try disk.move("data", to: "moved")
        try persistence.perform(.save(isInBackground: false))
        #expect(persistence.log.refusesWrites)
        #expect(try disk.exists("data/dump.rdb") && disk.exists("moved/revoked.doubt"))
        persistence.runPeriodic(at: .now + .seconds(60))
        _ = Self.write("second", denylist, persistence.log)
        #expect(!persistence.log.refusesWrites)
        disk.kill()
        #expect(try Self.start(disk, in: "moved").epoch.predecessor == epoch.epoch)
        let (_, again, found) = try Self.start(disk)
        #expect(again.contents == denylist.contents && found == epoch)
    }

    /// On a real disk, with the lock of the system.
    @Test func aMovedDirectoryOfTheSystemIsMarked() throws {
        let path = FileManager.default.currentDirectoryPath + "/.build/moved-test-\(UUID().uuidString)"
        let moved = path + "-moved"
        defer { for path in [path, moved] { try? FileManager.default.removeItem(atPath: path) } }
        func start(_ path: String) throws -> (Persistence, Denylist, EpochRecord) {
            let denylist = Denylist.small()
            let persistence = try Persistence(
                PersistenceConfiguration(directory: path), denylist, moment: { .start })
            _ = try persistence.recover()
            return (persistence, denylist, try persistence.begin(inBackground: false).epoch)
        }
        let (persistence, denylist, epoch) = try start(path)
        _ = Self.write("first", denylist, persistence.log)
        try FileManager.default.moveItem(atPath: path, toPath: moved)
        _ = Self.write("second", denylist, persistence.log)
        #expect(persistence.log.refusesWrites)
        #expect(throws: PersistenceError.self) { try start(moved) }
        persistence.runPeriodic(at: .now + .seconds(60))
        _ = Self.write("third", denylist, persistence.log)
        #expect(!persistence.log.refusesWrites)
        let (other, others, found) = try start(moved)
        #expect(found.predecessor == epoch.epoch && others.contents[Array("third".utf8)] == nil)
        other.end()

        // A directory that was removed leaves nothing to be marked.
        try FileManager.default.removeItem(atPath: path)
        _ = Self.write("fourth", denylist, persistence.log)
        persistence.runPeriodic(at: .now + .seconds(120))
        #expect(!persistence.log.refusesWrites && !persistence.information.isMarkedUnclean)
        persistence.end()
        let (last, again, same) = try start(path)
        #expect(same == epoch && again.contents == denylist.contents)
        last.end()
    }
}
