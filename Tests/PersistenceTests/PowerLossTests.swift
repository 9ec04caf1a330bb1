import Denylist
import Testing

@testable import Persistence

/// A disk that loses what it may lose, over many lives of a daemon on it: nothing that was promised is ever missing, and a
/// daemon always starts again.
@Suite struct PowerLossTests {
    /// Each seed crashes about 10 times.
    @Test(arguments: 0..<20) func nothingPromisedIsLost(part: Int) throws {
        var crashes = 0
        var promised = 0
        var seen: Set<SyncPoint> = []
        for seed in 0..<50 {
            let outcome = try Self.run(seed: UInt64(part * 50 + seed))
            crashes += outcome.crashes
            promised += outcome.promised
            seen.formUnion(outcome.seen)
        }
        #expect(crashes >= 500)
        #expect(promised >= 2_000)
        #expect(seen == Set(SyncPoint.allCases))
    }

    /// Each of them is needed: without it the same runs lose something.
    @Test(arguments: SyncPoint.allCases) func eachSyncIsNeeded(_ point: SyncPoint) {
        #expect(throws: Loss.self) {
            for seed in 0..<3_000 { try Self.run(seed: UInt64(seed), omitting: point) }
        }
    }

    /// Records that were found without their line are served from then on: a batch that is torn later must not take them.
    @Test func whatWasRecoveredOnceStays() throws {
        let disk = SimulatedDisk(seed: 1)
        func start(_ live: (Denylist, Persistence) -> Void = { _, _ in }) throws -> Contents {
            let denylist = Denylist.small()
            let persistence = try Persistence(
                PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
            _ = try persistence.recover()
            let found = denylist.contents
            try persistence.begin(renewEpoch: {}, inBackground: false)
            live(denylist, persistence)
            disk.kill()
            return found
        }
        _ = try start()
        let name = try #require(try disk.list("data/appendonlydir").first { $0.hasSuffix(".incr.aof") })
        let path = "data/appendonlydir/\(name)"
        var bytes = try disk.contents(of: path).withBytes { $0.bytes }
        bytes.appendSet("found", "value")
        disk.replace(path, bytes)
        let found = try start { denylist, persistence in
            denylist.set(Array("next".utf8), Array(repeating: 1, count: 3 * SimulatedDisk.sector), persistence.log)
            persistence.log.commit(synchronously: false)
        }
        #expect(found.keys.contains(Array("found".utf8)))
        bytes = try disk.contents(of: path).withBytes { $0.bytes }
        for offset in SimulatedDisk.sector..<(2 * SimulatedDisk.sector) { bytes[offset] = 0 }
        disk.replace(path, bytes)
        #expect(try start() == found)
    }

    /// What went wrong, and where to find it again.
    struct Loss: Error, CustomStringConvertible {
        var seed: UInt64
        var description: String
    }

    struct Outcome {
        var crashes = 0
        var promised = 0
        var seen: Set<SyncPoint> = []
    }

    @discardableResult
    static func run(seed: UInt64, omitting omitted: SyncPoint? = nil) throws -> Outcome {
        var random = SeededGenerator(seed: seed &* 77 &+ 5)
        let disk = SimulatedDisk(seed: seed)
        disk.omitted = omitted
        var outcome = Outcome()
        // What may be found: the last life's history, and those of lives that ended before they promised anything.
        var candidates = [Lifetime.History()]
        var dumps = Dumps()
        for life in 0..<10 {
            let lifetime = Lifetime(disk, epochs: seed << 32 + UInt64(life) << 20)
            disk.changesLeft = Int.random(in: 0..<[12, 40, 120].randomElement(using: &random)!, using: &random)
            let isCareful = Int.random(in: 0..<3, using: &random) > 0
            let policy = isCareful ? .always : [SyncPolicy.everysec, .no].randomElement(using: &random)!
            do {
                let (report, found) = try lifetime.recover(policy)
                try check(report, found, candidates, seed, life)
                do {
                    try lifetime.begin()
                    live(lifetime, &random, &dumps)
                    candidates = []
                    outcome.promised += lifetime.history.promised
                } catch {
                    guard disk.hasStopped else {
                        throw Loss(seed: seed, description: "seed \(seed), life \(life): cannot begin: \(error)")
                    }
                }
                candidates.append(lifetime.history)
            } catch let error as PersistenceError {
                // The disk may stop at any time; nothing else may go wrong.
                guard error.code == .disk, disk.hasStopped else {
                    throw Loss(seed: seed, description: "seed \(seed), life \(life): \(error)")
                }
            }
            outcome.crashes += 1
            if Int.random(in: 0..<4, using: &random) == 0 { disk.kill() } else { disk.crash() }
            guard dumps.matches(disk) else {
                throw Loss(seed: seed, description: "seed \(seed), life \(life): the dump is not what was saved")
            }
        }
        outcome.seen = disk.pointsSeen
        return outcome
    }

    /// Lives until the disk stops, or an end in order.
    private static func live(_ lifetime: Lifetime, _ random: inout SeededGenerator, _ dumps: inout Dumps) {
        let disk = lifetime.disk
        for _ in 0..<60 where !disk.hasStopped {
            switch Int.random(in: 0..<40, using: &random) {
            case 0, 1: lifetime.rewrite(&random, isNew: lifetime.log.refusesWrites)
            case 2: disk.failure = (Int.random(in: 0..<10, using: &random), [5, 28].randomElement(using: &random)!)
            case 3:
                let policy = SyncPolicy.allCases.randomElement(using: &random)!
                try? lifetime.persistence?.setPolicy(policy)
                lifetime.note()
            case 4:
                let hasSaved = (try? lifetime.persistence?.perform(.save(isInBackground: false))) != nil
                dumps.add(lifetime.denylist.contents, isSaved: hasSaved)
            case 5: lifetime.persistence?.attend()
            case 6:
                try? lifetime.persistence?.perform(.setLogging(lifetime.log.state == .off))
                lifetime.note()
            case 7..<15: lifetime.commit(&random)
            default: lifetime.write(&random)
            }
        }
        if !disk.hasStopped { lifetime.persistence?.end() }
        lifetime.note()
    }

    /// What was found is what some prefix of the writes made, with all in it that was promised; and if something is missing
    /// that was answered, the denylist gets a new epoch.
    private static func check(
        _ report: RecoveryReport, _ found: Contents, _ histories: [Lifetime.History], _ seed: UInt64, _ life: Int
    ) throws {
        var problem = "something promised is missing"
        for history in histories {
            var contents = history.start
            var best: Int?
            if history.promised == 0, contents == found { best = 0 }
            for (index, write) in history.writes.enumerated() {
                write.change.apply(to: &contents)
                if index + 1 >= history.promised, contents == found { best = index + 1 }
            }
            guard let best else { continue }
            if best >= history.answered || report.doubt != nil || report.source == .nothing { return }
            problem = "something answered is missing under the same epoch"
        }
        throw Loss(seed: seed, description: "seed \(seed), life \(life): \(problem)")
    }
}

/// What a `dump.rdb` may hold.
private struct Dumps {
    /// The last one that was saved, and those begun since.
    private var contents: [Contents] = []
    private var hasSaved = false

    mutating func add(_ dump: Contents, isSaved: Bool) {
        if isSaved {
            contents = []
            hasSaved = true
        }
        contents.append(dump)
    }

    func matches(_ disk: SimulatedDisk) -> Bool {
        guard let file = try? disk.contents(of: "data/dump.rdb") else { return !hasSaved }
        let denylist = Denylist.small()
        var sink = TableSink(denylist, now: Moment.start.wall)
        return file.withBytes { bytes in
            guard (try? RDBReader.read(bytes, ReadSettings(now: Moment.start.wall), into: &sink)) != nil else {
                return false
            }
            return contents.contains(denylist.contents)
        }
    }
}
