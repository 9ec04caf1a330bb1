import Denylist
import Synchronization
import TestSupport

@testable import Persistence

/// One daemon on a simulated disk, from a start to a crash, and what it has promised until then.
final class Lifetime {
    /// What a write did, and the log's position after it.
    struct Write {
        var position: UInt64
        var change: Change
    }

    enum Change {
        case set([UInt8], Stored)
        case remove([UInt8])
        /// All of them or none.
        case group([Change])
        /// Everything is forgotten under this epoch.
        case flush(EpochRecord)

        func apply(to contents: inout Contents) {
            switch self {
            case .set(let key, let stored): contents[key] = stored
            case .remove(let key): contents[key] = nil
            case .group(let changes): for change in changes { change.apply(to: &contents) }
            case .flush: contents = [:]
            }
        }
    }

    /// What survives the daemon: what was there when it started, and everything it did since.
    struct History {
        var start: Contents = [:]
        /// Its epoch when it began to serve; nil if it did not get so far.
        var epoch: EpochRecord?
        /// An epoch whose acceptance was answered.
        var accepted: EpochRecord?
        /// Whether nothing that it had acknowledged can have been missing when it ended.
        var isComplete = true
        var writes: [Write] = []
        /// How many of the writes were promised to survive anything.
        var promised = 0
        /// How many were answered.
        var answered = 0
    }

    let disk: SimulatedDisk
    let denylist = Denylist.small()
    private(set) var persistence: Persistence?
    private(set) var history = History()
    /// What the daemon answers.
    private var epoch: EpochRecord?

    init(_ disk: SimulatedDisk) { self.disk = disk }

    // MARK: Starting

    /// Recovers.
    /// - Throws: ``PersistenceError``; the code is `disk` if the disk has stopped.
    func recover(_ policy: SyncPolicy) throws -> (RecoveryReport, Contents) {
        var configuration = PersistenceConfiguration(directory: "data")
        configuration.policy = policy
        let persistence = try Persistence(configuration, denylist, files: disk, moment: { .start })
        self.persistence = persistence
        let report = try persistence.recover()
        history.start = denylist.contents
        return (report, history.start)
    }

    /// Begins to serve.
    func begin() throws -> EpochRecord {
        let (record, _) = try persistence!.begin(inBackground: false)
        epoch = record
        history.epoch = record
        note()
        return record
    }

    /// What is known of its end: nothing was missing, unless it had to leave the mark that says so.
    func end() {
        guard let persistence else { return }
        let information = persistence.information
        history.isComplete = !information.isMarkedUnclean && (epoch == nil || information.state != .off)
    }

    var log: AppendLog { persistence!.log }

    // MARK: Rewriting

    /// Rewrites the log, or begins a new one after a failure, with writes in between.
    func rewrite(_ random: inout SeededGenerator, isNew: Bool) {
        guard let persistence else { return }
        var generator = SeededGenerator(seed: random.next())
        let disturb = {
            for _ in 0..<Int.random(in: 0..<3, using: &generator) { self.write(&generator) }
            if Int.random(in: 0..<4, using: &generator) == 0 { self.commit(&generator) }
        }
        var rewrite = Rewrite(
            denylist: denylist, log: log, epochFile: persistence.epochFile, moment: { .start }, pause: disturb)
        rewrite.stepBytes = 200
        persistence.directory.withLock { directory in
            guard directory != nil else { return }
            if isNew { try? rewrite.renew(&directory!) } else { try? rewrite.compact(&directory!) }
        }
        note()
    }

    func commit(_ random: inout SeededGenerator) {
        let policy = persistence!.policy
        log.commit(synchronously: policy == .always || Int.random(in: 0..<4, using: &random) == 0)
        if Int.random(in: 0..<4, using: &random) == 0 { log.seal() }
        note()
    }

    // MARK: Writing

    private func add(_ position: UInt64, _ change: Change) {
        history.writes.append(Write(position: position, change: change))
    }

    /// Executes a write as the daemon would: refused while the disk fails.
    func write(_ random: inout SeededGenerator) {
        guard !log.refusesWrites else { return }
        let key = Array("key \(Int.random(in: 0..<30, using: &random))".utf8)
        switch Int.random(in: 0..<40, using: &random) {
        case 0: flush()
        case 1..<6: writeGroup(&random)
        default:
            let (position, change) = writeKey(key, &random)
            add(position, change)
        }
        note()
    }

    /// A transaction: the thread of the log may come in between.
    private func writeGroup(_ random: inout SeededGenerator) {
        var changes: [Change] = []
        var generator = SeededGenerator(seed: random.next())
        let position = log.appendGroup {
            for _ in 0..<Int.random(in: 0..<5, using: &generator) {
                let key = Array("key \(Int.random(in: 0..<30, using: &generator))".utf8)
                changes.append(writeKey(key, &generator).change)
                if Int.random(in: 0..<4, using: &generator) == 0 { commit(&generator) }
            }
        }
        add(position, .group(changes))
    }

    private func writeKey(_ key: [UInt8], _ random: inout SeededGenerator) -> (position: UInt64, change: Change) {
        switch Int.random(in: 0..<34, using: &random) {
        case 0..<9: return (denylist.remove(key, log), .remove(key))
        default:
            let length = Int.random(in: 0..<100, using: &random)
            let value = (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) }
            let expires = Bool.random(using: &random)
            let expiry = expires ? ClockReading.start.wall + .random(in: 1...1_000_000, using: &random) : Expiry.never
            return (
                denylist.set(key, value, expiry: expiry, log), .set(key, Stored(value: value, expiry: expiry))
            )
        }
    }

    private func flush() {
        guard let record = epoch?.replaced() else { return }
        epoch = record
        // As the daemon does, before the record is appended.
        persistence?.setEpoch(record)
        add(denylist.removeAll(log), .flush(record))
    }

    /// An operator accepts the epoch.
    func accept() {
        guard let record = epoch, record.isPending else { return }
        persistence?.setEpoch(record.accepted())
        do {
            try persistence?.storeEpoch()
            epoch = record.accepted()
            history.accepted = epoch
        } catch {
            persistence?.setEpoch(record)
        }
    }

    /// Counts what is promised by now.
    func note() {
        let (durable, acknowledged) = (log.durable, log.acknowledged)
        history.promised = max(history.promised, history.writes.prefix { $0.position <= durable }.count)
        history.answered = max(history.answered, history.writes.prefix { $0.position <= acknowledged }.count)
    }
}
