import Contract
import NIOCore
import Synchronization

/// Some commands whose replies somebody waits for. It is finished once: by the replies, a failure or a cancellation,
/// whichever comes first; what comes later is dropped.
///
/// `@unchecked Sendable`: `waiter` is set before the state says so, and used only by the one who ends that state.
class PendingCall: @unchecked Sendable {
    typealias Outcome = Result<Answer, StoreFailure>

    enum Answer: Sendable {
        /// One for each command.
        case replies([Reply])
        /// The store holds none of the keys of a look-up, and the epoch that was hoped for.
        case asHoped
    }

    private enum Waiter {
        case task(UnsafeContinuation<Outcome, Never>)
        case completion(@Sendable (Result<[Reply], StoreFailure>) -> Void)
    }

    private enum State: UInt8, AtomicRepresentable { case new, waiting, finished }

    /// How many commands there are.
    final let commandCount: Int
    final let hope: Hope?
    /// Their bytes are no more.
    final let maximumBytes: Int
    /// As they are sent; nil if they are put together only then.
    private final let commands: ByteBuffer?
    private final var waiter: Waiter?
    private final let state = Atomic(State.new)

    fileprivate init(commandCount: Int, maximumBytes: Int, _ commands: ByteBuffer? = nil, hope: Hope? = nil) {
        precondition(commandCount > 0, "a call has at least one command")
        self.commandCount = commandCount
        self.maximumBytes = maximumBytes
        self.commands = commands
        self.hope = hope
    }

    convenience init(_ commands: [Command]) {
        var bytes = ByteBuffer()
        for command in commands { bytes.write(command) }
        self.init(commandCount: commands.count, maximumBytes: bytes.readableBytes, bytes)
    }

    /// Sets what is to be done with the replies.
    convenience init(
        _ commands: [Command], whenFinished completion: @escaping @Sendable (Result<[Reply], StoreFailure>) -> Void
    ) {
        self.init(commands)
        waiter = .completion(completion)
        state.store(.waiting, ordering: .releasing)
    }

    /// Appends the commands, which are sent now.
    func write(to bytes: inout OutputRawSpan, at now: SentTime) {
        guard let commands else { preconditionFailure("a call has its commands, or puts them together") }
        bytes.append(commands.readableBytesSpan)
    }

    /// Sets the task that waits, which goes on at once if the call was cancelled already.
    /// - Returns: false if so.
    final func wait(_ continuation: UnsafeContinuation<Outcome, Never>) -> Bool {
        waiter = .task(continuation)
        let (isWaiting, _) = state.compareExchange(
            expected: .new, desired: .waiting, ordering: .acquiringAndReleasing)
        if !isWaiting { continuation.resume(returning: .failure(.cancelled)) }
        return isWaiting
    }

    final func finish(_ outcome: Outcome) {
        guard state.exchange(.finished, ordering: .acquiringAndReleasing) == .waiting else { return }
        switch waiter {
        case .task(let continuation): continuation.resume(returning: outcome)
        case .completion(let completion):
            completion(
                outcome.flatMap { answer in
                    switch answer {
                    case .replies(let replies): .success(replies)
                    case .asHoped: .failure(.unexpectedReply)
                    }
                })
        case nil: preconditionFailure("a call that is waiting has somebody who waits")
        }
    }

    final var isFinished: Bool { state.load(ordering: .relaxed) == .finished }
}

/// The look-up of one check, which is kept here so that it need not be copied from hand to hand.
///
/// `@unchecked Sendable`: nothing of its own is mutable but an atomic value.
final class PendingCheck: PendingCall, @unchecked Sendable {
    let check: Check
    private let latestSentAt = Atomic(SentTime.never)
    /// Kept beside the check, which would be copied to be asked.
    let isIdentified: Bool

    /// - Parameter belief: nil if there is none yet.
    init(_ token: borrowing TokenClaims, in namespace: Namespace, _ belief: Belief?) {
        let check = Check(token, in: namespace)
        let keyCount = check.keyCount
        isIdentified = check.isIdentified
        self.check = consume check
        super.init(
            commandCount: 1, maximumBytes: Check.maximumCommandBytes(keyCount: keyCount, in: namespace),
            hope: belief.map { Hope(keyCount: keyCount, belief: $0) })
    }

    /// When the store was asked; nil if it was not.
    var sentAt: ContinuousClock.Instant? { latestSentAt.load(ordering: .relaxed).instant }

    /// Not before it is sent: so that nobody waits for the mailbox meanwhile.
    override func write(to bytes: inout OutputRawSpan, at now: SentTime) {
        latestSentAt.store(now, ordering: .relaxed)
        bytes.append(check)
    }
}
