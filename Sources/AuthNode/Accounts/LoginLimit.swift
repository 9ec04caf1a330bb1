import Crypto
import Foundation
import Hummingbird
import RevocationHTTP
import Synchronization

/// Slows down guesses of passwords. It limits the wrong ones a minute for an account from one network, and five times
/// as many from one network. A right password, or one that was not checked, does not count.
///
/// At most two log-ins of an account from one network run at once: each takes a thread for a tenth of a second, and
/// there are few threads. The state is this node's own, in bounded memory. Names are kept as hashes.
///
/// Only a password that was hashed leaves an entry, so the table fills no faster than passwords are hashed. When it is
/// full, the older half is dropped. An attacker who can fill it within a minute has enough networks for as many guesses
/// anyway.
final class LoginLimit: Sendable {
    private static let networkFactor = 5
    /// The capacity of each half of the table: 2 MB together.
    static let capacity = 20_000
    /// The most attempts under way for an account from one network.
    static let maximumUnderWay = 2

    /// A network, or an account from a network.
    fileprivate struct Guesser: Hashable {
        let high: UInt64
        let low: UInt64
    }

    private struct State {
        var counts = MinuteCounts<Guesser>(capacity: LoginLimit.capacity)
        /// The number of attempts under way: no more than requests.
        var underWay: [Guesser: Int] = [:]
    }

    /// An attempt under way. It must be ended.
    struct Attempt: Sendable {
        fileprivate let guessers: [(guesser: Guesser, limit: Int)]
        fileprivate let startedAt: Int64
    }

    private let attempts: Int
    private let clock: WallClock
    private let key = SymmetricKey(size: .bits256)
    private let state = Mutex(State())

    /// - Parameter attempts: wrong passwords a minute; 0 for no limit.
    init(attempts: Int, clock: WallClock) {
        self.attempts = attempts
        self.clock = clock
    }

    /// The number of guessers counted, for tests: at most twice the capacity.
    var size: Int { state.withLock { $0.counts.size } }

    /// Counts an attempt before its password is checked: attempts under way count as well.
    /// - Throws: 429 with `Retry-After`.
    func begin(account: String, network: ClientNetwork) throws(Refusal) -> Attempt {
        let now = clock.now
        guard attempts > 0 else { return Attempt(guessers: [], startedAt: now) }
        let factor = attempts.multipliedReportingOverflow(by: Self.networkFactor).partialValue
        let guessers = [(guesser(network, account), attempts), (guesser(network, nil), factor)]
        let account = guessers[0].0
        let refusal = state.withLock { state -> (wait: Int64, message: String)? in
            let limited = guessers.compactMap { state.counts.wait(of: $0, limit: $1, now: now) }
            if let longest = limited.max() { return (longest, "too many wrong passwords") }
            guard state.underWay[account, default: 0] < Self.maximumUnderWay else {
                return (0, "too many log-ins of this account at once")
            }
            state.underWay[account, default: 0] += 1
            for (guesser, _) in guessers { state.counts.add(guesser, now: now) }
            return nil
        }
        guard let refusal else { return Attempt(guessers: guessers, startedAt: now) }
        throw .slowDown(refusal.message, wait: refusal.wait)
    }

    /// Ends the attempt.
    /// - Parameter wasGuess: whether a password was checked, and was wrong.
    func end(_ attempt: Attempt, wasGuess: Bool) {
        state.withLock { state in
            if let account = attempt.guessers.first?.guesser {
                let others = state.underWay[account, default: 1] - 1
                state.underWay[account] = others > 0 ? others : nil
            }
            guard !wasGuess else { return }
            for (guesser, _) in attempt.guessers { state.counts.forgive(guesser, addedAt: attempt.startedAt) }
        }
    }

    /// Keyed, so that attackers cannot construct colliding names.
    private func guesser(_ network: ClientNetwork, _ account: String?) -> Guesser {
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: [UInt8(network.bytes.count)] + network.bytes)
        if let account {
            mac.update(data: [1])
            mac.update(data: Data(account.utf8))
        }
        let digest = Array(mac.finalize())
        func number(_ range: Range<Int>) -> UInt64 { digest[range].reduce(0) { $0 << 8 | UInt64($1) } }
        return Guesser(high: number(0..<8), low: number(8..<16))
    }
}
