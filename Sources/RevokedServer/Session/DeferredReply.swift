import Synchronization

/// The outcome of what a command had another thread do: its reply waits for it, and nobody else does.
final class DeferredReply: Sendable, Equatable {
    enum Outcome {
        case pending
        /// The reply that was noted is right.
        case done
        /// There is no reply: the connection is going to be closed.
        case silent
        /// This takes the place of the reply that was noted, in RESP.
        case answer(String)
        /// An error, which begins with its code.
        case failed(String)
    }

    private let outcome = Mutex(Outcome.pending)

    func complete(_ outcome: Outcome) { self.outcome.withLock { $0 = outcome } }

    /// - Parameter failure: nil if all went well.
    func complete(_ failure: String?) { complete(failure.map(Outcome.failed) ?? .done) }

    var isDone: Bool {
        outcome.withLock { if case .pending = $0 { false } else { true } }
    }

    /// What takes the place of the reply that was noted; nil if nothing does.
    var replacement: String? {
        switch outcome.withLock({ $0 }) {
        case .pending, .done: nil
        case .silent: ""
        case .answer(let reply): reply
        case .failed(let error): "-\(error)\r\n"
        }
    }

    static func == (one: DeferredReply, other: DeferredReply) -> Bool { one === other }
}
