public import Contract
import Synchronization

/// Why ``RevocationList/withToken(_:policy:_:)`` has ended its body.
public enum TokenEnd: Error, Sendable, CustomStringConvertible {
    /// The token was revoked.
    case revoked(Reason)
    /// The token has expired: its `exp` and the leeway are past, by the store's clock.
    case expired
    /// For too long nothing could be proven, and the policy does not let that pass.
    case unproven(UnknownCause)

    public var description: String {
        switch self {
        case .revoked: "the token has been revoked"
        case .expired: "the token has expired"
        case .unproven(let cause): "it is not known whether the token has been revoked: \(cause)"
        }
    }
}

/// The end of one open token, which one task waits for.
final class OpenToken: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Void, any Error>)
        case ended(any Error)
    }

    private let state = Mutex(State.open)

    /// Only the first end counts.
    func end(_ error: any Error) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            switch state {
            case .open:
                state = .ended(error)
                return nil
            case .waiting(let waiter):
                state = .ended(error)
                return waiter
            case .ended: return nil
            }
        }
        waiter?.resume(throwing: error)
    }

    /// Waits for the end. One task calls it, once.
    /// - Throws: ``TokenEnd``, or `CancellationError`.
    func wait() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                let error = state.withLock { state -> (any Error)? in
                    if case .ended(let error) = state { return error }
                    state = .waiting(waiter)
                    return nil
                }
                if let error { waiter.resume(throwing: error) }
            }
        } onCancel: {
            end(CancellationError())
        }
    }
}
