public import Foundation
public import Logging
import Synchronization

/// The keys of an issuer that may change them at any time: kept for a while, asked for again when a token names a key that
/// nobody has seen, but not by everyone who makes up such a name.
public final class KeySetCache: KeySource {
    /// After this the keys are asked for again, while the old ones still serve.
    public static let freshness: Duration = .seconds(300)
    /// After this keys that could not be asked for again are no longer believed: one may have been withdrawn.
    public static let staleness: Duration = .seconds(3600)
    /// The keys are not asked for more often than that, however many unknown names are presented.
    public static let minimumInterval: Duration = .seconds(10)

    private struct State {
        var keys: VerificationKeys?
        /// When the keys were asked for that are there.
        var fetchedAt: ContinuousClock.Instant?
        var askedAt: ContinuousClock.Instant?
        var asking: Task<Void, Never>?
    }

    private let fetch: @Sendable () async throws(VerificationKeysError) -> Data
    private let now: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter location: asked at the first token.
    public convenience init(_ location: KeySetLocation, logger: Logger = Logger(label: "revoked.keys")) {
        self.init(logger: logger) { () async throws(VerificationKeysError) in try await location.read() }
    }

    /// - Parameter now: a clock that never jumps; another one is for tests.
    /// - Parameter fetch: gets the JSON Web Key Set.
    public init(
        logger: Logger = Logger(label: "revoked.keys"),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        fetch: @escaping @Sendable () async throws(VerificationKeysError) -> Data
    ) {
        self.fetch = fetch
        self.now = now
        self.logger = logger
    }

    public func keys(for identifier: String) async throws(TokenRejection) -> VerificationKeys {
        if let asking = toWaitFor(identifier) { await asking.value }
        guard let keys = believed else {
            throw TokenRejection(.keysUnavailable, "the keys of the token's issuer cannot be got")
        }
        return keys
    }

    /// Has the keys asked for if they are to be.
    /// - Returns: nil if those that are there will do.
    private func toWaitFor(_ identifier: String) -> Task<Void, Never>? {
        state.withLock { state in
            let now = now()
            let age = state.fetchedAt.map { now - $0 }
            let isKnown = state.keys?.contains(identifier) == true
            let mayAsk = state.askedAt.map { now - $0 >= Self.minimumInterval } ?? true
            if state.asking == nil, mayAsk, !isKnown || age.map({ $0 >= Self.freshness }) ?? true {
                state.askedAt = now
                state.asking = Task { await self.refresh(askedAt: now) }
            }
            return isKnown && age.map { $0 < Self.staleness } ?? false ? nil : state.asking
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
        do throws(VerificationKeysError) {
            let keys = try await VerificationKeys(jwks: try await fetch())
            state.withLock { state in
                state.keys = keys
                state.fetchedAt = askedAt
                state.asking = nil
            }
        } catch {
            logger.warning("the keys of an issuer cannot be got", metadata: ["reason": "\(error.message)"])
            state.withLock { $0.asking = nil }
        }
    }
}
