import Foundation
import Persistence

/// Changing how writes are kept while the daemon runs.
extension Daemon {
    /// Changes when the log is made durable, and whether there is one; it waits for the disk, on another thread.
    func change(policy: SyncPolicy?, isLogging: Bool?) -> LaterReply {
        let later = LaterReply()
        guard let persistence else {
            later.complete(nil)
            return later
        }
        let finish: @Sendable (PersistenceError?) -> Void = { [weak self] error in
            later.complete(error.map { "ERR CONFIG SET failed - \($0)" })
            self?.logHasProgressed()
        }
        Thread.detachNewThread {
            do throws(PersistenceError) {
                if let policy { try persistence.setPolicy(policy) }
            } catch {
                return finish(error)
            }
            if let isLogging { persistence.requestLogging(isLogging, finish) } else { finish(nil) }
        }
        return later
    }
}
