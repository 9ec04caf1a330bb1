import Foundation
import Persistence

/// Changing how writes are kept while the daemon runs.
extension Daemon {
    /// Changes when the log is made durable, and whether there is one; it waits for the disk, on another thread.
    /// - Parameter apply: what changes with it, if that succeeds; called on any thread.
    func change(
        policy: SyncPolicy?, isLogging: Bool?, then apply: @escaping @Sendable (Daemon) -> Void
    ) -> LaterReply {
        let later = LaterReply()
        guard let persistence else {
            apply(self)
            later.complete(nil)
            return later
        }
        let finish: @Sendable (PersistenceError?) -> Void = { [self] error in
            if error == nil { apply(self) }
            later.complete(error.map { "ERR CONFIG SET failed - \($0)" })
            logHasProgressed()
        }
        Thread.detachNewThread {
            let previous = persistence.policy
            do throws(PersistenceError) {
                if let policy { try persistence.setPolicy(policy) }
            } catch {
                return finish(error)
            }
            guard let isLogging else { return finish(nil) }
            persistence.requestLogging(isLogging) { error in
                // All or nothing. What fails here has failed the log too, which says so.
                if error != nil, policy != nil { try? persistence.setPolicy(previous) }
                finish(error)
            }
        }
        return later
    }
}
