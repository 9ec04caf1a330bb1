import Denylist
import Persistence
import Synchronization

/// The daemon's clocks: the wall clock, guarded time, and the time that `TIME` answers.
final class ServerClock: DaemonClock {
    private let source: TimeSource
    /// Guarded time minus time since boot: what ``state`` says, for readers that must not wait.
    private let offset: Atomic<Int64>
    private let state: Mutex<State>
    private let keepsGuardedTime: Bool

    private struct State {
        var guarded: GuardedClock
        var time: DurableTime
        /// Who waits for the operator's word to be on disk.
        var waiting: [Told] = []
    }

    /// - Parameter resumes: whether a data directory will say where the clocks go on. Until then guarded time is as
    ///   early as can be, so that nothing has ended.
    /// - Parameter keepsGuardedTime: whether guarded time goes on over restarts; otherwise it begins with the wall
    ///   clock.
    init(_ source: TimeSource, resumes: Bool = false, keepsGuardedTime: Bool = true) {
        self.source = source
        self.keepsGuardedTime = keepsGuardedTime
        let (wall, boot) = source.readBoth()
        let guarded = GuardedClock(at: resumes ? GuardedClock.range.lowerBound : wall, boot: boot)
        offset = Atomic(guarded.time(at: boot) - boot)
        state = Mutex(State(guarded: guarded, time: DurableTime(StoreTime(wall, boot: boot))))
    }

    // MARK: Reading

    func now() -> ClockReading { read().moment }

    /// The moment, and the milliseconds since boot that it was read at.
    func read() -> (moment: ClockReading, uptime: Int64) {
        let boot = source.boot()
        return (ClockReading(wall: source.wall(), guarded: boot &+ offset.load(ordering: .relaxed)), boot)
    }

    /// What `TIME` answers, in Unix milliseconds: no earlier than what it, or a daemon before, has answered.
    func time() -> Int64 {
        let (wall, boot) = source.readBoth()
        return state.withLock { $0.time.read(wall: wall, boot: boot) }
    }

    /// Milliseconds that no clock setting moves.
    func uptime() -> Int64 { source.boot() }

    /// Milliseconds that the calling thread has had of a processor.
    func processorTime() -> Int64 { source.processor() }

    // MARK: On disk

    func resume(after evidence: ClockEvidence) {
        let now = source.sample()
        state.withLock { state in
            state.time = DurableTime(evidence.storeTime(at: now))
            let guarded = evidence.guardedClock(at: now)
            run(keepsGuardedTime ? guarded : GuardedClock(at: now.wall, boot: now.boot), &state)
        }
    }

    private func run(_ guarded: GuardedClock, _ state: inout State) {
        state.guarded = guarded
        offset.store(guarded.time(at: 0), ordering: .relaxed)
    }

    /// Whether a checkpoint is due. Asked many times a minute.
    var isCheckpointDue: Bool {
        let (wall, boot) = source.readBoth()
        return state.withLock { $0.time.isDue(wall: wall, boot: boot) }
    }

    func dueCheckpoint() -> ClockCheckpoint? {
        guard isCheckpointDue else { return nil }
        let now = source.sample()
        return state.withLock { $0.time.dueCheckpoint(now, $0.guarded) }
    }

    func checkpoint(isLast: Bool) -> ClockCheckpoint {
        let now = source.sample()
        return state.withLock { $0.time.checkpoint(now, $0.guarded, isLast: isLast) }
    }

    func stored(_ checkpoint: ClockCheckpoint) { conclude(isDone: true) { $0.stored(checkpoint) } }
    func failed(_ checkpoint: ClockCheckpoint) { conclude(isDone: false) { $0.failed(checkpoint) } }

    /// Follows the wall clock where nothing is kept on disk. Called many times a minute.
    func followUnkept() {
        let (wall, boot) = source.readBoth()
        conclude(isDone: true) { $0.followUnkept(wall: wall, boot: boot) }
    }

    /// - Parameter body: says whether the operator's word was carried out, or could not be.
    private func conclude(isDone: Bool, _ body: (inout DurableTime) -> Bool) {
        let waiting = state.withLock { state in
            guard body(&state.time) else { return [] as [Told] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for told in waiting { told(isDone) }
    }

    // MARK: The operator's word

    typealias Told = @Sendable (_ isDone: Bool) -> Void

    /// What only an operator can decide; nil if nothing.
    var disagreement: StoreTime.Disagreement? {
        let (wall, boot) = source.readBoth()
        return state.withLock { $0.time.disagreement(wall: wall, boot: boot) }
    }

    /// How far `TIME` is ahead of the wall clock, in milliseconds.
    var lead: Int64 {
        let (wall, boot) = source.readBoth()
        return state.withLock { $0.time.lead(wall: wall, boot: boot) }
    }

    /// Takes the wall clock for right: `TIME` goes on from there. Guarded time does not change.
    /// - Parameter told: called on any thread when that is on disk, or could not be.
    func trust(_ told: @escaping Told) {
        let now = source.sample()
        state.withLock { state in
            state.waiting.append(told)
            state.time.trust(now, state.guarded)
        }
    }

    /// Puts guarded time and `TIME` forward to the wall clock. Never while anyone is served: it ends entries.
    func advance() {
        let (wall, boot) = source.readBoth()
        state.withLock { state in
            state.time.followAtStart(wall: wall, boot: boot)
            if wall > state.guarded.time(at: boot) { run(GuardedClock(at: wall, boot: boot), &state) }
        }
    }
}
