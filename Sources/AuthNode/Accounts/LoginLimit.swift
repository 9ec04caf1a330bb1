import Hummingbird
import RevocationHTTP
import Synchronization

/// Slows down whoever guesses passwords: so many wrong ones a minute for an account from one address, five times as many
/// from one address. A right one costs nothing. Held by this node only, in bounded memory.
final class LoginLimit: Sendable {
    private static let minute: Int64 = 60_000
    private static let addressFactor = 5
    /// Of each half of the table.
    private static let capacity = 20_000

    private enum Guesser: Hashable {
        case address(String)
        case account(String, from: String)
    }

    private struct Count {
        var failures = 0
        let since: Int64
    }

    /// The older half is forgotten when the younger is full.
    private struct Counts {
        var young: [Guesser: Count] = [:]
        var old: [Guesser: Count] = [:]
    }

    private let attempts: Int
    private let clock: WallClock
    private let counts = Mutex(Counts())

    /// - Parameter attempts: wrong passwords a minute; 0 for no limit.
    init(attempts: Int, clock: WallClock) {
        self.attempts = attempts
        self.clock = clock
    }

    /// Takes an attempt into account before it is looked at: those that are under way count as well.
    /// - Throws: 429 with `Retry-After`.
    func begin(account: String, address: String) throws(Refusal) {
        guard attempts > 0 else { return }
        let now = clock.now
        let wait = counts.withLock { counts -> Int64? in
            let limited = limits(account, address).compactMap { guesser, limit -> Int64? in
                let count = Self.current(guesser, in: counts, now)
                return count.failures >= limit ? count.since + Self.minute - now : nil
            }
            if let longest = limited.max() { return longest }
            for (guesser, _) in limits(account, address) { Self.add(1, guesser, in: &counts, now) }
            return nil
        }
        guard let wait else { return }
        throw Refusal(
            .tooManyRequests, code: "slow_down", message: "too many wrong passwords",
            headers: [.retryAfter: String(max(1, (wait + 999) / 1000))])
    }

    /// The attempt was no guess.
    func forgive(account: String, address: String) {
        guard attempts > 0 else { return }
        let now = clock.now
        counts.withLock { counts in
            for (guesser, _) in limits(account, address) { Self.add(-1, guesser, in: &counts, now) }
        }
    }

    private func limits(_ account: String, _ address: String) -> [(Guesser, Int)] {
        [
            (.account(account, from: address), attempts),
            (.address(address), attempts.multipliedReportingOverflow(by: Self.addressFactor).partialValue),
        ]
    }

    private static func current(_ guesser: Guesser, in counts: Counts, _ now: Int64) -> Count {
        let count = counts.young[guesser] ?? counts.old[guesser]
        // A clock that was set back must not lock anyone out.
        guard let count, (0..<minute).contains(now - count.since) else { return Count(since: now) }
        return count
    }

    private static func add(_ failures: Int, _ guesser: Guesser, in counts: inout Counts, _ now: Int64) {
        if counts.young.count >= capacity { counts = Counts(young: [:], old: counts.young) }
        var count = current(guesser, in: counts, now)
        count.failures = max(0, count.failures + failures)
        counts.young[guesser] = count
    }
}
