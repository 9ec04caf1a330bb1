import Denylist
import Synchronization
import Testing

@testable import Persistence

/// A disk that is full for a while, or fails: nothing is acknowledged that is not on it, it takes little to go on, and
/// nothing is left behind.
@Suite struct FullDiskTests {
    static let log = "data/appendonlydir"
    static let value = [UInt8](repeating: 1, count: 100)

    static func open(
        _ disk: SimulatedDisk, _ policy: SyncPolicy = .always, minimum: Int = 1 << 20
    ) throws -> (Persistence, Denylist) {
        let denylist = Denylist.small()
        var configuration = PersistenceConfiguration(directory: "data")
        configuration.policy = policy
        configuration.rewriteMinimum = minimum
        let persistence = try Persistence(configuration, denylist, files: disk, moment: { .start })
        _ = try persistence.recover()
        _ = try persistence.begin(inBackground: false)
        return (persistence, denylist)
    }

    static func found(_ disk: SimulatedDisk) throws -> (Contents, RecoveryReport) {
        let denylist = Denylist.small()
        let persistence = try Persistence(
            PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
        let report = try persistence.recover()
        return (denylist.contents, report)
    }

    private static func size(_ disk: SimulatedDisk) throws -> Int {
        try disk.list(log).map { try disk.contents(of: "\(log)/\($0)").count }.reduce(0, +)
    }

    /// Writes that were under way when the disk became full are in the log when there is room again: a write that found
    /// one of them there was told that it is safe.
    @Test(arguments: SyncPolicy.allCases) func theLogGoesOnInItsFile(_ policy: SyncPolicy) throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk, policy)
        let log = persistence.log
        let first = denylist.set(Array("first".utf8), Self.value, log)
        log.commit(synchronously: true)
        let files = try disk.list(Self.log)
        let size = try Self.size(disk)

        disk.space = 60
        let second = denylist.set(Array("second".utf8), Self.value, log)
        log.commit(synchronously: true)
        #expect(log.refusesWrites && log.acknowledged >= first && log.acknowledged < second)
        #expect(try Self.size(disk) == size && disk.space == 60, "what was written of it is taken back")
        // It had passed the check before the disk was known to be full.
        let third = denylist.set(Array("third".utf8), Self.value, log)
        var now = ContinuousClock.now
        for _ in 0..<100 {
            now += .seconds(1)
            let writes = disk.writeCount
            persistence.runPeriodic(at: now)
            #expect(disk.writeCount == writes, "without room nothing is tried")
        }
        #expect(log.refusesWrites && log.acknowledged < second)

        disk.space = 2_000
        persistence.runPeriodic(at: now + .seconds(1))
        #expect(!log.refusesWrites && log.durable >= third && log.acknowledged >= third)
        #expect(try disk.list(Self.log) == files && persistence.information.rewrites == 0)
        let fourth = denylist.set(Array("fourth".utf8), Self.value, log)
        log.commit(synchronously: true)
        #expect(log.durable >= fourth)
        disk.crash()
        #expect(try Self.found(disk).0 == denylist.contents)
    }

    /// Not even room for the file with the epoch: what is there is served, and nothing is acknowledged until there is
    /// some.
    @Test(arguments: [true, false]) func aFullDiskStopsNoStart(_ endsInOrder: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let (before, earlier) = try Self.open(disk)
        earlier.set(Array("first".utf8), Self.value, before.log)
        before.log.commit(synchronously: true)
        if endsInOrder { before.end() }
        let epoch = try disk.contents(of: "data/revoked.epoch").withBytes { $0.bytes }
        // A killed process left records that a line has to close.
        disk.space = endsInOrder ? 0 : 100

        let (persistence, denylist) = try Self.open(disk)
        #expect(denylist.contents == earlier.contents)
        #expect(try disk.contents(of: "data/revoked.epoch").withBytes { $0.bytes } == epoch)
        #expect(try !disk.exists("data/\(EpochFile.temporaryName)"))
        let log = persistence.log
        let second = denylist.set(Array("second".utf8), Self.value, log)
        log.commit(synchronously: true)
        #expect(log.refusesWrites && log.acknowledged < second)
        disk.space = 10_000
        persistence.runPeriodic()
        #expect(!log.refusesWrites && log.acknowledged >= second)
        #expect(try disk.contents(of: "data/revoked.epoch").withBytes { $0.bytes } != epoch)
        disk.crash()
        let (contents, report) = try Self.found(disk)
        #expect(contents == denylist.contents && report.uncleanReason == nil)
    }

    /// The new epoch of an unclean end has no room either: the mark of that end stays until it has.
    @Test func aFullDiskTakesNoMarkAway() throws {
        let disk = SimulatedDisk(seed: 1)
        func open() throws -> (Persistence, EpochRecord) {
            let persistence = try Persistence(
                PersistenceConfiguration(directory: "data"), Denylist.small(), files: disk, moment: { .start })
            _ = try persistence.recover()
            return (persistence, try persistence.begin(inBackground: false).epoch)
        }
        _ = try Self.open(disk, .everysec)
        disk.kill()
        disk.space = 0
        var predecessors: Set<String?> = []
        for endsInOrder in [true, false] {
            let (persistence, epoch) = try open()
            predecessors.insert(epoch.predecessor)
            persistence.runPeriodic()
            #expect(epoch.isPending && persistence.information.isMarkedUnclean)
            if endsInOrder { persistence.end() }
            disk.kill()
        }
        let (persistence, epoch) = try open()
        #expect(epoch.isPending && predecessors == [epoch.predecessor])
        disk.space = nil
        persistence.runPeriodic()
        #expect(!persistence.information.isMarkedUnclean)
        disk.kill()
        #expect(try open().1 == epoch)
    }

    /// The room that the system tells of is not always there: attempts become rare.
    @Test func attemptsBecomeRare() throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk)
        var now = ContinuousClock.now
        var attempts = 0
        disk.failure = (0, 28)
        denylist.set(Array("key".utf8), Self.value, persistence.log)
        persistence.log.commit(synchronously: true)
        for _ in 0..<300 {
            now += .seconds(1)
            disk.failure = (0, 28)
            let writes = disk.changeCount
            persistence.runPeriodic(at: now)
            if disk.changeCount > writes { attempts += 1 }
        }
        #expect((8...20).contains(attempts))
        disk.failure = nil
        persistence.runPeriodic(at: now + .seconds(30))
        #expect(!persistence.log.refusesWrites)
    }

    /// What a failed sync left is not known: a new log is written, one attempt leaves nothing to the next, and a start
    /// sweeps what a crash left of one.
    @Test(arguments: 0..<10) func aFailedSyncLeadsToANewLogWithoutStrays(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        let (persistence, denylist) = try Self.open(disk)
        let log = persistence.log
        denylist.set(Array("key".utf8), Self.value, log)
        disk.failingSyncs = true
        log.commit(synchronously: true)
        let files = try disk.list(Self.log)
        var now = ContinuousClock.now
        for _ in 0..<20 {
            now += .seconds(60)
            persistence.runPeriodic(at: now)
            #expect(log.refusesWrites)
            #expect(try disk.list(Self.log) == files)
        }
        disk.failingSyncs = false
        persistence.runPeriodic(at: now + .seconds(60))
        #expect(!log.refusesWrites && log.durable == log.end)
        #expect(try disk.list(Self.log).count == files.count)
        // What the failed sync should have written is lost; a new log owes nothing to it.
        disk.crash()
        #expect(try Self.found(disk).0 == denylist.contents)
    }

    @Test func aStartSweepsWhatACrashLeft() throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, _) = try Self.open(disk)
        persistence.end()
        let files = try disk.list(Self.log)
        let strays = [
            "appendonly.aof.90.incr.aof", "appendonly.aof.91.base.rdb", "temp-base.rdb", "temp-appendonly.aof.manifest",
        ]
        for name in strays { try disk.create("\(Self.log)/\(name)").write(Self.value.span.bytes) }
        for name in ["temp-dump.rdb", "temp-revoked.epoch"] { _ = try disk.create("data/\(name)") }
        _ = try disk.create("\(Self.log)/appendonly.aof.1.incr.aof.cut-7")
        let (again, _) = try Self.open(disk)
        again.end()
        #expect(try Set(disk.list(Self.log)) == Set(files + ["appendonly.aof.1.incr.aof.cut-7"]))
        #expect(try disk.list("data").filter { $0.hasPrefix("temp-") } == [])
    }

    /// If the manifest may be an older one, files that it does not name may be all that is left of a newer log.
    @Test func anUncleanStartSweepsNothing() throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk)
        denylist.set(Array("key".utf8), Self.value, persistence.log)
        persistence.end()
        try disk.copy("data", to: "copy")
        let names = try disk.list("copy/appendonlydir") + ["appendonly.aof.90.incr.aof"]
        _ = try disk.create("copy/appendonlydir/appendonly.aof.90.incr.aof")
        let again = try Persistence(
            PersistenceConfiguration(directory: "copy"), .small(), files: disk, moment: { .start })
        _ = try again.recover()
        _ = try again.begin(inBackground: false)
        #expect(Set(try disk.list("copy/appendonlydir")) == Set(names))
        again.end()
    }

    /// A rewrite that does not fit disturbs no client.
    @Test func aRewriteThatDoesNotFitLeavesTheLogRunning() throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk)
        let log = persistence.log
        for number in 0..<50 { denylist.set(Array("key \(number)".utf8), Self.value, log) }
        log.commit(synchronously: true)
        disk.space = 3_000
        #expect(throws: PersistenceError.self) { try persistence.perform(.rewrite) }
        #expect(disk.space == 3_000 && log.state == .running && persistence.information.lastRewriteFailed)
        disk.space = nil
        disk.failure = (0, 28)
        #expect(throws: PersistenceError.self) { try persistence.perform(.rewrite) }
        #expect(log.state == .running, "only the new increment could not be made")
        // At any step.
        var failures = 0
        for step in 0..<30 {
            disk.space = nil
            disk.failure = (step, 28)
            if (try? persistence.perform(.rewrite)) == nil { failures += 1 }
            disk.failure = nil
            if log.refusesWrites { persistence.runPeriodic(at: .now + .seconds(3600 * (step + 1))) }
            let position = denylist.set(Array("after \(step)".utf8), Self.value, log)
            log.commit(synchronously: true)
            #expect(log.durable >= position)
        }
        #expect(failures >= 15)
        try persistence.perform(.rewrite)
        #expect(try disk.list(Self.log).count == 3)
        disk.crash()
        #expect(try Self.found(disk).0 == denylist.contents)
    }

    @Test func aRewriteThatFailedIsNotTriedAgainAtOnce() throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk, minimum: 1)
        for number in 0..<50 { denylist.set(Array("key \(number)".utf8), Self.value, persistence.log) }
        persistence.log.commit(synchronously: true)
        persistence.renewEpochFile()
        let now = ContinuousClock.now
        disk.failure = (0, 28)
        persistence.runPeriodic(at: now)
        #expect(persistence.information.lastRewriteFailed && disk.failure == nil)
        let changes = disk.changeCount
        persistence.runPeriodic(at: now + .seconds(30))
        #expect(disk.changeCount == changes && persistence.information.rewrites == 0)
        persistence.runPeriodic(at: now + .seconds(120))
        #expect(persistence.information.rewrites == 1)
    }

    /// No policy acknowledges what the mark does not stand for, and none leaves the mark when nothing is missing.
    @Test func alwaysSetWhileTheDiskFailsTakesTheMarkAwayWhenItIsBack() throws {
        for isFull in [true, false] {
            let disk = SimulatedDisk(seed: 1)
            let (persistence, denylist) = try Self.open(disk, .everysec)
            let log = persistence.log
            denylist.set(Array("key".utf8), Self.value, log)
            if isFull { disk.space = 10 } else { disk.failingSyncs = true }
            log.commit(synchronously: true)
            #expect(log.refusesWrites)
            try persistence.setPolicy(.always)
            #expect(persistence.policy == .always && persistence.information.isMarkedUnclean)
            #expect(try disk.exists("data/revoked.doubt"))
            disk.space = nil
            disk.failingSyncs = false
            persistence.runPeriodic(at: .now + .seconds(3600))
            #expect(!log.refusesWrites && !persistence.information.isMarkedUnclean)
            #expect(try !disk.exists("data/revoked.doubt"))
            disk.kill()
            let (contents, report) = try Self.found(disk)
            #expect(report.uncleanReason == nil && contents == denylist.contents)
        }
    }

    /// A new log after a failed disk is begun behind the mark that its policy needs, wherever the old one went.
    @Test func aNewLogStandsBehindTheMarkOfItsPolicy() throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk, .everysec)
        denylist.set(Array("key".utf8), Self.value, persistence.log)
        disk.failingSyncs = true
        persistence.log.commit(synchronously: true)
        disk.failingSyncs = false
        // As with a directory that was removed.
        disk.erase("data/revoked.doubt")
        persistence.runPeriodic(at: .now + .seconds(60))
        #expect(!persistence.log.refusesWrites)
        #expect(try disk.exists("data/revoked.doubt"))
    }

    /// The mark goes when everything is on disk, not before.
    @Test(arguments: 0..<20) func alwaysSetLaterMakesDurableWhatWasAcknowledged(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        let (persistence, denylist) = try Self.open(disk, .no)
        for number in 0..<20 { denylist.set(Array("key \(number)".utf8), Self.value, persistence.log) }
        persistence.log.commit(synchronously: false)
        try persistence.setPolicy(.always)
        #expect(!persistence.information.isMarkedUnclean)
        disk.crash()
        let (contents, report) = try Self.found(disk)
        #expect(report.uncleanReason == nil && contents == denylist.contents)
    }

    /// A policy that needs the mark is not taken without it.
    @Test func aPolicyThatCannotBeMarkedIsRefused() throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, _) = try Self.open(disk)
        disk.failure = (0, 28)
        #expect(throws: PersistenceError.self) { try persistence.setPolicy(.everysec) }
        #expect(persistence.policy == .always && persistence.log.queue.withLock { $0.policy } == .always)
    }

    /// What is promised is decided when the directory has been read, and stays decided when the daemon has ended.
    @Test func thePolicyIsNotChangedWhileTheDirectoryIsRead() throws {
        let disk = SimulatedDisk(seed: 1)
        let persistence = try Persistence(
            PersistenceConfiguration(directory: "data"), .small(), files: disk, moment: { .start })
        func isRefused() -> Bool {
            do throws(PersistenceError) { try persistence.setPolicy(.everysec) } catch { return error.code == .busy }
            return false
        }
        #expect(isRefused())
        _ = try persistence.recover()
        #expect(isRefused())
        _ = try persistence.begin(inBackground: false)
        #expect(!isRefused() && persistence.information.isMarkedUnclean)
        persistence.end()
        #expect(isRefused() && !persistence.information.isMarkedUnclean)
    }
}
