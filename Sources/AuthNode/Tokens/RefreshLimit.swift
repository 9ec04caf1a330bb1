import RevocationHTTP
import Synchronization

/// Limits how often a session exchanges its refresh token. Each exchange writes an entry that the denylist keeps for
/// the rest of the token's life. Without a limit one user's loop fills the denylist, and keeps out revocations.
///
/// A session may exchange some at once, and after that one a second. The state is this node's own, in bounded memory. A
/// session that was dropped starts anew, but each session takes a log-in, which takes time. ``SessionsRoute``
/// has a limit of its own.
final class RefreshLimit: Sendable {
    /// How long until a session that has used all its exchanges has all of them again, in milliseconds.
    private static let window: Int64 = 10_000
    /// The capacity of each half of the table: about 4 MB together.
    static let capacity = 20_000

    /// When all exchanges would be available again, in milliseconds.
    private struct Bucket {
        var fullAt: Int64
    }

    private let refreshes: Int64
    private let message: String
    private let clock: WallClock
    private let buckets = Mutex(BoundedTable<String, Bucket>(capacity: capacity))

    /// - Parameter refreshes: the number in 10 s; 0 for no limit.
    /// - Parameter message: what is answered beyond it.
    init(refreshes: Int, message: String = "the session refreshes its tokens too often", clock: WallClock) {
        self.refreshes = Int64(refreshes)
        self.message = message
        self.clock = clock
    }

    /// The number of sessions counted, for tests: at most twice the capacity.
    var size: Int { buckets.withLock { $0.count } }

    /// Takes one of a session's exchanges.
    /// - Throws: 429 with `Retry-After`.
    func take(_ session: String) throws(Refusal) {
        guard refreshes > 0 else { return }
        let now = clock.now
        let price = Self.window / refreshes
        let wait = buckets.withLock { buckets -> Int64? in
            // A clock that was set back must not lock out users.
            let known = buckets[session]?.fullAt ?? now
            let fullAt = (now...now + Self.window).contains(known) ? known : now
            guard fullAt + price <= now + Self.window else { return fullAt + price - now - Self.window }
            buckets.set(Bucket(fullAt: fullAt + price), for: session)
            return nil
        }
        guard let wait else { return }
        throw .slowDown(message, wait: wait)
    }

    /// Returns an exchange that did not happen.
    func giveBack(_ session: String) {
        guard refreshes > 0 else { return }
        buckets.withLock { buckets in
            guard let bucket = buckets[session] else { return }
            buckets.set(Bucket(fullAt: bucket.fullAt - Self.window / refreshes), for: session)
        }
    }
}
