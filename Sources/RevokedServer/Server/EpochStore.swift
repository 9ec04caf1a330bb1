import Foundation
import Persistence
import Synchronization

/// Has the epoch written on a thread of its own, one write for all who wait: a reactor waits for no disk.
final class EpochStore: Sendable {
    /// Who waits for the next write; nil while there is no thread.
    private let waiting = Mutex<[DeferredReply]?>(nil)

    /// - Parameters:
    ///   - onFailure: called on that thread when nothing was written, before anyone is answered.
    ///   - onEnd: called on that thread when somebody has been answered.
    func store(
        _ persistence: Persistence, onFailure: @escaping @Sendable () -> Void, onEnd: @escaping @Sendable () -> Void
    ) -> DeferredReply {
        let later = DeferredReply()
        let isFirst = waiting.withLock { waiting in
            defer { waiting = (waiting ?? []) + [later] }
            return waiting == nil
        }
        guard isFirst else { return later }
        Thread.detachNewThread { [self] in
            while let replies = next() {
                var failure: String?
                do throws(PersistenceError) { try persistence.storeEpoch() } catch {
                    failure = "ERR the epoch could not be written: \(error)"
                    onFailure()
                }
                for reply in replies { reply.complete(failure) }
                onEnd()
            }
        }
        return later
    }

    private func next() -> [DeferredReply]? {
        waiting.withLock { waiting in
            guard let replies = waiting, !replies.isEmpty else {
                waiting = nil
                return nil
            }
            waiting = []
            return replies
        }
    }
}
