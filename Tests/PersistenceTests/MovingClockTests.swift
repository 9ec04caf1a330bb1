import Denylist
import RevokedServer
import Synchronization
import Testing

@testable import Persistence
@testable import RevokedServer

/// The wall clock is set while records wait, while the disk is full and while a base is written. Each revocation keeps
/// the end that it had.
@Suite struct MovingClockTests {
    private static let hour: Int64 = 3_600_000
    private static let day = 24 * hour
    private static let log = "data/appendonlydir"

    /// One life after the other of a daemon on a machine. All revocations last an hour.
    private final class Site {
        let machine = SimulatedMachine(seed: 1)
        var directory: String
        private(set) var denylist = Denylist.small()
        private(set) var clock: ServerClock!
        private(set) var persistence: Persistence!

        init(directory: String = "data") { self.directory = directory }

        func start(isLogging: Bool = true) throws {
            denylist = .small()
            clock = ServerClock(machine.source, resumes: isLogging)
            var configuration = PersistenceConfiguration(directory: directory)
            configuration.isLogging = isLogging
            persistence = try Persistence(
                configuration, denylist, files: machine.disk, moment: { [clock = clock!] in clock.now() }, clock: clock)
            _ = try persistence.recover()
            _ = try persistence.begin(inBackground: false)
        }

        /// A kill and the next start.
        func restart() throws {
            machine.disk.kill()
            try start()
        }

        /// Appends a revocation; nothing is written yet.
        func revoke(_ name: String) {
            let (key, moment) = (Array("revoked:jti:\(name)".utf8), clock.now())
            denylist.update(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: moment) { entry in
                entry.store([1].span.bytes, expiry: moment.guarded + MovingClockTests.hour)
                persistence.log.append(
                    set: key.span.bytes, [1].span.bytes, expiry: entry.expiry, isGuarded: true, at: moment)
            }
        }

        func commit() { persistence.log.commit(synchronously: true) }

        /// How long each revocation has left.
        var left: [Int64] {
            let now = clock.now()
            return denylist.contents(at: ClockReading(wall: .min, guarded: .min)).values.map { $0.expiry - now.guarded }
        }

        var base: String {
            get throws { try #require(try machine.disk.list(MovingClockTests.log).first { $0.hasSuffix(".base.rdb") }) }
        }
    }

    /// What TIME has answered is there before a start can come upon the log.
    @Test func aNewDirectoryHasTheClock() throws {
        let site = Site()
        try site.start()
        let disk = site.machine.disk
        try disk.move("data", to: "moved")
        site.revoke("first")
        site.commit()
        for second in 0..<5 { site.persistence.runPeriodic(at: .now + .seconds(60 * second)) }
        #expect(try !site.persistence.log.refusesWrites && disk.exists("data/revoked.clock"))
    }

    /// A batch, and the ones after it, say where the shift changes.
    @Test(arguments: [[0, 2 * hour, 0], [2 * hour, 0, 2 * hour], [0, 2 * hour, 2 * hour], [2 * hour, 0, 0]])
    func eachRecordIsReadByTheClockThatItWasWrittenBy(_ errors: [Int64]) throws {
        for split in 0...errors.count {
            let site = Site()
            try site.start()
            for (index, error) in errors.enumerated() {
                site.machine.error = error
                if index == split { site.commit() }
                site.revoke("\(index)")
            }
            site.commit()
            try site.restart()
            #expect(site.left == [Self.hour, Self.hour, Self.hour], "the batch ends before record \(split)")
        }
    }

    /// What waited for room is written in front of what came meanwhile.
    @Test(arguments: [[0, 2 * hour], [2 * hour, 0]]) func whatWaitsForRoomKeepsItsClock(_ errors: [Int64]) throws {
        let site = Site()
        site.machine.error = errors[0]
        try site.start()
        site.machine.disk.space = 60
        site.revoke("a")
        site.commit()
        #expect(site.persistence.log.refusesWrites)
        site.machine.error = errors[1]
        site.revoke("b")
        site.machine.disk.space = nil
        site.persistence.runPeriodic(at: .now + .seconds(60))
        #expect(!site.persistence.log.refusesWrites)
        try site.restart()
        #expect(site.left == [Self.hour, Self.hour])
    }

    /// A server that goes by the wall clock ends nothing early that was written after the jump.
    @Test func aBaseSaysWhereTheClockWasSet() throws {
        let site = Site()
        try site.start()
        for number in 0..<300 { site.revoke("\(number)") }
        site.commit()
        var steps = 0
        var rewrite = Rewrite(
            denylist: site.denylist, log: site.persistence.log, epochFile: site.persistence.epochFile,
            moment: { [clock = site.clock!] in clock.now() },
            pause: {
                steps += 1
                if steps == 3 { site.machine.error = 2 * Self.hour }
            })
        rewrite.stepBytes = 200
        try site.persistence.directory.withLock { directory in try rewrite.compact(&directory!) }
        #expect(steps > 10)
        var sink = RecordingSink()
        try site.machine.disk.contents(of: "\(Self.log)/\(site.base)").withBytes { bytes in
            _ = try RDBReader.read(bytes, ReadConfiguration(now: 0), into: &sink)
        }
        let asStock = sink.entries.values.map { $0.expiry - site.machine.wall }
        #expect(Set(asStock) == [Self.hour, -Self.hour] && asStock.count { $0 == Self.hour } > 100)
        try site.restart()
        #expect(site.left == Array(repeating: Self.hour, count: 300))
    }

    /// The clocks are kept from when there is a log, however late that is.
    @Test func aLogThatIsBegunLaterKeepsTheClock() throws {
        let site = Site()
        try site.start(isLogging: false)
        try site.persistence.perform(.setLogging(true))
        site.revoke("a")
        site.commit()
        site.machine.pass(600_000)
        site.machine.error = Self.day
        try site.restart()
        #expect(site.left == [Self.hour - 600_000])
    }

    /// A repair writes what it could read as it stood, whatever the clock says then.
    @Test func aRepairMovesNoExpiry() throws {
        let site = Site()
        try site.start()
        site.revoke("a")
        site.commit()
        site.machine.error = 2 * Self.hour
        try site.persistence.perform(.rewrite)
        site.persistence.end()
        let path = "\(Self.log)/\(try site.base)"
        var bytes = try site.machine.disk.contents(of: path).withBytes { $0.bytes }
        bytes[bytes.count - 1] ^= 1
        site.machine.disk.replace(path, bytes)
        let check = try LogCheck(
            directory: "data", now: site.machine.wall + 10 * Self.day, files: site.machine.disk)
        #expect(try check.repair().count == 1)
        try site.restart()
        #expect(site.left == [Self.hour])
    }

    /// What another server wrote is written anew at once where it would be read otherwise by other clocks.
    @Test func whatAnotherServerWroteEndsNoEarlierAtTheNextStart() throws {
        let site = Site()
        try site.start()
        site.persistence.end()
        let name = try #require(try site.machine.disk.list(Self.log).first { $0.hasSuffix(".incr.aof") })
        var bytes: [UInt8] = []
        bytes.append(request: "SELECT", "0")
        bytes.appendSet("revoked:jti:theirs", "v", expiry: site.machine.real + Self.hour)
        try site.machine.disk.append(to: "\(Self.log)/\(name)").write(bytes.span.bytes)
        site.machine.error = -Self.day
        try site.start()
        #expect(site.left == [Self.hour + Self.day])
        site.machine.error = 0
        try site.restart()
        #expect(site.left == [Self.hour + Self.day])
    }

    /// The checkpoint says nothing of a log that came from elsewhere: that brings its own time along.
    @Test func aLogFromElsewhereGoesByItsOwnTime() throws {
        let site = Site(directory: "other")
        site.machine.error = -Self.day
        try site.start()
        site.revoke("a")
        site.persistence.end()
        site.machine.error = 0
        site.directory = "data"
        try site.start()
        site.persistence.end()
        try site.machine.disk.rename("data/appendonlydir", to: "data/own")
        try site.machine.disk.copy("other/appendonlydir", to: "data/appendonlydir")
        try site.start()
        #expect(site.left == [Self.hour])
    }

    /// Without a checkpoint the notes of the log say how far guarded time got, the latest of them.
    @Test(arguments: [false, true]) func withoutACheckpointTheNotesCount(_ isRewritten: Bool) throws {
        let site = Site()
        try site.start()
        site.revoke("a")
        site.commit()
        site.machine.pass(600_000)
        if isRewritten { try site.persistence.perform(.rewrite) }
        site.machine.disk.erase("data/\(ClockFile.name)")
        site.machine.error = Self.day
        try site.restart()
        #expect(site.left == [isRewritten ? Self.hour - 600_000 : Self.hour])
        // The checkpoint that was lost is made up for.
        site.machine.pass(600_000)
        if isRewritten { try site.persistence.perform(.rewrite) }
        site.machine.reboot(uptime: 1_000)
        try site.restart()
        #expect(site.left == [isRewritten ? Self.hour - 1_200_000 : Self.hour])
    }

    /// How far `TIME` got is not known: an answer may be repeated only under another epoch.
    @Test func aDamagedCheckpointBringsANewEpoch() throws {
        for damages in [false, true] {
            let site = Site()
            try site.start()
            site.persistence.end()
            if damages { try site.machine.disk.append(to: "data/\(ClockFile.name)").write([0x31].span.bytes) }
            let denylist = Denylist.small()
            let persistence = try Persistence(
                PersistenceConfiguration(directory: "data"), denylist, files: site.machine.disk, moment: { .start })
            #expect(try (persistence.recover().uncleanReason != nil) == damages)
        }
    }

    /// Of several files the latest note counts, whichever file it is in.
    @Test(arguments: [0, 600_000] as [Int64]) func theLatestNoteCounts(_ later: Int64) throws {
        let site = Site()
        let (disk, start) = (site.machine.disk, site.machine.real)
        try disk.makeDirectory("data")
        try disk.makeDirectory(Self.log)
        var writer = RDBWriter(
            created: start / 1000, isLogBase: true, entries: 0, expiring: 0,
            note: TimeNote(run: 1, shift: 0, guarded: start + later))
        writer.finish()
        var bytes: [UInt8] = []
        writer.drain { bytes += $0.bytes }
        try disk.create("\(Self.log)/\(Manifest.base(1).name)").write(bytes.span.bytes)
        var log = TestLog()
        log.append { $0 += TimeNote(run: 2, shift: 0, guarded: start + 600_000 - later).line }
        try disk.create("\(Self.log)/\(Manifest.increment(2).name)").write(log.bytes.span.bytes)
        try disk.create("\(Self.log)/\(Manifest.fileName)").write(
            Manifest(files: [Manifest.base(1), Manifest.increment(2)]).encode().span.bytes)
        try site.start()
        #expect(site.clock.now().guarded == start + 600_000)
    }

    /// A directory that tells nothing of guarded time: it begins with the earliest time that anything there tells of.
    @Test(arguments: [nil, Int64(600_000)]) func whatAnEarlierReleaseLeftHasNotEnded(_ age: Int64?) throws {
        let site = Site()
        let (disk, start) = (site.machine.disk, site.machine.real)
        try disk.makeDirectory("data")
        try disk.makeDirectory(Self.log)
        var writer = RDBWriter(created: start / 1000, isLogBase: true, entries: 1, expiring: 1)
        writer.append(Array("revoked:jti:a".utf8).span.bytes, [1].span.bytes, expiry: start + Self.hour)
        writer.finish()
        var bytes: [UInt8] = []
        writer.drain { bytes += $0.bytes }
        try disk.create("\(Self.log)/\(Manifest.base(1).name)").write(bytes.span.bytes)
        try disk.create("\(Self.log)/\(Manifest.fileName)").write(
            Manifest(files: [Manifest.base(1)]).encode().span.bytes)
        // What `TIME` had answered at most, and the wall clock then.
        if let age {
            try disk.create("data/\(ClockFile.name)").write(
                Array("000\(start + Self.hour) 000\(start - age)\n".utf8).span.bytes)
        }
        site.machine.error = Self.day
        try site.start()
        #expect(site.clock.now().guarded == start - (age ?? 0))
        #expect(site.left == [Self.hour + (age ?? 0)])
        // As the daemon has done soon after such a start.
        try site.persistence.perform(.rewrite)
        site.persistence.end()
        site.machine.error = -Self.day
        try site.start()
        #expect(site.left == [Self.hour + (age ?? 0)])
    }

    @Test func timeGoesOnWhereAnEarlierReleaseLeftIt() throws {
        let site = Site()
        try site.machine.disk.makeDirectory("data")
        let answered = site.machine.real + Self.hour
        try site.machine.disk.create("data/\(ClockFile.name)").write(
            Array("000\(answered) 000\(site.machine.real)\n".utf8).span.bytes)
        site.machine.error = -Self.day
        try site.start()
        #expect(site.clock.time() == answered)
    }
}
