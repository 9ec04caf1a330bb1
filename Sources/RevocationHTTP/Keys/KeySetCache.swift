public import Foundation
public import Logging
import Synchronization

/// The keys of an issuer that may change them at any time. They are cached, and read again at a limited rate when a
/// token names an unknown key. A key that the issuer no longer publishes is dropped with the first answer that lacks
/// it.
public final class KeySetCache: KeySource {
    /// After this a token waits until the keys were read again: its key may have been withdrawn. The issuer may say a
    /// shorter time (RFC 9111 §5.2.2.1), down to ``minimumFreshness``. In the last fifth of it, and in the last
    /// ``minimumInterval``, a token has them read and does not wait. If the issuer does not answer, the cached keys
    /// serve until ``staleness``.
    public static let freshness: Duration = .seconds(300)
    /// After this, keys that could not be read again are not trusted: one may have been withdrawn.
    public static let staleness: Duration = .seconds(3600)
    /// The shortest ``freshness``: a reading is begun early enough to end before a token has to wait for it.
    public static let minimumFreshness: Duration = minimumInterval * 2
    /// The shortest interval between two readings, whatever names tokens present.
    public static let minimumInterval: Duration = .seconds(10)
    /// The same while no key is trusted.
    public static let retryInterval: Duration = .seconds(1)
    /// How long one reading may take, from connecting to the last byte, and so how long a token may wait.
    public static let fetchDeadline: Duration = .seconds(5)
    /// The most attempts that ignored their cancellation and still run. With so many, none begins until one ends.
    private static let maximumHangingFetches = 3

    private struct State {
        var keys: VerificationKeys?
        var validator: KeySetAnswer.Validator?
        /// From which age on a token waits for the next reading.
        var freshness = KeySetCache.freshness
        /// From which age on a token has the keys read, and does not wait.
        var prefetchAge: Duration { min(freshness * 4 / 5, freshness - KeySetCache.minimumInterval) }
        /// When the cached keys were read.
        var fetchedAt: ContinuousClock.Instant?
        var askedAt: ContinuousClock.Instant?
        var asking: Task<Void, Never>?
        /// Why the last attempt failed; nil if it succeeded.
        var failure: String?
        /// Whether the last attempt failed, and was not long ago: tokens need not wait for the next one.
        var isAway = false
    }

    public let asksIssuer: Bool
    private let algorithms: Set<String>?
    private let fetch: @Sendable (KeySetAnswer.Validator?) async throws(VerificationKeysError) -> KeySetAnswer
    private let now: @Sendable () -> ContinuousClock.Instant
    private let pause: @Sendable (Duration) async throws -> Void
    private let logger: Logger
    private let state = Mutex(State())
    private let runningFetches = Atomic(0)

    /// - Parameters:
    ///   - location: read when the first token comes.
    ///   - algorithms: those accepted; nil for all (``VerificationKeys/init(jwks:algorithms:)``).
    public convenience init(
        _ location: KeySetLocation, algorithms: Set<String>? = nil, logger: Logger = Logger(label: "revoked.keys")
    ) {
        self.init(algorithms: algorithms, logger: logger, asksIssuer: location.isOfIssuer) {
            validator async throws(VerificationKeysError) in try await location.read(unless: validator)
        }
    }

    /// - Parameters:
    ///   - now: a monotonic clock; another one is for tests.
    ///   - asksIssuer: whether `fetch` asks the issuer. A file may be older than another server's.
    ///   - pause: waits for a duration; another one is for tests.
    ///   - fetch: reads the JSON Web Key Set. It is cancelled after ``fetchDeadline``, and not awaited any longer.
    public convenience init(
        logger: Logger = Logger(label: "revoked.keys"),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        asksIssuer: Bool = true,
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        fetch: @escaping @Sendable () async throws(VerificationKeysError) -> Data
    ) {
        self.init(algorithms: nil, logger: logger, now: now, asksIssuer: asksIssuer, pause: pause) {
            _ async throws(VerificationKeysError) in KeySetAnswer(document: try await fetch())
        }
    }

    /// - Parameter fetch: reads the JSON Web Key Set, unless it is the one with this validator.
    package init(
        algorithms: Set<String>?, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        asksIssuer: Bool,
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        fetch: @escaping @Sendable (KeySetAnswer.Validator?) async throws(VerificationKeysError) -> KeySetAnswer
    ) {
        self.algorithms = algorithms
        self.asksIssuer = asksIssuer
        self.fetch = fetch
        self.now = now
        self.pause = pause
        self.logger = logger
    }

    public func keys(for identifier: String?) async throws(TokenRejection) -> VerificationKeys {
        if let asking = toWaitFor(identifier) { await asking.value }
        guard let keys = believed else {
            throw TokenRejection(.keysUnavailable, "the keys of the token's issuer cannot be got")
        }
        return keys
    }

    /// The rate limit holds here too: while the issuer may not be asked, insufficient keys are no answer.
    public func keys(
        for identifier: String?, until suffices: (VerificationKeys) -> Bool
    ) async throws(TokenRejection) -> VerificationKeys {
        let calledAt = now()
        let keys = try await keys(for: identifier)
        if suffices(keys) { return keys }
        if let asking = toWaitFor(keysSince: calledAt) { await asking.value }
        let new = state.withLock { state in state.fetchedAt.map { $0 >= calledAt } == true ? state.keys : nil }
        guard let new else {
            throw TokenRejection(.keysUnavailable, "the keys of the token's issuer cannot be asked for again yet")
        }
        return new
    }

    /// Starts a reading, unless the keys were read since then.
    /// - Returns: nil if there is nothing to wait for.
    private func toWaitFor(keysSince instant: ContinuousClock.Instant) -> Task<Void, Never>? {
        state.withLock { state in
            if let fetchedAt = state.fetchedAt, fetchedAt >= instant { return nil }
            let now = now()
            let mayAsk = state.askedAt.map { now - $0 >= Self.minimumInterval } ?? true
            if state.asking == nil, mayAsk { ask(&state, now) }
            return state.asking
        }
    }

    private func ask(_ state: inout State, _ now: ContinuousClock.Instant) {
        if let askedAt = state.askedAt, now - askedAt >= Self.freshness { state.isAway = false }
        state.askedAt = now
        state.asking = Task { await self.refresh(askedAt: now) }
    }

    /// Starts a reading if one is due.
    /// - Returns: nil if the cached keys suffice.
    private func toWaitFor(_ identifier: String?) -> Task<Void, Never>? {
        state.withLock { state in
            let now = now()
            let age = state.fetchedAt.map { now - $0 } ?? Self.staleness
            let isKnown = state.keys?.contains(identifier) == true
            let interval = age < Self.staleness ? Self.minimumInterval : Self.retryInterval
            let mayAsk = state.askedAt.map { now - $0 >= interval } ?? true
            if state.asking == nil, mayAsk, !isKnown || age >= state.prefetchAge { ask(&state, now) }
            let isUnasked = age >= state.freshness && !state.isAway
            return !isKnown || isUnasked || age >= Self.staleness ? state.asking : nil
        }
    }

    /// The cached keys, unless they are too old.
    private var believed: VerificationKeys? {
        state.withLock { state in
            guard let fetchedAt = state.fetchedAt, now() - fetchedAt < Self.staleness else { return nil }
            return state.keys
        }
    }

    private func refresh(askedAt: ContinuousClock.Instant) async {
        let pause: @Sendable () async throws -> Void = { [pause] in try await pause(Self.fetchDeadline) }
        let outcome = await Deadline.run(pause: pause) { await self.attempt() }
        switch outcome ?? .failure(VerificationKeysError(message: "no complete answer in \(Self.fetchDeadline)")) {
        case .success(let reading):
            let keys = reading.keys
            let identifiers = keys.identifiers
            let (hadFailed, withdrawn) = state.withLock { state in
                let before = (state.failure != nil, state.keys?.identifiers.subtracting(identifiers).count ?? 0)
                state.keys = keys
                state.validator = reading.answer.validator
                let freshness = reading.answer.freshness ?? Self.freshness
                state.freshness = min(max(freshness, Self.minimumFreshness), Self.freshness)
                state.fetchedAt = askedAt
                state.asking = nil
                state.failure = nil
                state.isAway = false
                return before
            }
            if hadFailed { logger.notice("the keys of an issuer can be got again") }
            if withdrawn > 0 {
                logger.notice(
                    "an issuer has withdrawn keys", metadata: ["keys": "\(withdrawn)", "left": "\(identifiers.count)"])
            }
            if identifiers.isEmpty {
                logger.warning("an issuer publishes no key that can be used: its tokens are refused")
            }
        case .failure(let error):
            let isNew = state.withLock { state in
                defer { state.failure = error.message }
                state.asking = nil
                state.isAway = true
                return state.failure != error.message
            }
            guard isNew else { return }
            logger.warning("the keys of an issuer cannot be got", metadata: ["reason": "\(error.message)"])
        }
    }

    private struct Reading: Sendable {
        let keys: VerificationKeys
        let answer: KeySetAnswer
    }

    private func attempt() async -> Result<Reading, VerificationKeysError> {
        guard runningFetches.add(1, ordering: .relaxed).newValue <= Self.maximumHangingFetches else {
            runningFetches.subtract(1, ordering: .relaxed)
            return .failure(VerificationKeysError(message: "earlier attempts to read the key set still hang"))
        }
        defer { runningFetches.subtract(1, ordering: .relaxed) }
        do throws(VerificationKeysError) {
            let (known, validator) = state.withLock { ($0.keys, $0.validator) }
            let answer = try await fetch(validator)
            if let document = answer.document {
                let keys = try await VerificationKeys(jwks: document, algorithms: algorithms)
                return .success(Reading(keys: keys, answer: answer))
            }
            guard let known, validator != nil else {
                throw VerificationKeysError(message: "the key set is said to be unchanged, but none was read before")
            }
            return .success(Reading(keys: known, answer: answer))
        } catch {
            return .failure(error)
        }
    }

    public var status: KeySourceStatus {
        state.withLock { state in
            let age = state.fetchedAt.map { now() - $0 }
            let isBelieved = age.map { $0 < Self.staleness } ?? false
            let identifiers = isBelieved ? state.keys?.identifiers : nil
            var status = KeySourceStatus(keyCount: identifiers?.count, identifiers: identifiers ?? [])
            if let failure = state.failure {
                let consequence =
                    isBelieved
                    ? "those of \(age?.components.seconds ?? 0) s ago serve for up to an hour" : "its tokens get 503"
                status.problems.append("its keys cannot be got, \(consequence): \(failure)")
            } else if status.keyCount == 0 {
                status.problems.append("it publishes no key that can be used: its tokens are refused")
            }
            return status
        }
    }
}
