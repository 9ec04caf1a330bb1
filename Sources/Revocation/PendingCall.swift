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

    /// The answer that most look-ups get: it is recognised where it is read, so that nothing need be kept of it.
    struct Hope: Sendable {
        let keyCount: Int
        /// What the last key is believed to hold.
        let epoch: [UInt8]
    }

    private enum Waiter {
        case task(UnsafeContinuation<Outcome, Never>)
        case completion(@Sendable (Result<[Reply], StoreFailure>) -> Void)
    }

    private enum State: UInt8, AtomicRepresentable { case new, waiting, finished }

    /// How many commands there are.
    final let commandCount: Int
    final let hope: Hope?
    private final var waiter: Waiter?
    private final let state = Atomic(State.new)

    init(commandCount: Int, hope: Hope? = nil) {
        precondition(commandCount > 0, "a call has at least one command")
        self.commandCount = commandCount
        self.hope = hope
    }

    /// Sets what is to be done with the replies.
    convenience init(
        commandCount: Int, whenFinished completion: @escaping @Sendable (Result<[Reply], StoreFailure>) -> Void
    ) {
        self.init(commandCount: commandCount)
        waiter = .completion(completion)
        state.store(.waiting, ordering: .releasing)
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
final class PendingCheck: PendingCall, @unchecked Sendable {
    let check: Check

    /// - Parameter believedEpoch: nil if there is none yet.
    init(_ check: Check, believedEpoch: [UInt8]?) {
        self.check = check
        super.init(commandCount: 1, hope: believedEpoch.map { Hope(keyCount: check.keyCount, epoch: $0) })
    }
}
