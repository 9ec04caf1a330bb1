public import Contract
public import Logging
import Synchronization

/// The denylist, as any server sees it: write down what is revoked, and find out (DESIGN §3).
///
/// ```swift
/// let denylist = try RevocationList("redis://127.0.0.1:7379")
/// try await denylist.revoke(token)                       // token: the verified claims
/// switch await denylist.verdict(for: token) {
/// case .clear: …                                         // proven by the store in the same reply, epoch and all
/// case .revoked(let reason): …
/// case .unknown(let cause): …                            // the caller's policy, never an accident
/// }
/// await denylist.close()
/// ```
///
/// Connections are made by the first call, which waits for them (``RevocationConfiguration/connectTimeout``), and come
/// back by themselves when they are lost. Until then calls fail at once.
public final class RevocationList: Sendable {
    private let backend: any Backend
    private let configuration: RevocationConfiguration
    private let logger: Logger
    private let pin: Mutex<EpochPin>

    /// - Parameter url: `redis://[user:password@]host:port`, `redis+unix:///path` or `memory:`.
    /// - Throws: ``RevocationError/Code/invalidURL``, ``RevocationError/Code/invalidConfiguration``.
    public convenience init(
        _ url: String, configuration: RevocationConfiguration = .init(),
        logger: Logger = Logger(label: "revoked.client")
    ) throws(RevocationError) {
        try configuration.validate()
        let backend: any Backend
        switch try StoreURL(url) {
        case .memory:
            backend = MemoryBackend(configuration: configuration)
        case .server(let location, let credentials):
            backend = RedisBackend(
                location: location, credentials: credentials, configuration: configuration, logger: logger)
        }
        self.init(backend: backend, configuration: configuration, logger: logger)
    }

    init(backend: any Backend, configuration: RevocationConfiguration, logger: Logger) {
        self.backend = backend
        self.configuration = configuration
        self.logger = logger
        pin = Mutex(EpochPin(configuration.epoch.map { Array($0.utf8) }))
    }

    /// Revokes a token: `SETEX revoked:jti:<jti> <remaining lifetime + margin> <reason>`, and its session if asked to.
    /// Returns once the store has acknowledged every write.
    ///
    /// A store whose epoch has changed takes revocations all the same: one more can only make it safer, and checks stay
    /// unknown until the epoch is accepted.
    /// - Parameter scopes: `.token`, `.session` or both.
    /// - Throws: ``RevocationError``: the token is then not known to be revoked.
    @discardableResult
    public func revoke(
        _ token: TokenClaims, reason: Reason = .logout, scopes: Set<Scope.Kind> = [.token]
    ) async throws(RevocationError) -> Acknowledgement {
        let now: Int64
        do throws(StoreFailure) {
            now = try await storeTime()
        } catch {
            throw RevocationError(error)
        }
        let plan = try RevocationPlan(
            token, reason: reason, scopes: scopes, configuration: configuration, now: now)
        guard let secondsToLive = plan.entries.map(\.secondsToLive).min() else { return .alreadyExpired }
        do throws(StoreFailure) {
            try await backend.write(plan.entries)
        } catch {
            throw RevocationError(error)
        }
        return .revoked(secondsToLive: secondsToLive)
    }

    /// What the store knows of a token: one lookup, one round trip.
    public func verdict(for token: TokenClaims) async -> Verdict {
        let check: Check
        do throws(ContractError) {
            check = try Check(token, in: configuration.namespace)
        } catch {
            return .unknown(UnknownCause(.unidentifiable, error.message))
        }
        // The epoch believed when the question is asked: one that is accepted meanwhile must not vouch for an answer that
        // may be older than what was revoked again before the acceptance.
        let believed = pin.withLock { $0.pinned }
        do throws(StoreFailure) {
            let values = try await backend.lookUp(check.keys)
            let pinned = believed ?? pin.withLock { $0.pinned(seeing: values.last ?? nil) }
            let verdict = check.verdict(values: values, pinnedEpoch: pinned, now: try await storeTime())
            if case .unknown(let cause) = verdict, cause.code == .epochChanged { askForAcceptance() }
            return verdict
        } catch {
            return .unknown(UnknownCause(error))
        }
    }

    /// Whether checks can be answered now: asks the store for its epoch, and takes over one that was accepted.
    public func readiness() async -> Readiness {
        do throws(StoreFailure) {
            let values = try await backend.lookUp([Epoch.key, Epoch.acceptedKey])
            let (hasMoved, pinned) = pin.withLock { pin in
                let hasMoved = pin.accept(epoch: values[0], accepted: values[1])
                return (hasMoved, pin.pinned(seeing: values[0]))
            }
            if hasMoved { tellOfAcceptance() }
            if let doubt = Epoch.doubt(values[0], pinned: pinned) { return .notReady(doubt) }
            let condition = try await backend.condition()
            guard !condition.isClockSkewed else { return .clockSkewed(milliseconds: -condition.clockOffset) }
            return .ready(warnings: condition.warnings)
        } catch {
            return .notReady(UnknownCause(error))
        }
    }

    /// Ends all connections; calls in flight, and later ones, fail as `unreachable`.
    public func close() async {
        await backend.close()
    }

    /// The time on the store's clock, which all times of the contract are read on, in Unix milliseconds.
    private func storeTime() async throws(StoreFailure) -> Int64 {
        configuration.wallClock() + (try await backend.condition().clockOffset)
    }

    private func tellOfAcceptance() {
        logger.notice("the store's new epoch was accepted by an operator: checks are answered again")
        guard configuration.epoch != nil else { return }
        logger.warning("the configured epoch is out of date: change it before the next start")
    }

    /// Asks beside the checks, and not for each of them, whether an operator has accepted the store's new epoch.
    private func askForAcceptance() {
        guard pin.withLock({ $0.shouldAsk(now: .now) }) else { return }
        Task { _ = await readiness() }
    }
}

/// What the store acknowledged.
public enum Acknowledgement: Sendable, Equatable {
    /// Written; kept for this long, in seconds. Of several entries, the shortest.
    case revoked(secondsToLive: Int64)
    /// The token's `exp` is past by more than the margin: nobody accepts it, nothing was to be written.
    case alreadyExpired
}

/// Whether checks can be answered, and if not, why.
public enum Readiness: Sendable {
    /// Checks can be answered. The warnings say in what way the store may lose or miss revocations all the same.
    case ready(warnings: [String])
    case notReady(UnknownCause)
    /// Not ready: this machine's clock is ahead of the store's by so much, or behind it if negative; more than 30 seconds,
    /// for which revocations are not kept.
    case clockSkewed(milliseconds: Int64)
}
