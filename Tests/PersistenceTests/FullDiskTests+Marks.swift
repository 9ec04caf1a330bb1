import Denylist
import Synchronization
import Testing

@testable import Persistence

/// The mark of an unclean end on a full disk: it stays if an acknowledged write is missing, and only then.
extension FullDiskTests {
    /// One that is refused leaves no mark either, which would lock out all clients for nothing. Without room for its
    /// words the mark is empty.
    @Test(arguments: [5, 28] as [Int32]) func aRefusedPolicyLeavesNoMark(_ code: Int32) throws {
        var refusals = 0
        for step in 0..<4 {
            let disk = SimulatedDisk(seed: 1)
            let (persistence, _) = try Self.open(disk)
            disk.failure = (step, code)
            let isTaken = (try? persistence.setPolicy(.everysec)) != nil
            disk.failure = nil
            if !isTaken { refusals += 1 }
            #expect(persistence.policy == (isTaken ? .everysec : .always))
            #expect(try disk.exists("data/revoked.doubt") == isTaken)
            #expect(persistence.information.isMarkedUnclean == isTaken)
            disk.kill()
            #expect(try (Self.found(disk).1.uncleanReason != nil) == isTaken)
        }
        #expect(refusals == (code == 28 ? 2 : 3))
    }

    /// A start that fails has served nobody, at whatever step it does.
    @Test(arguments: [true, false]) func aFailedStartLeavesNoMark(_ isLogging: Bool) throws {
        var failures = 0
        for step in 0..<60 {
            let disk = SimulatedDisk(seed: 1)
            let (first, earlier) = try Self.open(disk)
            earlier.set(Array("key".utf8), Self.value, first.log)
            first.end()
            var configuration = PersistenceConfiguration(directory: "data")
            configuration.policy = .everysec
            configuration.isLogging = isLogging
            let persistence = try Persistence(configuration, .small(), files: disk, moment: { .start })
            _ = try persistence.recover()
            disk.failure = (step, 5)
            let hasBegun = (try? persistence.begin(inBackground: false)) != nil
            let isOver = disk.failure != nil
            disk.failure = nil
            if !hasBegun {
                failures += 1
                #expect(try !disk.exists("data/revoked.doubt"), "step \(step)")
            }
            if isOver { break }
        }
        #expect(failures > 3)
    }

    /// Nothing is missing after an end in order, however full the disk is by then or at the next start.
    @Test(arguments: [SyncPolicy.everysec, .no], [true, false])
    func aFullDiskMakesNoEndUnclean(_ policy: SyncPolicy, _ fillsBeforeTheEnd: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let (first, earlier) = try Self.open(disk, policy)
        earlier.set(Array("key".utf8), Self.value, first.log)
        first.log.commit(synchronously: true)
        if fillsBeforeTheEnd { disk.space = 0 }
        first.end()
        disk.space = 0
        for round in 0..<3 {
            let (persistence, denylist) = try Self.open(disk, policy)
            #expect(denylist.contents == earlier.contents && persistence.information.isMarkedUnclean)
            // What an idle log tries.
            persistence.log.seal()
            #expect(persistence.log.refusesWrites)
            persistence.runPeriodic()
            persistence.end()
            #expect(try !disk.exists("data/revoked.doubt"), "round \(round)")
            disk.kill()
            #expect(try Self.found(disk).1.uncleanReason == nil)
        }
    }

    /// The policy at the time of a write, not the last one, tells whether what is missing was acknowledged.
    @Test(arguments: [true, false]) func theLastPolicyDoesNotDecideWhatWasAcknowledged(_ isAlways: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk, isAlways ? .always : .everysec)
        denylist.set(Array("key".utf8), Self.value, persistence.log)
        disk.space = 10
        persistence.log.commit()
        #expect(persistence.log.refusesWrites)
        try persistence.setPolicy(isAlways ? .everysec : .always)
        #expect(try disk.exists("data/revoked.doubt"))
        persistence.end()
        #expect(try disk.exists("data/revoked.doubt") != isAlways)
    }

    /// The daemon is stopped after there is room again, and before the log was tried again.
    @Test(arguments: [true, false]) func anEndTriesAFailedLogOnceMore(_ hasRoom: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let notices = Mutex<[String]>([])
        let denylist = Denylist.small()
        var configuration = PersistenceConfiguration(directory: "data")
        configuration.policy = .everysec
        let persistence = try Persistence(
            configuration, denylist, files: disk, moment: { .start },
            notify: { if case .error(let text) = $0 { notices.withLock { $0.append(text) } } })
        _ = try persistence.recover()
        let epoch = try persistence.begin(inBackground: false).epoch
        let position = denylist.set(Array("key".utf8), Self.value, persistence.log)
        #expect(persistence.log.acknowledged >= position)
        disk.space = 10
        persistence.log.commit(synchronously: false)
        #expect(persistence.log.refusesWrites)
        if hasRoom { disk.space = nil }
        persistence.end()
        #expect(notices.withLock { $0.contains { $0.contains("so acknowledged writes may be missing") } } != hasRoom)
        disk.crash()
        let (contents, report) = try Self.found(disk)
        #expect((contents == denylist.contents) == hasRoom && (report.uncleanReason == nil) == hasRoom)
        let next = Persistence.Recovered(
            report: report, epoch: try EpochFile(DataDirectory("data", disk)).read()?.contents)
        #expect((Persistence.epoch(of: next) == epoch) == hasRoom)
    }
}
