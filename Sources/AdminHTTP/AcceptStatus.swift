import Synchronization

/// Whether a listening channel accepts connections, for whoever asks how a process fares.
package final class AcceptStatus: Sendable {
    /// Making room for a connection takes less: shorter than that nothing has stopped.
    static let patience = Duration.seconds(1)

    private let stoppedAt = Mutex<ContinuousClock.Instant?>(nil)

    package init() {}

    /// Whether none has been accepted for a while, although there may be some that wait.
    package var hasStopped: Bool { hasStopped(at: .now) }

    func hasStopped(at now: ContinuousClock.Instant) -> Bool {
        stoppedAt.withLock { $0.map { now - $0 >= Self.patience } ?? false }
    }

    func note(isAccepting: Bool, at now: ContinuousClock.Instant = .now) {
        stoppedAt.withLock { $0 = isAccepting ? nil : $0 ?? now }
    }
}
