public import Foundation
public import Logging
import Synchronization

/// The keys of an issuer that may change them at any time: kept for a while, asked for again when a token names a key
/// that nobody has seen, but not by everyone who makes up such a name. A key that the issuer no longer publishes is
/// dropped with the answer that lacks it, the last one too.
public final class KeySetCache: KeySource {
    /// After this the keys are asked for again, while the old ones still serve.
    public static let freshness: Duration = .seconds(300)
    /// After this a token waits until the keys have been asked for once more: its key may have been withdrawn while
    /// there was no other token. If the issuer does not answer then, the keys serve until ``staleness``.
    public static let maximumUnaskedAge: Duration = .seconds(600)
    /// After this keys that could not be asked for again are no longer believed: one may have been withdrawn.
    public static let staleness: Duration = .seconds(3600)
    /// The keys are not asked for more often than that, however many unknown names are presented.
    public static let minimumInterval: Duration = .seconds(10)
    /// The same while there are none that are believed.
    public static let retryInterval: Duration = .seconds(1)
    /// How long one attempt may take from connecting to the last byte, and so how long a token may have to wait.
    public static let fetchDeadline: Duration = .seconds(5)
    /// Attempts that ignored their cancellation and still run, at most: beyond, there are no more until one ends.
    private static let maximumHangingFetches = 3

    private struct State {
        var keys: VerificationKeys?
        /// When the keys were asked for that are there.
        var fetchedAt: ContinuousClock.Instant?
        var askedAt: ContinuousClock.Instant?
        var asking: Task<Void, Never>?
        /// Why the last attempt failed; nil if it did not.
        var failure: String?
    }

    public let asksIssuer: Bool
    private let fetch: @Sendable () async throws(VerificationKeysError) -> Data
    private let now: @Sendable () -> ContinuousClock.Instant
    private let pause: @Sendable (Duration) async throws -> Void
    private let logger: Logger
    private let state = Mutex(State())
    private let runningFetches = Atomic(0)

    /// - Parameter location: asked at the first token.
    public convenience init(_ location: KeySetLocation, logger: Logger = Logger(label: "revoked.keys")) {
        self.init(logger: logger, asksIssuer: location.isOfIssuer) { () async throws(VerificationKeysError) in
            try await location.read()
        }
    }

    /// - Parameter now: a clock that never jumps; another one is for tests.
    /// - Parameter asksIssuer: whether the issuer answers `fetch`; a file may be older than another server's.
    /// - Parameter pause: waits for so long; another one is for tests.
    /// - Parameter fetch: gets the JSON Web Key Set. It is cancelled after ``fetchDeadline``, and not waited for any
    ///   longer.
    public init(
        logger: Logger = Logger(label: "revoked.keys"),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        asksIssuer: Bool = true,
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        fetch: @escaping @Sendable () async throws(VerificationKeysError) -> Data
    ) {
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

    /// The issuer is asked no more often than otherwise: until it may be, keys that do not suffice are no answer.
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

    /// Has the keys asked for unless they were since then.
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
        state.askedAt = now
        state.asking = Task { await self.refresh(askedAt: now) }
    }

    /// Has the keys asked for if they are to be.
    /// - Returns: nil if those that are there will do.
    private func toWaitFor(_ identifier: String?) -> Task<Void, Never>? {
        state.withLock { state in
            let now = now()
            let age = state.fetchedAt.map { now - $0 } ?? Self.staleness
            let isKnown = state.keys?.contains(identifier) == true
            let interval = age < Self.staleness ? Self.minimumInterval : Self.retryInterval
            let mayAsk = state.askedAt.map { now - $0 >= interval } ?? true
            if state.asking == nil, mayAsk, !isKnown || age >= Self.freshness { ask(&state, now) }
            let isUnasked = age >= Self.maximumUnaskedAge && state.failure == nil
            return !isKnown || isUnasked || age >= Self.staleness ? state.asking : nil
        }
    }

    /// The keys that are there, unless they are too old.
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
        case .success(let keys):
            let identifiers = keys.identifiers
            let (hadFailed, withdrawn) = state.withLock { state in
                let before = (state.failure != nil, state.keys?.identifiers.subtracting(identifiers).count ?? 0)
                state.keys = keys
                state.fetchedAt = askedAt
                state.asking = nil
                state.failure = nil
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
                return state.failure != error.message
            }
            guard isNew else { return }
            logger.warning("the keys of an issuer cannot be got", metadata: ["reason": "\(error.message)"])
        }
    }

    private func attempt() async -> Result<VerificationKeys, VerificationKeysError> {
        guard runningFetches.add(1, ordering: .relaxed).newValue <= Self.maximumHangingFetches else {
            runningFetches.subtract(1, ordering: .relaxed)
            return .failure(VerificationKeysError(message: "earlier attempts to read the key set still hang"))
        }
        defer { runningFetches.subtract(1, ordering: .relaxed) }
        do throws(VerificationKeysError) {
            return .success(try await VerificationKeys(jwks: try await fetch()))
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
