import Dispatch
import Synchronization

/// Reads or writes the file of users (`ACL LOAD`, `ACL SAVE`), on no thread that serves clients: a disk may be slow.
/// Requests that arrive while it runs share the next run.
final class UserFileJob: Sendable {
    typealias Completion = @Sendable (_ failure: String?) -> Void

    private let waiting = Mutex([Completion]())
    private let queue: DispatchQueue

    /// - Parameter queue: a serial one: a load and a save do not run at once.
    init(on queue: DispatchQueue) { self.queue = queue }

    /// - Parameters:
    ///   - work: reads or writes, and returns what went wrong.
    ///   - completion: called on another thread when that is done.
    func run(_ work: @escaping @Sendable () -> String?, _ completion: @escaping Completion) {
        let isFirst = waiting.withLock { waiting in
            waiting.append(completion)
            return waiting.count == 1
        }
        guard isFirst else { return }
        queue.async { [self] in
            // They are taken before the work begins: the change of each is among what is written.
            let completions = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            let failure = work()
            for completion in completions { completion(failure) }
        }
    }
}
