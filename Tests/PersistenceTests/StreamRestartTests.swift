import Denylist
import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// Replicas over restarts of the daemon: they go on with the records that they lack, and never from a position that the
/// log on disk has not reached.
@Suite struct StreamRestartTests {
    // MARK: Histories

    private struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    /// Each seed restarts the daemon 10 times, on a disk that loses what it may lose, under every policy.
    @Test(arguments: 0..<8) func aReplicaIsEqualWhateverADiskLoses(part: Int) throws {
        var (goneOn, copied) = (0, 0)
        for seed in 0..<50 {
            let counts = try Self.run(seed: UInt64(part * 50 + seed))
            goneOn += counts.goneOn
            copied += counts.copied
        }
        #expect(goneOn >= 500 && copied >= 100)
    }

    private static func run(seed: UInt64) throws -> (goneOn: Int, copied: Int) {
        var random = SeededGenerator(seed: seed &* 91 &+ 7)
        let disk = SimulatedDisk(seed: seed)
        let replicas = (0..<3).map { _ in LogReplica() }
        for life in 0..<10 {
            let lifetime = Lifetime(disk)
            if Int.random(in: 0..<3, using: &random) == 0 { disk.changesLeft = Int.random(in: 0..<150, using: &random) }
            do {
                _ = try lifetime.recover(SyncPolicy.allCases.randomElement(using: &random)!)
                _ = try lifetime.begin()
                try live(lifetime, replicas, &random, "seed \(seed), life \(life)")
            } catch let error as PersistenceError {
                guard error.code == .disk, disk.hasStopped else { throw error }
            }
            if Int.random(in: 0..<4, using: &random) == 0 { lifetime.persistence?.end() }
            if Int.random(in: 0..<3, using: &random) == 0 { disk.kill() } else { disk.crash() }
        }
        return (replicas.reduce(0) { $0 + $1.goneOn }, replicas.reduce(0) { $0 + $1.copied })
    }

    private static func live(
        _ lifetime: Lifetime, _ replicas: [LogReplica], _ random: inout SeededGenerator, _ place: String
    ) throws {
        let log = lifetime.log
        for _ in 0..<40 where !lifetime.disk.hasStopped {
            switch Int.random(in: 0..<30, using: &random) {
            case 0: lifetime.rewrite(&random, isNew: log.refusesWrites)
            case 1..<6: lifetime.commit(&random)
            case 6..<12:
                guard log.state == .running else { continue }
                try lifetime.persistence?.keepStream()
                let replica = replicas.randomElement(using: &random)!
                if try !replica.follow(log) { lifetime.rewrite(&random, isNew: false) }
            default: lifetime.write(&random)
            }
        }
        // What a client writes is in the log before it is read behind.
        log.commit(synchronously: true)
        guard log.state == .running else { return }
        for replica in replicas where try replica.follow(log) {
            guard replica.table.contents != lifetime.denylist.contents else { continue }
            throw Difference(description: "\(place): a replica at \(replica.position!.offset) is not equal")
        }
    }

    // MARK: One restart after the other

    /// A daemon on a disk, with the stream kept.
    private static func start(_ disk: SimulatedDisk, _ policy: SyncPolicy = .always) throws -> Lifetime {
        let lifetime = Lifetime(disk)
        _ = try lifetime.recover(policy)
        _ = try lifetime.begin()
        return lifetime
    }

    private static func write(_ lifetime: Lifetime, _ count: Int = 5, synced: Bool = true) {
        for number in 0..<count {
            lifetime.denylist.set(Array("\(number) of \(lifetime.log.end)".utf8), [1], lifetime.log)
        }
        lifetime.log.commit(synchronously: synced)
    }

    /// A daemon with some writes, and a replica that has them all.
    private static func followed(_ disk: SimulatedDisk) throws -> (Lifetime, LogReplica) {
        let (lifetime, replica) = (try start(disk), LogReplica())
        write(lifetime)
        try lifetime.persistence?.keepStream()
        #expect(try replica.follow(lifetime.log) && replica.copied == 1)
        return (lifetime, replica)
    }

    /// Whatever ends the daemon, an acknowledged write is in the log, and a replica lacks no more than it did.
    @Test func nobodyCopiesAgainUnderAlways() throws {
        let disk = SimulatedDisk(seed: 1)
        let (first, replica) = try Self.followed(disk)
        var lifetime = first
        var offset = replica.position?.offset ?? 0
        var stretches: Set<String> = []
        for number in 0..<30 {
            // Of some it misses the last writes, or all.
            if number % 3 > 0 { Self.write(lifetime) }
            if number % 3 == 2 { #expect(try replica.follow(lifetime.log)) }
            stretches.insert(lifetime.log.stretchID)
            if number % 4 == 0 { lifetime.persistence?.end() }
            if number % 2 == 0 { disk.kill() } else { disk.crash() }
            lifetime = try Self.start(disk)
            if number % 3 == 1 { continue }
            #expect(try replica.follow(lifetime.log) && replica.table.contents == lifetime.denylist.contents)
            #expect(replica.position?.stretch == lifetime.log.stretchID)
            #expect((replica.position?.offset ?? 0) >= offset)
            offset = replica.position?.offset ?? 0
        }
        #expect(replica.copied == 1 && stretches.count == 30)
    }

    /// The base and its position are known after a restart: a new replica needs no rewrite.
    @Test func aNewReplicaCopiesTheFilesThatAreThere() throws {
        let disk = SimulatedDisk(seed: 1)
        let (lifetime, _) = try Self.followed(disk)
        Self.write(lifetime)
        disk.kill()
        let (next, replica) = (try Self.start(disk), LogReplica())
        #expect(try replica.follow(next.log) && replica.table.contents == next.denylist.contents)
        #expect(replica.copied == 1)
    }

    /// What was in the file only is lost, and others are written in its place: who has read those copies the whole
    /// table.
    @Test func oneThatIsAheadCopiesTheWholeTable() throws {
        for isLong in [false, true] {
            let disk = SimulatedDisk(seed: 1)
            let (lifetime, ahead) = try Self.followed(disk)
            let level = LogReplica()
            #expect(try level.follow(lifetime.log))
            try lifetime.persistence?.setPolicy(.everysec)
            let name = try #require(try disk.list("data/appendonlydir").first { $0.hasSuffix(".incr.aof") })
            let path = "data/appendonlydir/\(name)"
            let onDisk = try disk.contents(of: path).withBytes { $0.bytes }
            Self.write(lifetime, synced: false)
            #expect(try ahead.follow(lifetime.log))
            disk.replace(path, onDisk)
            disk.kill()
            let next = try Self.start(disk)
            // As many bytes as were lost, or more.
            Self.write(next, isLong ? 50 : 5)
            #expect(try level.follow(next.log) && level.goneOn == 1 && level.copied == 1)
            #expect(try ahead.follow(next.log) && ahead.goneOn == 1 && ahead.copied == 2)
            #expect(ahead.table.contents == next.denylist.contents && level.table.contents == ahead.table.contents)
        }
    }

    /// Of five restarts at most: the file holds no more.
    @Test func aLongAbsenceCostsACopy() throws {
        for (restarts, goesOn) in [(StreamFileContents.maximumBefore, true), (6, false)] {
            let disk = SimulatedDisk(seed: 1)
            var (lifetime, replica) = try Self.followed(disk)
            for _ in 0..<restarts {
                disk.crash()
                lifetime = try Self.start(disk)
                Self.write(lifetime)
            }
            #expect(try replica.follow(lifetime.log) && replica.goneOn == (goesOn ? 1 : 0))
            #expect(replica.table.contents == lifetime.denylist.contents)
        }
    }

    // MARK: What proves nothing

    private enum Intrusion: CaseIterable {
        case copiedDirectory, newEpoch, repaired, olderFile, damagedFile, noFile, withoutLog
    }

    /// Where this directory's daemons may not have written all that is there, or not in this order, nobody goes on.
    @Test(arguments: Intrusion.allCases) private func nobodyGoesOnAfter(_ intrusion: Intrusion) throws {
        let disk = SimulatedDisk(seed: 1)
        let (lifetime, replica) = try Self.followed(disk)
        let path = "data/\(StreamFile.name)"
        let file = try disk.contents(of: path).withBytes { $0.bytes }
        lifetime.persistence?.end()
        disk.kill()
        switch intrusion {
        case .copiedDirectory: try disk.copy("data/\(EpochFile.name)", to: "data/\(EpochFile.name)")
        case .newEpoch: _ = try LogCheck(directory: "data", now: 0, files: disk).renewEpoch()
        case .repaired:
            let name = try #require(try disk.list("data/appendonlydir").first { $0.hasSuffix(".incr.aof") })
            let log = "data/appendonlydir/\(name)"
            var bytes = try disk.contents(of: log).withBytes { $0.bytes }
            bytes[bytes.count / 2] ^= 1
            disk.replace(log, bytes)
            #expect(try LogCheck(directory: "data", now: 0, files: disk).repair().count == 1)
        case .olderFile:
            // As a release that does not know the file leaves it.
            let other = try Self.start(disk)
            Self.write(other)
            other.persistence?.end()
            disk.replace(path, file)
        case .damagedFile:
            var damaged = file
            damaged[40] ^= 1
            disk.replace(path, damaged)
        case .noFile: try disk.remove(path)
        case .withoutLog:
            var memory = PersistenceConfiguration(directory: "data")
            memory.isLogging = false
            let persistence = try Persistence(memory, .small(), files: disk, moment: { .start })
            _ = try persistence.recover()
            _ = try persistence.begin(inBackground: false)
            persistence.end()
        }
        let next = try Self.start(disk)
        let position = try #require(replica.position)
        let isFound = next.log.tail(of: position.stretch, from: position.offset) != nil
        #expect(!isFound && next.log.copy() == nil && next.log.earlierStretch == nil)
        // A position in the new stretch is one after the next restart.
        Self.write(next)
        var random = SeededGenerator(seed: 1)
        next.rewrite(&random, isNew: false)
        try next.persistence?.keepStream()
        #expect(try replica.follow(next.log) && replica.copied == 2)
        disk.crash()
        let last = try Self.start(disk)
        #expect(try replica.follow(last.log) && replica.table.contents == last.denylist.contents)
        #expect(replica.copied == 2)
    }

    /// Replicas are told of what has expired when it is reclaimed: a start does not drop it before.
    @Test func whatHasExpiredIsThereToBeTold() throws {
        for isFollowed in [false, true] {
            let disk = SimulatedDisk(seed: 1)
            let lifetime = try Self.start(disk)
            if isFollowed { try lifetime.persistence?.keepStream() }
            lifetime.denylist.set(Array("k".utf8), [1], expiry: ClockReading.start.wall - 1, lifetime.log)
            lifetime.log.commit()
            for _ in 0..<2 {
                disk.crash()
                let next = try Self.start(disk)
                #expect(next.denylist.totalStatistics.entries == (isFollowed ? 1 : 0))
                // Nor does a rewrite.
                try next.persistence?.directory.withLock { directory in
                    let rewrite = Rewrite(
                        denylist: next.denylist, log: next.log, epochFile: next.persistence!.epochFile,
                        moment: { .start }, pause: {})
                    try rewrite.compact(&directory!)
                }
            }
        }
    }
}

@Suite struct StreamFileTests {
    private static let contents = StreamFileContents(
        stretch: String(repeating: "a1", count: 20), run: .max, earlierRun: 0, salt: .max,
        position: StreamFileContents.maximumPosition - 1,
        before: (0..<StreamFileContents.maximumBefore).map {
            LogStretch.Ended(
                id: String(repeating: "\($0)", count: 40), end: StreamFileContents.maximumPosition - UInt64($0) - 1)
        })

    /// The longest line fits, and any damage makes it none.
    @Test func onlyWhatWasWrittenIsRead() {
        let text = Self.contents.text
        #expect(text.utf8.count == StreamFileContents.length && StreamFileContents(text) == Self.contents)
        var shorter = Self.contents
        shorter.before = []
        #expect(StreamFileContents(shorter.text) == shorter)
        let good = Array(text.utf8)
        for index in good.indices {
            var bytes = good
            bytes[index] ^= 1
            #expect(StreamFileContents(String(decoding: bytes, as: UTF8.self)) == nil)
            #expect(StreamFileContents(String(decoding: good[..<index], as: UTF8.self)) == nil)
        }
        #expect(StreamFileContents(text + " ") == nil)
    }

    /// Each of them is needed: without it a power loss takes the file, or leaves an older one.
    @Test(arguments: [SyncPoint.stream, .streamName]) func eachSyncIsNeeded(_ point: SyncPoint) throws {
        for omitted in [nil, point] {
            var lost = 0
            for seed in 0..<50 {
                let disk = SimulatedDisk(seed: UInt64(seed))
                try disk.makeDirectory("data")
                try disk.synchronize(directory: "", .dataDirectoryName)
                disk.omitted = omitted
                let data = DataDirectory("data", disk)
                try StreamFile(data).write { _ in Self.contents }
                disk.crash()
                if try StreamFile.read(in: data) != Self.contents { lost += 1 }
            }
            #expect((lost > 0) == (omitted != nil))
        }
    }
}
