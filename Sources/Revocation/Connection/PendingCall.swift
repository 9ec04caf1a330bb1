import Contract
import NIOCore

/// Commands and the caller that waits for their replies. The first outcome finishes the call: replies, a failure or a
/// cancellation. Later outcomes are dropped.
///
/// A task that waits is told when the call takes long, and only then installs a cancellation handler. Such a handler
/// would cost each check more than reading the reply.
///
/// `@unchecked Sendable`: mutable state belongs to the caller until the call is submitted, then to the connection's
/// event loop until it is finished, and then to the caller again.
class PendingCall: @unchecked Sendable {
    typealias Outcome = Result<Answer, StoreFailure>

    enum Answer: Sendable {
        /// One for each command.
        case replies([Reply])
        /// One for each command, and the witness read behind them.
        case witnessed([Reply], Result<Witness, StoreFailure>)
        /// The expected reply: a look-up found no key but the pinned epoch, or a write was acknowledged under the
        /// pinned epoch and terms.
        case expected
    }

    /// Resumed with nil if the call takes long.
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
    /// An upper bound of the bytes of all commands.
    final let maximumBytes: Int
    /// The encoded commands; nil if they are encoded when they are sent.
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

    /// Appends the encoded commands to the output.
    func write(to bytes: inout OutputRawSpan, at now: SentTime) {
        guard let commands else { preconditionFailure("a call has its commands, or puts them together") }
        bytes.append(commands.readableBytesSpan)
    }

    /// Suspends the current task until the outcome, or resumes it at once if it was cancelled.
    /// - Returns: false if so.
    final func wait(_ waiter: Waiter) -> Bool {
        guard !Task.isCancelled else {
            waiter.resume(returning: .failure(.cancelled))
            return false
        }
        state = .waiting(waiter, isCancellable: false)
        return true
    }

    /// Resumes a task that waits, once, with nil: the call takes long, and the task waits again with
    /// ``waitCancellably(_:)``.
    final func resumeAsSlow() {
        guard case .waiting(let waiter, isCancellable: false) = state else { return }
        state = .slow(nil)
        waiter.resume(returning: nil)
    }

    /// Suspends a task again that was told that its call takes long.
    final func waitCancellably(_ waiter: Waiter) {
        guard case .slow(let outcome) = state else {
            preconditionFailure("the task was not told that the call takes long")
        }
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
        case .new: preconditionFailure("a submitted call has a waiting caller")
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

/// The look-up of one check. The check is stored here, so it is not copied between functions.
///
/// `@unchecked Sendable`: as any call.
final class PendingCheck: PendingCall, @unchecked Sendable {
    let check: Check
    /// When the command was sent.
    private(set) var sentAt = SentTime.never
    /// Stored beside the check, because reading it from the check would copy the check.
    let isIdentified: Bool

    /// - Parameter pinnedEpoch: nil before first contact.
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

    /// Encodes when sent, not when submitted: the mailbox is locked for less time.
    override func write(to bytes: inout OutputRawSpan, at now: SentTime) {
        sentAt = now
        bytes.append(check)
    }
}

/// The write of one revocation other than a cut-off.
///
/// `@unchecked Sendable`: as any call.
final class PendingRevocation: PendingCall, @unchecked Sendable {
    let entry: RevocationEntry

    /// - Parameter pinnedEpoch: the terms that the lifetime was calculated from, with their epoch.
    init(_ entry: RevocationEntry, _ pinnedEpoch: PinnedEpoch) {
        self.entry = entry
        super.init(
            commandCount: 1, maximumBytes: entry.maximumCommandBytes, expected: .acknowledgement(pinnedEpoch))
    }

    override func write(to bytes: inout OutputRawSpan, at now: SentTime) { bytes.append(entry) }
}
