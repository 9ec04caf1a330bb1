import Synchronization

/// Commands that took long: `SLOWLOG`. The newest are kept.
///
/// Reading the clock around a command costs more than a short one takes. So a command is timed if it may take long
/// (``Command/Flags/slow``, or many arguments), and one in 256 of all others. If `slowlog-log-slower-than` is below
/// ``everyCommandBelow``, each is.
final class SlowLog: Sendable {
    struct Entry: Sendable {
        let id: Int
        /// Unix seconds.
        let time: Int64
        let microseconds: Int64
        let arguments: [[UInt8]]
        let address: String
        let clientName: [UInt8]
    }

    /// In microseconds.
    private static let everyCommandBelow = 1000
    /// What of a number of calls has to be zero for a call to be timed: one in 256, or every one.
    private static let sampled = 255

    private struct State {
        var entries: [Entry] = []
        var nextID = 0
        var maximum: Int
    }

    private let state: Mutex<State>
    private let slowerThan: Atomic<Int>
    private let untimed: Atomic<Int>

    init(slowerThan: Int, maximum: Int) {
        state = Mutex(State(maximum: maximum))
        self.slowerThan = Atomic(slowerThan)
        untimed = Atomic(Self.untimedCalls(slowerThan))
    }

    private static func untimedCalls(_ slowerThan: Int) -> Int {
        (0..<everyCommandBelow).contains(slowerThan) ? 0 : sampled
    }

    /// What a command's number of calls is masked with: it is timed if that leaves 0.
    var untimedCalls: Int { untimed.load(ordering: .relaxed) }

    /// `slowlog-log-slower-than`, in microseconds; below 0: no command is logged.
    var threshold: Int {
        get { slowerThan.load(ordering: .relaxed) }
        set {
            slowerThan.store(newValue, ordering: .relaxed)
            untimed.store(Self.untimedCalls(newValue), ordering: .relaxed)
        }
    }

    /// `slowlog-max-len`. Fewer takes effect with the next entry.
    var maximum: Int {
        get { state.withLock { $0.maximum } }
        set { state.withLock { $0.maximum = newValue } }
    }

    func isSlow(_ microseconds: Int64) -> Bool {
        let threshold = threshold
        return threshold >= 0 && microseconds >= threshold
    }

    func add(
        _ arguments: [[UInt8]], microseconds: Int64, at time: Int64, address: String, clientName: [UInt8]
    ) {
        state.withLock { state in
            let entry = Entry(
                id: state.nextID, time: time, microseconds: microseconds, arguments: arguments, address: address,
                clientName: clientName)
            state.nextID += 1
            state.entries.append(entry)
            if state.entries.count > state.maximum { state.entries.removeFirst(state.entries.count - state.maximum) }
        }
    }

    /// The newest ones, the newest first.
    func newest(_ count: Int) -> [Entry] { state.withLock { Array($0.entries.suffix(count).reversed()) } }
    var count: Int { state.withLock { $0.entries.count } }
    func reset() { state.withLock { $0.entries = [] } }
}
