import RevocationHTTP
import Synchronization

/// Limits how many refused messages one network may send in a minute, before the next one is checked. The state is this
/// node's own, in bounded memory.
///
/// Those that run at once may exceed the limit. What a provider has sent here counts for nothing, even if what it asks
/// for cannot be done, or not now: an outage brings thousands of messages from one address. What names another issuer
/// or audience counts for nothing either: it is refused before its signature is checked.
final class CallerLimit: Sendable {
    static let refusalsPerMinute = 60
    /// Networks, in each half of the table.
    private static let capacity = 20_000

    private let clock: WallClock
    private let counts = Mutex(MinuteCounts<ClientNetwork>(capacity: CallerLimit.capacity))

    init(clock: WallClock) {
        self.clock = clock
    }

    /// - Throws: 429 with `Retry-After`.
    func admit(_ network: ClientNetwork) throws(Refusal) {
        let now = clock.now
        guard let wait = counts.withLock({ $0.wait(of: network, limit: Self.refusalsPerMinute, now: now) }) else {
            return
        }
        throw .slowDown("too many messages from here were refused", wait: wait)
    }

    func noteRefusal(of network: ClientNetwork) {
        let now = clock.now
        counts.withLock { $0.add(network, now: now) }
    }
}
