import Synchronization

/// Some commands whose replies somebody waits for. It is finished once: by the replies, a failure or a cancellation,
/// whichever comes first; what comes later is dropped.
final class PendingCall: Sendable {
    typealias Completion = @Sendable (Result<[Reply], StoreFailure>) -> Void

    private enum State {
        case new
        case waiting(Completion)
        case finished(Result<[Reply], StoreFailure>)
    }

    let commands: [Command]
    private let state = Mutex(State.new)

    init(_ commands: [Command]) {
        self.commands = commands
    }

    /// Sets what is to be done with the result; done at once if the call is finished already.
    func whenFinished(_ completion: @escaping Completion) {
        let result: Result<[Reply], StoreFailure>? = state.withLock { state in
            if case .finished(let result) = state { return result }
            state = .waiting(completion)
            return nil
        }
        if let result { completion(result) }
    }

    func finish(_ result: Result<[Reply], StoreFailure>) {
        let completion: Completion? = state.withLock { state in
            switch state {
            case .finished: return nil
            case .new:
                state = .finished(result)
                return nil
            case .waiting(let completion):
                state = .finished(result)
                return completion
            }
        }
        completion?(result)
    }

    var isFinished: Bool {
        state.withLock { state in
            if case .finished = state { true } else { false }
        }
    }
}
