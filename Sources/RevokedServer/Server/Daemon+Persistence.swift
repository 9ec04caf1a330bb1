import Foundation
import Persistence

/// Changing how writes are kept while the daemon runs.
extension Daemon {
    /// Changes when the log is made durable, and whether there is one, and takes the wall clock for right; it waits for
    /// the disk, on another thread.
    /// - Parameter apply: what changes with it, if that succeeds; called on any thread.
    func change(
        policy: SyncPolicy?, isLogging: Bool?, trustsClock: Bool, then apply: @escaping @Sendable (Daemon) -> Void
    ) -> DeferredReply {
        let later = DeferredReply()
        guard let persistence else {
            apply(self)
            later.complete(nil)
            return later
        }
        let previous = persistence.policy
        let finish: @Sendable (String?) -> Void = { [self] failure in
            if failure == nil { apply(self) }
            later.complete(failure.map { "ERR CONFIG SET failed - \($0)" })
            logHasProgressed()
        }
        let change: @Sendable (String?) -> Void = { failure in
            if let failure { return finish(failure) }
            do throws(PersistenceError) {
                if let policy { try persistence.setPolicy(policy) }
            } catch {
                return finish("\(error)")
            }
            guard let isLogging else { return finish(nil) }
            persistence.requestLogging(isLogging) { error in
                // All or nothing. What fails here has failed the log too, which says so.
                if error != nil, policy != nil { try? persistence.setPolicy(previous) }
                finish(error.map { "\($0)" })
            }
        }
        Thread.detachNewThread { [self] in if trustsClock { trustClock(change) } else { change(nil) } }
        return later
    }
}
