import HTTPTypes
import RevocationHTTP
import Synchronization

/// Limits how many refused messages one network may send in a minute, before the next one is checked. The state is this
/// node's own, in bounded memory.
///
/// Those that run at once may exceed the limit. What a provider has sent here counts for nothing, even if what it asks
/// for cannot be done, or not now: an outage brings thousands of messages from one address.
final class CallerLimit: Sendable {
    static let refusalsPerMinute = 60
    private static let minute: Int64 = 60_000
    /// Networks, in each half of the table.
    private static let capacity = 20_000

    private struct Count {
        var refusals: Int
        let since: Int64
    }

    private let clock: WallClock
    private let counts = Mutex(BoundedTable<ClientNetwork, Count>(capacity: CallerLimit.capacity))

    init(clock: WallClock) {
        self.clock = clock
    }

    /// - Throws: 429 with `Retry-After`.
    func admit(_ network: ClientNetwork) throws(Refusal) {
        let now = clock.now
        let count = counts.withLock { $0[network] }
        guard let count, count.refusals >= Self.refusalsPerMinute, (0..<Self.minute).contains(now - count.since) else {
            return
        }
        throw Refusal(
            .tooManyRequests, code: "slow_down", message: "too many messages from here were refused",
            headers: [.retryAfter: String(max(1, (count.since + Self.minute - now + 999) / 1000))])
    }

    func noteRefusal(of network: ClientNetwork) {
        let now = clock.now
        counts.withLock { counts in
            var count = counts[network] ?? Count(refusals: 0, since: now)
            // A clock that was set back must not shut anybody out.
            if !(0..<Self.minute).contains(now - count.since) { count = Count(refusals: 0, since: now) }
            count.refusals += 1
            counts.set(count, for: network)
        }
    }
}
