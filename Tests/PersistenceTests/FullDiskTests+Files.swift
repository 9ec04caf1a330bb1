import Denylist
import Synchronization
import Testing

@testable import Persistence

/// Which file has no room, and what the operator and clients are told.
extension FullDiskTests {
    private static func open(
        _ disk: SimulatedDisk, _ notices: Notices, _ policy: SyncPolicy = .always
    ) throws -> (Persistence, Denylist, EpochRecord) {
        let denylist = Denylist.small()
        var configuration = PersistenceConfiguration(directory: "data")
        configuration.policy = policy
        let persistence = try Persistence(
            configuration, denylist, files: disk, moment: { .start }, notify: notices.note)
        _ = try persistence.recover()
        return (persistence, denylist, try persistence.begin(inBackground: false).epoch)
    }

    private final class Notices: Sendable {
        private let errors = Mutex<[String]>([])

        func note(_ notice: PersistenceNotice) {
            if case .error(let text) = notice { errors.withLock { $0.append(text) } }
        }

        func count(_ text: String) -> Int { errors.withLock { $0.count { $0.contains(text) } } }
    }

    /// A log that fails says why, once. One that needs a new file and has no room for it says how much is missing.
    @Test func aFailedLogSaysWhatItWaitsFor() throws {
        let disk = SimulatedDisk(seed: 1)
        let notices = Notices()
        let (persistence, denylist, _) = try Self.open(disk, notices)
        let log = persistence.log
        for number in 0..<20 { denylist.set(Array("key \(number)".utf8), Self.value, log) }
        log.commit()
        disk.failingPoint = (.batch, 5)
        denylist.set(Array("key".utf8), Self.value, log)
        log.commit()
        disk.failingPoint = nil
        #expect(notices.count("the log has failed, and writes are refused: fdatasync data/") == 1)
        disk.space = 100
        for second in 0..<5 { persistence.runPeriodic(at: .now + .seconds(60 * second)) }
        #expect(notices.count("no new log can be begun, and writes are refused: ") == 1)
        let refusal = try #require(log.refusal)
        #expect(refusal.contains("a file of all entries needs") && refusal.hasSuffix("and 100 are free"))
        disk.space = 200
        persistence.runPeriodic(at: .now + .seconds(600))
        #expect(log.refusal?.hasSuffix("and 200 are free") == true)
        disk.space = nil
        persistence.runPeriodic(at: .now + .seconds(660))
        #expect(!log.refusesWrites && log.refusal == nil && notices.count("") == 2)
    }

    /// Neither takes the room that the log needs next.
    @Test(arguments: [BackgroundJobs.Job.rewrite, .save(isInBackground: false)])
    func otherFilesLeaveRoomToTheLog(_ job: BackgroundJobs.Job) throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk)
        for number in 0..<50 { denylist.set(Array("key \(number)".utf8), Self.value, persistence.log) }
        persistence.log.commit()
        let changes = disk.changeCount
        disk.space = 1 << 16
        #expect(throws: PersistenceError.self) { try persistence.perform(job) }
        #expect(disk.changeCount <= changes + 1 && disk.space == 1 << 16, "only a temporary file is removed")
        // A small volume has room for small files.
        disk.space = 1 << 18
        try persistence.perform(job)
        #expect(persistence.log.state == .running)
    }

    /// A rewrite or snapshot under way ends when the log has no room, and gives back what it has taken.
    @Test(arguments: [BackgroundJobs.Job.rewrite, .save(isInBackground: false)])
    func otherFilesGiveRoomBackToTheLog(_ job: BackgroundJobs.Job) throws {
        let disk = SimulatedDisk(seed: 1)
        let (persistence, denylist) = try Self.open(disk)
        let log = persistence.log
        for number in 0..<3_000 { denylist.set(Array("key \(number)".utf8), Self.value, log) }
        log.commit()
        let isDone = Atomic<Bool>(false)
        disk.whenCreating = { path in
            guard path.hasPrefix("data/temp-") || path.hasSuffix(".rdb") else { return }
            disk.whenCreating = { _ in }
            disk.failure = (0, 28)
            denylist.set(Array("key".utf8), Self.value, log)
            log.commit()
        }
        disk.whenSynchronizing = { point in
            if point == .base || point == .dump { isDone.store(true, ordering: .relaxed) }
        }
        #expect(throws: PersistenceError.self) { try persistence.perform(job) }
        #expect(log.refusesWrites && !isDone.load(ordering: .relaxed))
        #expect(try !disk.list("data").contains { $0.hasPrefix("temp-") })
        #expect(try !disk.list(Self.log).contains("temp-base.rdb"))
        persistence.runPeriodic(at: .now + .seconds(60))
        #expect(!log.refusesWrites)
        disk.crash()
        #expect(try Self.found(disk).0 == denylist.contents)
    }

    /// The epoch's file has no room: the log's file is as good as before.
    @Test(arguments: 0..<10) func aFailedSyncOfTheEpochLeavesTheLogItsFile(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        let (persistence, denylist, epoch) = try Self.open(disk, Notices())
        let log = persistence.log
        let files = try disk.list(Self.log)
        disk.failingPoint = (.epoch, 28)
        persistence.setEpoch(epoch.replaced())
        let position = denylist.set(Array("key".utf8), Self.value, log)
        log.commit()
        #expect(log.refusesWrites && log.acknowledged < position && log.bytesToResume != nil)
        disk.failingPoint = nil
        persistence.runPeriodic()
        #expect(!log.refusesWrites && log.acknowledged >= position)
        #expect(try disk.list(Self.log) == files && persistence.information.rewrites == 0)
        disk.crash()
        #expect(try Self.found(disk).0 == denylist.contents)
    }

    /// A rewrite finds no room for the seal of the old file. That file goes on without it, unless records are in doubt.
    @Test(arguments: 0..<10, [28, 5] as [Int32])
    func aSealWithoutRoomDoesNotEndTheFile(seed: UInt64, _ code: Int32) throws {
        for hasRecords in [false, true] {
            let disk = SimulatedDisk(seed: seed)
            let (persistence, denylist) = try Self.open(disk, .everysec)
            let log = persistence.log
            denylist.set(Array("first".utf8), Self.value, log)
            log.commit(synchronously: true)
            log.seal()
            if hasRecords { denylist.set(Array("second".utf8), Self.value, log) }
            disk.failingPoint = (.increment, code)
            #expect(throws: PersistenceError.self) { try persistence.perform(.rewrite) }
            disk.failingPoint = nil
            let goesOn = code == 28 && !hasRecords
            #expect(log.refusesWrites && (log.bytesToResume != nil) == goesOn)
            persistence.runPeriodic(at: .now + .seconds(60))
            #expect(!log.refusesWrites && persistence.information.rewrites == (goesOn ? 0 : 1))
            denylist.set(Array("third".utf8), Self.value, log)
            log.commit(synchronously: true)
            try persistence.setPolicy(.always)
            disk.crash()
            let (contents, report) = try Self.found(disk)
            #expect(contents == denylist.contents && report.uncleanReason == nil)
        }
    }
}
