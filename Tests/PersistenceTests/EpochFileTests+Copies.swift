import Denylist
import Synchronization
import Testing

@testable import Persistence

/// Older copies of a data directory, or of a part of it.
extension EpochFileTests {
    /// A directory that is a copy, be it of the last moment, cannot know that it is.
    @Test func aCopyOfTheDirectoryGetsANewEpoch() throws {
        let disk = SimulatedDisk(seed: 1)
        let epoch = try Self.live(disk)
        try disk.copy("data", to: "copy")
        let (persistence, report) = try Self.open(disk, directory: "copy")
        #expect(report.uncleanReason?.contains("copy") == true)
        #expect(try persistence.begin(inBackground: false).epoch.predecessor == epoch.epoch)
        persistence.end()
        #expect(try LogCheck(directory: "copy", now: ClockReading.start.wall, files: disk).epochNotice == nil)
        #expect(try Self.live(disk) == epoch, "the original is the same as ever")
    }

    /// The log alone comes back from a copy, to a state before the last write, or from before the last rewrite.
    @Test(arguments: [false, true]) func anOlderLogGetsANewEpoch(_ isRewritten: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk) { denylist, persistence, _ in
            denylist.set(Self.key, [1], persistence.log)
        }
        try disk.copy("data/appendonlydir", to: "data/older")
        try Self.live(disk, endsInOrder: false) { denylist, persistence, _ in
            denylist.set(Self.key, [2], persistence.log)
            persistence.log.commit(synchronously: true)
            if isRewritten {
                try persistence.perform(.rewrite)
            } else {
                persistence.runPeriodic()
            }
        }
        #expect(try Self.live(disk) == first, "nothing is missing yet")
        try disk.rename("data/appendonlydir", to: "data/newer")
        try disk.copy("data/older", to: "data/appendonlydir")
        let check = try LogCheck(directory: "data", now: ClockReading.start.wall, files: disk)
        #expect(check.epochNotice?.contains("older copy") == true)
        #expect(try Self.live(disk).predecessor == first.epoch)
    }

    /// Up to where the log was on disk is noted at an end in order, and an operator's word stands for whatever log
    /// there is.
    @Test func anOlderLogOfWhichAnOperatorKnowsKeepsTheNewEpoch() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk) { denylist, persistence, _ in
            denylist.set(Self.key, [1], persistence.log)
        }
        try disk.copy("data/appendonlydir", to: "data/older")
        try Self.live(disk) { denylist, persistence, _ in denylist.set(Self.key, [2], persistence.log) }
        try disk.rename("data/appendonlydir", to: "data/newer")
        try disk.copy("data/older", to: "data/appendonlydir")
        let check = try LogCheck(directory: "data", now: ClockReading.start.wall, files: disk)
        #expect(check.epochNotice?.contains("older copy") == true)
        let renewed = try check.renewEpoch()
        #expect(renewed.predecessor == first.epoch && renewed.isPending)
        #expect(try Self.live(disk) == renewed)
    }

    /// Another server that went on with the log under an epoch of its own: that is what clients believe by now.
    @Test func theEpochThatAnotherServerWroteLaterIsTheOneToReplace() throws {
        let disk = SimulatedDisk(seed: 1)
        try Self.live(disk)
        let name = try #require(try disk.list("data/appendonlydir").filter { $0.hasSuffix(".incr.aof") }.max())
        var bytes: [UInt8] = []
        bytes.append(request: "SELECT", "0")
        bytes.appendSet("revoked.epoch", "theirs")
        try disk.append(to: "data/appendonlydir/\(name)").write(bytes.span.bytes)
        let next = try Self.live(disk)
        #expect(next.predecessor == "theirs" && next.isPending)
    }

    @Test func aLogThatIsGoneGetsANewEpoch() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk)
        try disk.rename("data/appendonlydir", to: "data/moved")
        #expect(try Self.live(disk).predecessor == first.epoch)
    }

    /// The epoch of before does not come back with its file: the log was another one's since.
    @Test func anOlderEpochFileGetsANewEpoch() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk, policy: .everysec, endsInOrder: false)
        try disk.copy(Self.path, to: "data/older")
        let second = try Self.live(disk)
        #expect(second.predecessor == first.epoch)
        disk.erase(Self.path)
        try disk.copy("data/older", to: Self.path)
        let third = try Self.live(disk)
        #expect(third.isPending && third.epoch != first.epoch)
    }

    /// Copying files over those that are there keeps those: the file is written anew at each start.
    @Test func aCopyWrittenOverTheFilesGetsANewEpoch() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk)
        let older = try disk.contents(of: Self.path).withBytes { $0.bytes }
        #expect(try Self.live(disk) == first)
        disk.replace(Self.path, older)
        #expect(try Self.live(disk).predecessor == first.epoch)
    }

    /// The copy was made while the daemon ran, and nothing but its files knows of what followed.
    @Test(arguments: [true, false]) func aCopyOfARunningDaemonOverItsFilesGetsANewEpoch(_ endsInOrder: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk, endsInOrder: endsInOrder) { denylist, persistence, _ in
            denylist.set(Self.key, [1], persistence.log)
            persistence.log.commit(synchronously: true)
            try disk.copy("data", to: "backup")
            denylist.set(Array("revoked:jti:b".utf8), [1], persistence.log)
            persistence.log.commit(synchronously: true)
            if !endsInOrder { persistence.runPeriodic() }
        }
        try disk.restore("backup", over: "data")
        let check = try LogCheck(directory: "data", now: ClockReading.start.wall, files: disk)
        #expect(check.epochNotice?.contains("copy") == true)
        #expect(try Self.live(disk).predecessor == first.epoch)
    }

    /// The old file is emptied when it is replaced, so a hard link of it is no file of an epoch.
    @Test(arguments: [true, false]) func aHardLinkedCopyIsRefused(_ endsInOrder: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        try Self.live(disk)
        try disk.link("data", to: "backup")
        try Self.live(disk, endsInOrder: endsInOrder) { denylist, persistence, _ in
            try persistence.perform(.rewrite)
            denylist.set(Self.key, [1], persistence.log)
            persistence.log.commit(synchronously: true)
        }
        disk.crash()
        try disk.rename("data", to: "spent")
        try disk.rename("backup", to: "data")
        let error = #expect(throws: PersistenceError.self) { try Self.open(disk) }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains("old copy") == true)
        #expect(error?.message.contains("--new-epoch") == true)
    }

    /// A snapshot lacks later writes; nodes that start now must not believe it either.
    @Test func aSnapshotOfOursAloneReplacesUntilItIsAccepted() throws {
        let disk = SimulatedDisk(seed: 1)
        try Self.live(disk) { denylist, persistence, _ in
            denylist.set(Self.key, [1], persistence.log)
            try persistence.perform(.save(isInBackground: false))
        }
        try disk.makeDirectory("other")
        try disk.copy("data/dump.rdb", to: "other/dump.rdb")
        #expect(try Self.live(disk, directory: "other").isPending)
    }

    /// A file that is made anew is never missing, nor ahead of the log, wherever the power fails.
    @Test func theFileIsMadeAnewAtAnyMoment() throws {
        var steps = 0
        while true {
            let disk = SimulatedDisk(seed: UInt64(steps))
            let first = try Self.live(disk)
            var wasWhole = false
            try Self.live(disk, endsInOrder: false) { denylist, persistence, _ in
                denylist.set(Self.key, [1], persistence.log)
                persistence.log.commit(synchronously: true)
                let before = try disk.birth(of: Self.path)
                disk.changesLeft = steps
                persistence.runPeriodic()
                wasWhole = !disk.hasStopped
                #expect(try !wasWhole || disk.birth(of: Self.path) != before)
            }
            disk.crash()
            #expect(try Self.live(disk) == first, "stopped after \(steps) changes")
            if wasWhole { break }
            steps += 1
        }
        #expect(steps > 3)
    }

    /// It takes no room from the log, and is tried again.
    @Test func aFileThatCannotBeMadeAnewStays() throws {
        let disk = SimulatedDisk(seed: 1)
        let notices = Mutex<[String]>([])
        let denylist = Denylist.small()
        let persistence = try Persistence(
            PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start },
            notify: { notice in if case .error(let text) = notice { notices.withLock { $0.append(text) } } })
        _ = try persistence.recover()
        let (first, _) = try persistence.begin(inBackground: false)
        denylist.set(Self.key, [1], persistence.log)
        persistence.log.commit(synchronously: true)
        let before = try disk.birth(of: Self.path)
        disk.space = 100
        persistence.runPeriodic()
        persistence.runPeriodic()
        #expect(notices.withLock { $0 }.map { $0.contains("revoked.epoch") } == [true], "it is told once")
        #expect(try disk.birth(of: Self.path) == before && disk.space == 100)
        #expect(try !disk.exists("data/\(EpochFile.temporaryName)"))
        disk.space = nil
        persistence.runPeriodic()
        #expect(try disk.birth(of: Self.path) != before)
        disk.kill()
        #expect(try Self.live(disk) == first)
    }

    @Test func aDiskThatSaysNoBirthsSaysSo() throws {
        let disk = SimulatedDisk(seed: 1)
        disk.saysBirths = false
        let first = try Self.live(disk) { _, persistence, _ in #expect(!persistence.information.noticesCopies) }
        #expect(try Self.live(disk) == first)
        // The file comes from another disk than this.
        disk.saysBirths = true
        let second = try Self.live(disk) { _, persistence, _ in #expect(persistence.information.noticesCopies) }
        #expect(second.predecessor == first.epoch)
    }

    @Test func aRestoredDiskIsToldByTheOperator() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk)
        let renewed = try LogCheck(directory: "data", now: ClockReading.start.wall, files: disk).renewEpoch()
        #expect(renewed.predecessor == first.epoch && renewed.isPending)
        #expect(try Self.live(disk) == renewed)
        #expect(try Self.live(disk) == renewed)
    }
}
