/// What may happen next on one connection while its replies wait: how far its input is read and executed, when it is
/// dropped and when it closes. Both transports tell it what happened and carry out what it decides; it does no I/O and
/// has no clock.
///
/// Replies wait for the client, which may not read them, or for the disk. While the client does not read, its requests
/// are read all the same, up to the output limit: many clients write everything before they read anything, and would
/// wait for ever. While the disk stands still nothing more is read: it will go on.
package struct OutputPolicy {
    /// What is done with a connection's input.
    enum Input {
        /// It is read and executed.
        case execute
        /// It is read, and kept for later.
        case keep
        /// It is not read.
        case wait
    }

    /// What waits on the connection.
    struct Load {
        /// Bytes of replies that have not left.
        var pending = 0
        /// Those of them that wait for the client to read.
        var unread = 0
        /// Replies, or runs of them, that wait for the log.
        var holds = 0
        /// Bytes that were read and have not been executed.
        var input = 0
        /// It has not authenticated.
        var isStranger = false
        /// What may wait for it, if it is subscribed to something.
        var limit: SubscriberLimit?
    }

    /// What waits on all connections together, in bytes.
    struct Totals {
        var output = 0
        var input = 0
        /// The most that may wait of each.
        var limit = Int.max
    }

    enum Decision: Equatable {
        /// It goes on. `resumes`: the session has input to execute now.
        case proceed(reads: Bool, resumes: Bool)
        /// All is answered: close it.
        case close
        case drop(Drop)
    }

    /// Replies that may wait for the log on one connection, and bytes of requests or replies behind the first of them.
    private static let holdLimit = 4096
    private static let heldBytesLimit = 1 << 20
    /// When this much waits on all connections together, those that wait for the log execute nothing more.
    private static let allHeldLimit = 8 << 20
    /// A client that has not authenticated and leaves more than this unread is dropped, in bytes (Redis 7.4). What the
    /// system holds for it is not counted.
    private static let strangerUnreadLimit = 1 << 10

    // Times in milliseconds.

    /// A client that has reached its limits and reads nothing of what it is owed for this long is dropped.
    private static let blockedPatience: Int64 = 3_000
    /// A client that reads nothing of what it is owed for this long is dropped.
    package static let unreadPatience: Int64 = 60_000
    /// The time that clients have to authenticate.
    private static let authenticationTime: Int64 = 10_000
    /// How long the end of the daemon waits for clients to read what they are owed.
    static let drainTime: Int64 = 3_000
    /// How often ``overdue(_:at:)`` is asked.
    static let checkInterval: Int64 = 1_000

    /// The most that may wait for the client, in bytes.
    private let outputLimit: Int
    /// What was decided last.
    private(set) var input = Input.execute
    /// The session has input left to execute.
    private(set) var needsResume = false
    /// A write waits until the log has room.
    private(set) var isStalled = false
    /// It closes once its replies have left.
    private(set) var isClosing = false
    /// The client sends nothing more. It may still read.
    private var hasInputEnded = false
    /// The daemon is about to end.
    private var isDraining = false
    /// Bytes that were read since a reply waits for the log.
    private var inputSinceHold = 0
    /// When the client last took something while more was waiting.
    private(set) var progressAt: Int64 = 0
    /// Since when more has waited for it than the soft limit of its subscriptions; nil if it has not.
    private var overSoftLimitSince: Int64?
    /// Since when it has had to authenticate; nil if it has not.
    private var mustAuthenticateSince: Int64?

    init(outputLimit: Int) { self.outputLimit = outputLimit }

    // MARK: What happened

    /// - Parameter holds: the replies that wait for the log, as in ``Load``.
    mutating func didRead(_ count: Int, holds: Int) {
        if holds > 0 { inputSinceHold += count }
    }

    /// What was read is kept by the session.
    mutating func didKeep() { needsResume = true }

    /// The session has executed what it was given.
    mutating func didExecute(_ outcome: ClientSession.Outcome) {
        switch outcome {
        case .open: break
        case .paused: needsResume = true
        case .stalled: stall()
        case .closing: isClosing = true
        }
    }

    /// The session waits until the log has room.
    mutating func stall() {
        isStalled = true
        needsResume = true
    }

    /// The log has room.
    mutating func endStall() { isStalled = false }

    /// - Returns: whether the session is to go on with its input now.
    mutating func takeResume() -> Bool {
        guard needsResume, input == .execute, !isClosing else { return false }
        needsResume = false
        return true
    }

    /// The client took something, or something began to wait for it.
    mutating func didProgress(at now: Int64) { progressAt = now }

    /// The client has ended its side: what it sent is answered before the connection closes.
    mutating func endInput() { hasInputEnded = true }

    /// The daemon is about to end: the connection closes once all that has arrived is answered.
    mutating func drain() { isDraining = true }

    /// A connection that has to authenticate was made. ``next(_:_:at:)`` notices any later change.
    mutating func awaitAuthentication(from now: Int64) { mustAuthenticateSince = now }

    // MARK: What comes next

    /// Whether what was read now is to be executed at once.
    var executesInput: Bool { input == .execute && !needsResume }

    /// Whether input may be read now: not while the session has some left to execute.
    var mayRead: Bool {
        guard !isClosing, !hasInputEnded else { return false }
        return input == .keep || executesInput
    }

    /// Decides how to go on, after anything has happened.
    mutating func next(_ load: Load, _ totals: Totals, at now: Int64) -> Decision {
        if load.pending == 0, isClosing || (hasInputEnded || isDraining) && !needsResume { return .close }
        if let drop = excess(load) { return .drop(drop) }
        noteSoftLimit(load, at: now)
        if load.holds == 0 { inputSinceHold = 0 }
        if load.isStranger != (mustAuthenticateSince != nil) { mustAuthenticateSince = load.isStranger ? now : nil }
        input = nextInput(load, totals)
        return .proceed(
            reads: input != .wait && !isClosing && !hasInputEnded,
            resumes: needsResume && input == .execute && !isClosing)
    }

    private mutating func noteSoftLimit(_ load: Load, at now: Int64) {
        guard let limit = load.limit, limit.soft > 0, load.pending > limit.soft else {
            overSoftLimitSince = nil
            return
        }
        if overSoftLimitSince == nil { overSoftLimitSince = now }
    }

    private func nextInput(_ load: Load, _ totals: Totals) -> Input {
        if isStalled { return .wait }
        if load.holds > 0 {
            let held = max(inputSinceHold, load.pending - load.unread)
            if load.holds > Self.holdLimit || held > Self.heldBytesLimit || totals.output > Self.allHeldLimit {
                return .wait
            }
        }
        let pauseLimit = outputLimit / 4
        guard load.unread > (input == .execute ? pauseLimit : pauseLimit / 2) else { return .execute }
        return totals.input < totals.limit && load.pending + load.input < outputLimit ? .keep : .wait
    }

    /// Why the client has to go for the replies that wait; nil if it may stay.
    private func excess(_ load: Load) -> Drop? {
        if load.pending > outputLimit { return .outputLimit }
        if let limit = load.limit, limit.hard > 0, load.pending > limit.hard { return .messages }
        return load.isStranger && load.unread > Self.strangerUnreadLimit ? .strangerOutput : nil
    }

    /// Whether so much waits for all clients together that one of them has to go.
    func mustMakeRoom(_ load: Load, _ totals: Totals) -> Bool {
        load.pending > 0 && totals.output > totals.limit && excess(load) == nil
    }

    /// Whether ``overdue(_:at:)`` may ever have something to say.
    func hasDeadline(_ load: Load) -> Bool { load.pending > 0 || mustAuthenticateSince != nil }

    /// Why the client has to go, which has not done in time what it must; nil if it may stay.
    func overdue(_ load: Load, at now: Int64) -> Drop? {
        if let since = mustAuthenticateSince, now - since >= Self.authenticationTime { return .unauthenticated }
        if let limit = load.limit, let since = overSoftLimitSince, now - since >= Int64(limit.seconds) * 1000 {
            return .messages
        }
        guard load.unread > 0 else { return nil }
        let idle = now - progressAt
        if idle > Self.unreadPatience { return .unread }
        let waitsForLog = load.holds > 0 || isStalled
        return input == .wait && !waitsForLog && idle > Self.blockedPatience ? .blocked : nil
    }
}
