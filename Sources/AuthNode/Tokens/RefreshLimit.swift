import HTTPTypes
import RevocationHTTP
import Synchronization

/// How often one session may exchange its refresh token: each time writes an entry that the denylist keeps for as long
/// as the token would have lived. Without a limit one user's loop fills it, and keeps revocations out.
///
/// So many at once, and after that one a second. Held by this node only, in bounded memory: a session that is forgotten
/// may begin anew, but each session takes a log-in, which takes time.
final class RefreshLimit: Sendable {
    /// So long until a session that has used them up has all of them again.
    private static let window: Int64 = 10_000
    /// Of each half of the table: about 4 MB together.
    static let capacity = 20_000

    /// When all would be there again if no more were taken; in milliseconds.
    private struct Bucket {
        var fullAt: Int64
    }

    private let refreshes: Int64
    private let clock: WallClock
    private let buckets = Mutex(BoundedTable<String, Bucket>(capacity: capacity))

    /// - Parameter refreshes: how many in 10 s; 0 for no limit.
    init(refreshes: Int, clock: WallClock) {
        self.refreshes = Int64(refreshes)
        self.clock = clock
    }

    /// How many sessions are counted, for tests: at most twice the capacity.
    var size: Int { buckets.withLock { $0.count } }

    /// Takes one of a session's exchanges.
    /// - Throws: 429 with `Retry-After`.
    func take(_ session: String) throws(Refusal) {
        guard refreshes > 0 else { return }
        let now = clock.now
        let price = Self.window / refreshes
        let wait = buckets.withLock { buckets -> Int64? in
            // A clock that was set back must not lock anyone out.
            let known = buckets[session]?.fullAt ?? now
            let fullAt = (now...now + Self.window).contains(known) ? known : now
            guard fullAt + price <= now + Self.window else { return fullAt + price - now - Self.window }
            buckets.set(Bucket(fullAt: fullAt + price), for: session)
            return nil
        }
        guard let wait else { return }
        throw Refusal(
            .tooManyRequests, code: "slow_down", message: "the session refreshes its tokens too often",
            headers: [.retryAfter: String(max(1, (wait + 999) / 1000))])
    }

    /// Nothing was exchanged.
    func giveBack(_ session: String) {
        guard refreshes > 0 else { return }
        buckets.withLock { buckets in
            guard let bucket = buckets[session] else { return }
            buckets.set(Bucket(fullAt: bucket.fullAt - Self.window / refreshes), for: session)
        }
    }
}
