import Denylist
import TestSupport
import Testing

@testable import Persistence

/// A disk that loses what it may lose, over many lives of a daemon on it: nothing that was promised is ever missing,
/// and a daemon always starts again.
@Suite struct PowerLossTests {
    /// Those of what is logged; ``ClockFileTests`` has those of the clocks, ``LeaseFileTests`` and
    /// ``StreamFileTests`` those of followers and replicas, ``ImportFileTests`` those of imports.
    private static let points = SyncPoint.allCases.filter {
        ![.clock, .clockName, .leases, .leasesName, .stream, .streamName, .imported, .importedName].contains($0)
    }

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
        #expect(seen == Set(Self.points))
    }

    /// Each of them is needed: without it the same runs lose something.
    @Test(arguments: points) func eachSyncIsNeeded(_ point: SyncPoint) {
        #expect(throws: Loss.self) {
            for seed in 0..<3_000 { try Self.run(seed: UInt64(seed), omitting: point) }
        }
    }

    /// Records that were found without their line are served from then on: a batch that is torn later must not take
    /// them.
    @Test func whatWasRecoveredOnceStays() throws {
        let disk = SimulatedDisk(seed: 1)
        func start(_ live: (Denylist, Persistence) -> Void = { _, _ in }) throws -> Contents {
            let denylist = Denylist.small()
            let persistence = try Persistence(
                PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
            _ = try persistence.recover()
            let found = denylist.contents
            _ = try persistence.begin(inBackground: false)
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
        // Whether no life since the last one that served has left word that something may be missing.
        var isComplete = true
        var dumps = Dumps()
        for life in 0..<10 {
            let lifetime = Lifetime(disk)
            disk.changesLeft = Int.random(in: 0..<[16, 50, 150].randomElement(using: &random)!, using: &random)
            let isCareful = Int.random(in: 0..<3, using: &random) > 0
            let policy = isCareful ? .always : [SyncPolicy.everysec, .no].randomElement(using: &random)!
            do {
                let (report, found) = try lifetime.recover(policy)
                let judge = Judge(seed: seed, life: life, histories: candidates, found: found)
                try judge.check(report)
                do {
                    let epoch = try lifetime.begin()
                    try judge.check(report, epoch, isComplete: isComplete)
                    live(lifetime, &random, &dumps)
                    candidates = []
                    isComplete = true
                    outcome.promised += lifetime.history.promised
                } catch let error as PersistenceError {
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
            lifetime.end()
            isComplete = isComplete && lifetime.history.isComplete
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
        var later = ContinuousClock.now
        for _ in 0..<60 where !disk.hasStopped {
            switch Int.random(in: 0..<40, using: &random) {
            case 0: lifetime.rewrite(&random, isNew: lifetime.log.refusesWrites)
            case 1: lifetime.accept()
            case 2:
                disk.failure = (Int.random(in: 0..<10, using: &random), [5, 28].randomElement(using: &random)!)
                disk.failuresAreDone = Bool.random(using: &random)
            case 3:
                let policy = SyncPolicy.allCases.randomElement(using: &random)!
                try? lifetime.persistence?.setPolicy(policy)
                lifetime.note()
            case 4:
                let hasSaved = (try? lifetime.persistence?.perform(.save(isInBackground: false))) != nil
                dumps.add(lifetime.denylist.contents, isSaved: hasSaved)
            // Later each time than any pause between two attempts.
            case 5:
                later += .seconds(3600)
                lifetime.persistence?.runPeriodic(at: later)
                lifetime.note()
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
}

/// Judges what a start finds after a crash.
private struct Judge {
    let seed: UInt64
    let life: Int
    let histories: [Lifetime.History]
    let found: Contents

    private func loss(_ problem: String) -> PowerLossTests.Loss {
        .init(seed: seed, description: "seed \(seed), life \(life): \(problem)")
    }

    /// After how many writes of a history the table was what was found, all that was promised being among them.
    private func matches(_ history: Lifetime.History) -> [Int] {
        var contents = history.start
        var matches: [Int] = []
        if history.promised == 0, contents == found { matches.append(0) }
        for (index, write) in history.writes.enumerated() {
            write.change.apply(to: &contents)
            if index + 1 >= history.promised, contents == found { matches.append(index + 1) }
        }
        return matches
    }

    /// What was found is what some prefix of the writes made, with all in it that was promised; and if something is
    /// missing that was answered, the denylist gets a new epoch.
    func check(_ report: RecoveryReport) throws {
        var problem = "something promised is missing"
        for history in histories {
            guard let best = matches(history).last else { continue }
            if best >= history.answered || report.uncleanReason != nil || report.source == .nothing { return }
            problem = "something answered is missing under the same epoch"
        }
        throw loss(problem)
    }

    /// A table that has forgotten everything has the epoch of that or a later one, and one that replaces another says
    /// so.
    func check(_ report: RecoveryReport, _ epoch: EpochRecord, isComplete: Bool) throws {
        guard let last = histories.last(where: { $0.epoch != nil }) else {
            // A start that was complete but for its last step has left the mark.
            if epoch.isPending, isComplete { throw loss("an epoch that replaces nothing that was served is pending") }
            return
        }
        var records = [last.epoch!]
        for case .flush(let record) in last.writes.map(\.change) { records.append(record) }
        guard records.contains(where: { $0.epoch == epoch.epoch }) else {
            if isComplete {
                throw loss("the epoch is new, and nothing can be missing: \(report.uncleanReason ?? "no doubt")")
            }
            let believed = records.flatMap { [$0.epoch, $0.predecessor] }
            guard epoch.isPending, believed.contains(epoch.predecessor) else {
                throw loss("a new epoch does not say what it replaces")
            }
            return
        }
        if let accepted = last.accepted, accepted.epoch == epoch.epoch, epoch.isPending {
            throw loss("an acceptance that was answered is lost")
        }
        guard report.uncleanReason == nil else { throw loss("something may be missing, and the epoch is the same") }
        for history in histories where history.epoch != nil {
            let isRight = matches(history).contains { count in
                let forgotten = history.writes.prefix(count).last { if case .flush = $0.change { true } else { false } }
                guard case .flush(let record)? = forgotten?.change else { return true }
                // Its own epoch, or that of a later one.
                let younger = history.writes.drop { write in
                    if case .flush(record) = write.change { false } else { true }
                }
                return younger.contains {
                    if case .flush(let record) = $0.change { record.epoch == epoch.epoch } else { false }
                }
            }
            if isRight { return }
        }
        if histories.allSatisfy({ $0.epoch == nil || matches($0).isEmpty }) { return }
        throw loss("everything was forgotten under the epoch before")
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
        var sink = TableSink(denylist, at: .start)
        return file.withBytes { bytes in
            guard (try? RDBReader.read(bytes, ReadConfiguration(now: ClockReading.start.wall), into: &sink)) != nil
            else {
                return false
            }
            return contents.contains(denylist.contents)
        }
    }
}
