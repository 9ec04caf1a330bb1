public import Contract
public import Logging
import Synchronization
import Tracing

/// The denylist, as any server sees it: write down what is revoked, and find out (WireContract.md).
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
    let backend: any Backend
    let configuration: RevocationConfiguration
    let logger: Logger
    let wanted: WantedTerms
    let stateFile: StateFile?
    /// Whether the state file holds the pinned epoch, or there is none of either.
    let isStateKept = Atomic(true)
    let pin: Mutex<EpochPin>
    let unsettled = Mutex(PendingSuccessors())
    let known = Mutex(AnswerCache())
    let allowances = Mutex(Throttle(every: .seconds(1)))
    let metrics: RevocationMetrics
    /// nil if nobody looks at spans: found out once, as asking costs every check.
    let tracer: (any Tracer)?
    /// Whether anybody looks at metrics or spans.
    let isObserved: Bool
    /// Whether a token was found revoked so lately that this is still believed of it. Told under the lock of ``known``.
    let knowsRevoked = Atomic(false)

    /// - Parameters:
    ///   - url: `redis://[user:password@]host:port[/database]`, `redis+unix:///path`,
    ///     `redis+sentinel://host,host,host/name`, `redis+cluster://host,host`, `memory:`; `rediss…` for TLS.
    ///   - configuration: how the list behaves.
    ///   - logger: takes warnings and errors (Messages.md).
    /// - Throws: ``RevocationError/Code/invalidURL``, ``RevocationError/Code/invalidConfiguration``.
    public convenience init(
        _ url: String, configuration: RevocationConfiguration = .init(),
        logger: Logger = Logger(label: "revoked.client")
    ) throws(RevocationError) {
        try configuration.validate()
        let backend: any Backend
        switch try StoreURL(url) {
        case .memory:
            guard configuration.stateFile == nil else {
                throw RevocationError(
                    .invalidConfiguration, "a denylist in memory ends with its process: it needs no state file")
            }
            backend = MemoryBackend(configuration: configuration)
        case .server(let location, let access):
            backend = try RedisBackend(location, access, configuration: configuration, logger: logger)
        case .sentinel(let sentinels, let name, let access):
            backend = try RedisBackend(
                sentinels: sentinels, name: name, access, configuration: configuration, logger: logger)
        case .cluster(let nodes, let access):
            backend = try ClusterBackend(nodes, access: access, configuration: configuration, logger: logger)
        }
        try self.init(backend: backend, configuration: configuration, logger: logger)
    }

    /// A list without a protection: the laboratory shows with it what the protection is for.
    package convenience init(
        _ url: String, configuration: RevocationConfiguration, omitting omitted: OmittedProtection?
    ) throws(RevocationError) {
        var configuration = configuration
        configuration.omitted = omitted
        try self.init(url, configuration: configuration)
    }

    /// - Throws: ``RevocationError/Code/invalidConfiguration`` for issuers that cannot be told apart, or a damaged
    ///   state file.
    init(
        backend: any Backend, configuration: RevocationConfiguration, logger: Logger,
        metrics: RevocationMetrics = RevocationMetrics(), tracer: any Tracer = InstrumentationSystem.tracer
    ) throws(RevocationError) {
        wanted = try WantedTerms(configuration)
        stateFile = configuration.stateFile.map { StateFile(path: $0) }
        let kept = try stateFile?.load()
        self.backend = backend
        self.metrics = metrics
        self.tracer = tracer is NoOpTracer ? nil : tracer
        isObserved = metrics.areEnabled || self.tracer != nil
        self.configuration = configuration
        self.logger = logger
        pin = Mutex(EpochPin(configuration.epoch.map { Array($0.utf8) } ?? kept, omitting: configuration.omitted))
        if let kept, let epoch = configuration.epoch, !kept.elementsEqual(epoch.utf8) {
            logger.warning("the configured epoch is not that of the state file: the configured one counts")
        }
    }

    /// Whether checks can be answered now, and revocations be acknowledged if this process has ever written one: asks
    /// the store who it is on either connection, and takes over an epoch that was accepted.
    public func readiness() async -> Readiness {
        do throws(StoreFailure) {
            let contact = try await readStore()
            guard let pinnedEpoch = contact.pinnedEpoch else {
                return .notReady(contact.cause ?? UnknownCause(.unreachable, "nothing is known of the store"))
            }
            if let witness = try await backend.witnessOfWrites(),
                let objection = pinnedEpoch.objection(to: witness, needsTerms: false)
            {
                return .notReady(UnknownCause(objection))
            }
            let status = try await backend.status()
            guard let clock = status.clock else { throw .clockUnknown }
            let (wall, boot) = (configuration.wallClock(), configuration.bootMilliseconds)
            if let cause = clock.skewCause(wall: wall, boot: boot) {
                let skew = clock.skew(wall: wall, boot: boot)
                guard skew.magnitude > Limits.maximumSkewMilliseconds.magnitude else { return .notReady(cause) }
                return .clockSkewed(milliseconds: skew)
            }
            var warnings = status.warnings
            if !isStateKept.load(ordering: .relaxed) {
                warnings.append("the state file cannot be written: see the log")
            }
            if let warning = status.warning(of: pinnedEpoch.terms) { warnings.append(warning) }
            return .ready(warnings: warnings)
        } catch {
            return .notReady(UnknownCause(error))
        }
    }

    /// Asks the store who it is, whatever is known, and takes over an epoch that was accepted.
    func readStore() async throws(StoreFailure) -> Contact {
        let values = try await backend.lookUp(Witness.keys + [Epoch.acceptedKey])
        let witness = Witness(terms: values[0], epoch: values[1])
        let moved = pin.withLock { $0.accept(epoch: witness.epoch, accepted: values[2]) ? $0.pinned : nil }
        if let moved {
            keep(moved)
            logAcceptance()
        }
        return adopt(witness)
    }

    /// Where the connections of one server live: tasks that prefer it (`withTaskExecutorPreference`) are answered
    /// without a change of thread. They must not block it. nil for other stores.
    public var executor: (any TaskExecutor)? { backend.executor }

    /// Ends all connections; calls in flight, and later ones, fail as `unreachable`.
    public func close() async {
        await backend.close()
    }

    // MARK: What every call rests on

    /// Says what a failure of the store means to somebody who asks.
    func asking<Answer>(
        _ question: () async throws(StoreFailure) -> Answer
    ) async throws(UnknownCause) -> Answer {
        do throws(StoreFailure) { return try await question() } catch { throw UnknownCause(error) }
    }

    /// Says what a failure of the store means to somebody who writes.
    func acting<Answer>(
        _ action: () async throws(StoreFailure) -> Answer
    ) async throws(RevocationError) -> Answer {
        do throws(StoreFailure) { return try await action() } catch { throw RevocationError(error) }
    }

    /// The store's time, from which lifetimes are reckoned, in Unix milliseconds: the earliest that it may be, so that
    /// a revocation is rather kept too long. Measured against the boot clock: a wall clock that is set changes nothing.
    func time(by clock: StoreClock) -> Int64 { clock.time(at: configuration.bootMilliseconds).lowerBound }

    func storeTime() async throws(StoreFailure) -> Int64 { time(by: try await backend.clock()) }

    /// The store's time as far as known, Unix milliseconds; this machine's until the store has told its own. For
    /// judging times that tokens say, so that a clock that is a few seconds behind takes none for one from the future.
    public var estimatedTime: Int64 {
        backend.latestClock?.time(at: configuration.bootMilliseconds).upperBound ?? configuration.wallClock()
    }

    /// What a log-in or a rotation rests on, as a clear verdict does: a token was judged by this machine's clock.
    /// - Throws: ``UnknownCause/Code/clockSkewed``.
    func requireAgreeingClock() async throws(UnknownCause) {
        let clock = try await asking { () async throws(StoreFailure) in try await backend.clock() }
        if let cause = skewCause(of: clock) { throw cause }
    }

    /// Why a clear answer of a store with this clock proves nothing.
    func skewCause(of clock: StoreClock) -> UnknownCause? {
        clock.skewCause(wall: configuration.wallClock(), boot: configuration.bootMilliseconds)
    }

    /// - Throws: ``UnknownCause`` if the terms do not know the token's issuer, or the token lives too long to be
    ///   vouched for.
    func check(of token: TokenClaims, _ issuer: IssuerInForce?) throws(UnknownCause) -> Check {
        let issuer = try identified(issuer)
        if let objection = issuer.objection(to: token) { throw objection }
        return Check(token, in: issuer.namespace)
    }

    func identified(_ issuer: IssuerInForce?) throws(UnknownCause) -> IssuerInForce {
        guard let issuer else { throw Self.unknownIssuer }
        return issuer
    }

    static let unknownIssuer = UnknownCause(
        .unidentifiable, "the denylist's terms do not know the token's issuer (revoked terms --add adds one)")

    /// - Throws: ``RevocationError/Code/unknownIssuer``.
    func issuer(_ name: String?, of pinnedEpoch: PinnedEpoch) throws(RevocationError) -> IssuerInForce {
        if let issuer = pinnedEpoch.terms.issuer(name) { return issuer }
        let names = pinnedEpoch.terms.terms.issuers.compactMap(\.name).joined(separator: ", ")
        throw RevocationError(
            .unknownIssuer,
            name == nil
                ? "the denylist has several issuers, name one: \(names)"
                : "the denylist's terms do not know this issuer, but \(names) (revoked terms --add adds one)")
    }

    /// To be read when a question is asked: an epoch that is accepted meanwhile must not vouch for an answer that may
    /// be older than what was revoked again before the acceptance.
    var pinnedEpoch: PinnedEpoch? { pin.withLock { $0.pinnedEpoch } }

    /// Does what can be done about something that could not be proven.
    func react(to cause: UnknownCause) {
        guard cause.code == .epochChanged || cause.code == .epochMissing else { return }
        known.withLock { $0.forgetClear() }
        if cause.code == .epochChanged { checkForAcceptance() }
    }

    private func logAcceptance() {
        logger.notice("the store's new epoch was accepted by an operator: checks are answered again")
        guard configuration.epoch != nil else { return }
        logger.warning("the configured epoch is out of date: change it before the next start")
    }

    /// Asks beside the checks, and not for each of them, whether an operator has accepted the store's new epoch.
    private func checkForAcceptance() {
        guard pin.withLock({ $0.shouldAsk(now: configuration.bootClock()) }) else { return }
        Task { _ = try? await readStore() }
    }
}

/// Whether checks can be answered, and if not, why.
public enum Readiness: Sendable {
    /// Checks can be answered. The warnings say in what way the store may lose or miss revocations all the same.
    case ready(warnings: [String])
    case notReady(UnknownCause)
    /// Not ready: this machine's clock is ahead of the store's by so much, or behind it if negative; more than 30
    /// seconds, for which revocations are not kept.
    case clockSkewed(milliseconds: Int64)
}
