import Contract
import NIOCore

/// Some commands whose replies somebody waits for. It is finished once: by the replies, a failure or a cancellation,
/// whichever comes first; what comes later is dropped.
///
/// A task that waits is told if that takes long, and only then looks out for its cancellation: a handler for it would
/// cost every check more than reading the reply.
///
/// `@unchecked Sendable`: what is mutable is the caller's until the call is submitted, then its connection's event
/// loop's until it is finished, and then the caller's again.
class PendingCall: @unchecked Sendable {
    typealias Outcome = Result<Answer, StoreFailure>

    enum Answer: Sendable {
        /// One for each command.
        case replies([Reply])
        /// One for each command, and what the store said of itself behind them.
        case witnessed([Reply], Result<Witness, StoreFailure>)
        /// What was hoped for: the store holds none of the keys of a look-up, and the epoch; or it has acknowledged a
        /// write, and is the believed one.
        case expected
    }

    /// Goes on with nil if the call takes long.
    typealias Waiter = UnsafeContinuation<Outcome?, Never>

    private enum State {
        case new
        case waiting(Waiter, isCancellable: Bool)
        case watched(@Sendable (Outcome) -> Void)
        /// The task was told that the call takes long, and does not wait yet. The outcome, if it comes first.
        case slow(Outcome?)
        case finished
    }

    /// How many commands there are.
    final let commandCount: Int
    final let expected: ExpectedReply?
    /// Their bytes are no more.
    final let maximumBytes: Int
    /// As they are sent; nil if they are put together only then.
    private final let commands: ByteBuffer?
    private final var state = State.new

    fileprivate init(
        commandCount: Int, maximumBytes: Int, _ commands: ByteBuffer? = nil, expected: ExpectedReply? = nil
    ) {
        precondition(commandCount > 0, "a call has at least one command")
        self.commandCount = commandCount
        self.maximumBytes = maximumBytes
        self.commands = commands
        self.expected = expected
    }

    convenience init(_ commands: [Command]) {
        var bytes = ByteBuffer()
        for command in commands { bytes.write(command) }
        self.init(commandCount: commands.count, maximumBytes: bytes.readableBytes, bytes)
    }

    /// Calls a function with the outcome, in place of a task that waits.
    final func whenFinished(_ completion: @escaping @Sendable (Outcome) -> Void) -> Self {
        guard case .new = state else { preconditionFailure("a call has one caller") }
        state = .watched(completion)
        return self
    }

    /// Appends the commands, which are sent now.
    func write(to bytes: inout OutputRawSpan, at now: SentTime) {
        guard let commands else { preconditionFailure("a call has its commands, or puts them together") }
        bytes.append(commands.readableBytesSpan)
    }

    /// Lets the current task wait, which goes on at once if it was cancelled already.
    /// - Returns: false if so.
    final func wait(_ waiter: Waiter) -> Bool {
        guard !Task.isCancelled else {
            waiter.resume(returning: .failure(.cancelled))
            return false
        }
        state = .waiting(waiter, isCancellable: false)
        return true
    }

    /// Tells a task that waits, once, that this takes long: it comes back with ``waitCancellably(_:)``.
    final func resumeAsSlow() {
        guard case .waiting(let waiter, isCancellable: false) = state else { return }
        state = .slow(nil)
        waiter.resume(returning: nil)
    }

    /// Lets a task wait on that was told that this takes long.
    final func waitCancellably(_ waiter: Waiter) {
        guard case .slow(let outcome) = state else { preconditionFailure("nobody was told that this takes long") }
        if let outcome {
            state = .finished
            waiter.resume(returning: outcome)
        } else {
            state = .waiting(waiter, isCancellable: true)
        }
    }

    final func finish(_ outcome: Outcome) {
        switch state {
        case .waiting(let waiter, _):
            state = .finished
            waiter.resume(returning: outcome)
        case .watched(let completion):
            state = .finished
            completion(outcome)
        case .slow(nil): state = .slow(outcome)
        case .slow, .finished: break
        case .new: preconditionFailure("a call that was submitted has somebody who waits")
        }
    }

    final var isFinished: Bool {
        switch state {
        case .slow(_?), .finished: true
        case .new, .waiting, .watched, .slow(nil): false
        }
    }
}

extension PendingCall.Outcome {
    /// The replies to a call that has no witness and expects none in particular.
    func replies() throws(StoreFailure) -> [Reply] {
        guard case .replies(let replies) = try get() else { throw .unexpectedReply }
        return replies
    }
}

/// The look-up of one check, which is kept here so that it need not be copied from hand to hand.
///
/// `@unchecked Sendable`: as any call.
final class PendingCheck: PendingCall, @unchecked Sendable {
    let check: Check
    /// When the store was asked.
    private(set) var sentAt = SentTime.never
    /// Kept beside the check, which would be copied to be asked.
    let isIdentified: Bool

    /// - Parameter pinnedEpoch: nil if there is none yet.
    init(_ token: borrowing TokenClaims, in namespace: consuming Namespace, _ pinnedEpoch: PinnedEpoch?) {
        let check = Check(token, in: namespace, readsTerms: pinnedEpoch?.terms.areUnwritten ?? false)
        let keyCount = check.keyCount
        let maximumBytes = check.maximumCommandBytes
        isIdentified = check.isIdentified
        self.check = consume check
        super.init(
            commandCount: 1, maximumBytes: maximumBytes,
            expected: pinnedEpoch.map { ExpectedReply(keyCount: keyCount, pinnedEpoch: $0) })
    }

    /// Not before it is sent: so that nobody waits for the mailbox meanwhile.
    override func write(to bytes: inout OutputRawSpan, at now: SentTime) {
        sentAt = now
        bytes.append(check)
    }
}

/// The writing of one revocation that is no cut-off.
///
/// `@unchecked Sendable`: as any call.
final class PendingRevocation: PendingCall, @unchecked Sendable {
    let entry: RevocationEntry

    /// - Parameter pinnedEpoch: what the entry was reckoned from.
    init(_ entry: RevocationEntry, _ pinnedEpoch: PinnedEpoch) {
        self.entry = entry
        super.init(
            commandCount: 1, maximumBytes: entry.maximumCommandBytes, expected: .acknowledgement(pinnedEpoch))
    }

    override func write(to bytes: inout OutputRawSpan, at now: SentTime) { bytes.append(entry) }
}
