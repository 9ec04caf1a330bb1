import Denylist
import RevokedServer
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// Clocks that are wrong before, during and after everything that may happen to a daemon and its machine: no revocation
/// ends before its time has really passed, and none is kept longer than that and the time that nobody could measure.
@Suite struct ClockHistoryTests {
    @Test(arguments: 0..<10) func aRevocationLivesForItsTime(part: Int) throws {
        var tally = ClockHistory.Tally()
        for seed in 0..<30 {
            let history = ClockHistory(seed: UInt64(part * 30 + seed))
            try history.run()
            tally.add(history.tally)
        }
        // Something happened at all, of every kind.
        #expect(tally.ended > 50, "\(tally)")
        #expect(tally.alive > 500, "\(tally)")
        #expect(tally.asStock > 100, "\(tally)")
        for event in ClockHistory.Event.allCases { #expect(tally.events[event, default: 0] > 20, "\(event): \(tally)") }
    }
}

/// One history of a machine.
private final class ClockHistory {
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    enum Event: CaseIterable {
        case revoke, pass, setClock, rewrite, save
        case stop, kill, reboot, powerLoss, changeNamespace, restoreSnapshot
    }

    struct Tally {
        var events: [Event: Int] = [:]
        /// Revocations seen after their end, before it, and before it by a server that goes by the wall clock.
        var ended = 0
        var alive = 0
        var asStock = 0

        mutating func add(_ other: Tally) {
            events.merge(other.events, uniquingKeysWith: +)
            ended += other.ended
            alive += other.alive
            asStock += other.asStock
        }
    }

    /// What was acknowledged.
    private struct Revocation {
        /// When its time has really passed.
        var end: Int64
        /// How much longer it may be kept.
        var grace: Int64 = 0
        /// The least error of the wall clock since it was written. As long as that clock has not been put forward, a
        /// server that goes by it ends nothing early.
        var leastError: Int64
    }

    /// What a `dump.rdb` holds.
    private struct Snapshot {
        var revocations: [String: Revocation]
        var savedAt: Int64
        /// How many daemons were started since.
        var lives = 0
    }

    /// A checkpoint may be so old when the power fails, in milliseconds.
    private static let checkpointAge: Int64 = 5_000
    /// Clocks are read in whole milliseconds.
    private static let rounding: Int64 = 1

    let machine: SimulatedMachine
    private(set) var tally = Tally()
    private let seed: UInt64
    private var random: SeededGenerator
    private var revocations: [String: Revocation] = [:]
    private var snapshot: Snapshot?
    private var lastTime: Int64 = 0
    private var denylist = Denylist.small()
    private var clock: ServerClock!
    private var persistence: Persistence!

    init(seed: UInt64) {
        self.seed = seed
        random = SeededGenerator(seed: seed &* 31 &+ 7)
        machine = SimulatedMachine(seed: seed)
        machine.error = Self.errors.randomElement(using: &random)!
    }

    private static let errors: [Int64] = [
        0, 0, 500, -2_000, 20_000, -20_000, 7_200_000, -7_200_000, 31_536_000_000, -31_536_000_000,
    ]
    private static let durations: [Int64] = [1, 80, 900, 4_000, 60_000, 3_600_000, 86_400_000]

    func run() throws {
        try start()
        for _ in 0..<60 {
            let event =
                Int.random(in: 0..<3, using: &random) == 0 ? .revoke : Event.allCases.randomElement(using: &random)!
            try perform(event)
            tally.events[event, default: 0] += 1
            try check()
        }
        persistence.end()
    }

    private func duration() -> Int64 {
        Int64.random(in: 1...Self.durations.randomElement(using: &random)!, using: &random)
    }

    // MARK: Events

    private func perform(_ event: Event) throws {
        switch event {
        case .revoke: try revoke()
        case .pass:
            machine.pass(duration())
            tick()
        case .setClock:
            setClock()
            tick()
        case .rewrite:
            try persistence.perform(.rewrite)
        case .save:
            try persistence.perform(.save(isInBackground: false))
            snapshot = Snapshot(revocations: revocations, savedAt: machine.real)
        case .stop:
            persistence.end()
            machine.pass(duration())
            try start()
        case .kill:
            machine.pass(.random(in: 0...Self.checkpointAge, using: &random))
            machine.disk.kill()
            machine.pass(duration())
            try start()
        case .reboot:
            persistence.end()
            try startAfterReboot(since: machine.real)
        case .powerLoss:
            // Up to then the last checkpoint holds.
            let left = machine.real
            machine.pass(.random(in: 0...Self.checkpointAge, using: &random))
            machine.disk.crash()
            try startAfterReboot(since: left - Self.checkpointAge)
        case .changeNamespace:
            persistence.end()
            let left = machine.real
            machine.changeNamespace(by: .random(in: -1_000...1_000_000_000, using: &random))
            machine.pass(duration())
            allow(machine.real - left)
            try start()
        case .restoreSnapshot:
            guard let snapshot else { return }
            persistence.end()
            for name in try machine.disk.list("data/appendonlydir") {
                try machine.disk.remove("data/appendonlydir/\(name)")
            }
            revocations = snapshot.revocations
            // A checkpoint knows the runs of a few lives.
            if snapshot.lives > 5 { allow(machine.real - snapshot.savedAt) }
            self.snapshot = nil
            try start()
        }
    }

    private func setClock() {
        machine.error = Self.errors.randomElement(using: &random)!
        change { $0.leastError = min($0.leastError, machine.error) }
    }

    /// The elapsed time is unknown.
    private func allow(_ milliseconds: Int64) { change { $0.grace += milliseconds } }

    private func change(_ body: (inout Revocation) -> Void) {
        for key in revocations.keys { body(&revocations[key]!) }
        for key in (snapshot?.revocations ?? [:]).keys { body(&snapshot!.revocations[key]!) }
    }

    private func startAfterReboot(since left: Int64) throws {
        machine.pass(duration())
        // The clock that survives on a battery may be any.
        if Bool.random(using: &random) { setClock() }
        machine.reboot(uptime: .random(in: 1_000...100_000, using: &random))
        allow(machine.real - left)
        try start()
    }

    // MARK: The daemon

    private func start() throws {
        snapshot?.lives += 1
        denylist = .small()
        clock = ServerClock(machine.source, resumes: true)
        persistence = try Persistence(
            PersistenceConfiguration(directory: "data"), denylist, files: machine.disk,
            moment: { [clock = clock!] in clock.now() }, clock: clock)
        _ = try persistence.recover()
        _ = try persistence.begin(inBackground: false)
    }

    private func tick() {
        if clock.isCheckpointDue { try? persistence.keepClockNow() }
        denylist.reclaim(slots: 1_000, at: clock.now())
    }

    private func revoke() throws {
        let number = Int.random(in: 0..<12, using: &random)
        let name = "revoked:jti:\(number)"
        let lifetime = duration()
        let moment = clock.now()
        let key = Array(name.utf8)
        let wasThere = denylist.contains(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: moment)
        denylist.update(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: moment) { entry in
            let expiry = max(moment.guarded + lifetime, entry.exists ? entry.expiry : 0)
            entry.store([1].span.bytes, expiry: expiry)
            persistence.log.append(
                set: key.span.bytes, [1].span.bytes, expiry: expiry, isGuarded: true, at: moment)
        }
        persistence.log.commit(synchronously: true)
        let end = machine.real + lifetime
        // One that is kept longer than it had to be may be what decides.
        let old = wasThere ? revocations[name] : nil
        let latest = max(end, (old?.end ?? 0) + (old?.grace ?? 0))
        let newEnd = max(end, old?.end ?? 0)
        revocations[name] = Revocation(end: newEnd, grace: latest - newEnd, leastError: machine.error)
    }

    // MARK: Judging

    private func check() throws {
        let moment = clock.now()
        for (name, revocation) in revocations {
            let key = Array(name.utf8)
            let isThere = denylist.contains(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: moment)
            if machine.real < revocation.end {
                guard isThere else { throw fault("\(name) ended \(revocation.end - machine.real) ms early") }
                tally.alive += 1
            } else if machine.real >= revocation.end + revocation.grace + Self.rounding {
                let late = machine.real - revocation.end
                guard !isThere else { throw fault("\(name) is there after \(late) ms, grace \(revocation.grace)") }
                tally.ended += 1
                revocations[name] = nil
            }
        }
        let time = clock.time()
        guard time >= lastTime else { throw fault("TIME went back by \(lastTime - time) ms") }
        lastTime = time
        try checkAsStock()
    }

    /// Reads the log as a server that knows nothing of guarded time.
    private func checkAsStock() throws {
        var sink = RecordingSink()
        let directory = "data/appendonlydir"
        let contents = try machine.disk.contents(of: "\(directory)/\(Manifest.fileName)")
        let manifest = try contents.withBytes { try Manifest(decoding: $0) }
        for file in [manifest.base].compactMap({ $0 }) + manifest.increments {
            try machine.disk.contents(of: "\(directory)/\(file.name)").withBytes { bytes in
                if file.kind == .base {
                    _ = try RDBReader.read(bytes, ReadConfiguration(now: 0), into: &sink)
                } else {
                    _ = try LogReader.read(bytes, ReadConfiguration(now: 0), into: &sink)
                }
            }
        }
        for (name, revocation) in revocations
        where machine.real < revocation.end && machine.error <= revocation.leastError {
            guard let entry = sink.entries[name], entry.expiry - machine.wall >= revocation.end - machine.real else {
                throw fault("a stock server would end \(name) early")
            }
            tally.asStock += 1
        }
    }

    private func fault(_ what: String) -> Fault { Fault(description: "seed \(seed): \(what)") }
}
