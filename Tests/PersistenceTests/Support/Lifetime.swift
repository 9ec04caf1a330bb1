import Denylist
import Synchronization

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
        case flush(epoch: [UInt8])

        func apply(to contents: inout Contents) {
            switch self {
            case .set(let key, let stored): contents[key] = stored
            case .remove(let key): contents[key] = nil
            case .flush(let epoch):
                contents = [Denylist.epochKey: Stored(value: epoch, expiry: Expiry.never)]
            }
        }
    }

    /// What survives the daemon: what was there when it started, and everything it did since.
    struct History {
        var start: Contents = [:]
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
    private var epochs: UInt64

    init(_ disk: SimulatedDisk, epochs: UInt64) {
        self.disk = disk
        self.epochs = epochs
    }

    // MARK: Starting

    /// Recovers.
    /// - Throws: ``PersistenceError``; the code is `disk` if the disk has stopped.
    func recover(_ policy: SyncPolicy) throws -> (RecoveryReport, Contents) {
        var configuration = PersistenceConfiguration(directory: "data")
        configuration.policy = policy
        let persistence = try Persistence(configuration, denylist, files: disk, moment: { .start })
        let report = try persistence.recover()
        self.persistence = persistence
        history.start = denylist.contents
        return (report, history.start)
    }

    /// Begins to serve.
    func begin() throws {
        try persistence!.begin(renewEpoch: { self.renewEpoch() }, inBackground: false)
        note()
    }

    private func nextEpoch() -> [UInt8] {
        epochs += 1
        return Array("epoch \(epochs)".utf8)
    }

    private func renewEpoch() {
        let epoch = nextEpoch()
        let position = denylist.set(Denylist.epochKey, epoch, log)
        add(position, .set(Denylist.epochKey, Stored(value: epoch, expiry: Expiry.never)))
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
        var rewrite = Rewrite(denylist: denylist, log: log, moment: { .start }, pause: disturb)
        rewrite.entriesAtOnce = 5
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
        case 0:
            let epoch = nextEpoch()
            add(denylist.flush(epoch: epoch, log), .flush(epoch: epoch))
        case 1..<10: add(denylist.remove(key, log), .remove(key))
        default:
            let length = Int.random(in: 0..<100, using: &random)
            let value = (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) }
            let expires = Bool.random(using: &random)
            let expiry = expires ? Moment.start.wall + .random(in: 1...1_000_000, using: &random) : Expiry.never
            add(
                denylist.set(key, value, expiry: expiry, log),
                .set(key, Stored(value: value, expiry: expiry)))
        }
        note()
    }

    /// Counts what is promised by now.
    func note() {
        let (durable, acknowledged) = (log.durable, log.acknowledged)
        history.promised = max(history.promised, history.writes.prefix { $0.position <= durable }.count)
        history.answered = max(history.answered, history.writes.prefix { $0.position <= acknowledged }.count)
    }
}
