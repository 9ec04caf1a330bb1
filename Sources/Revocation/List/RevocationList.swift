public import Contract
public import Logging
import Synchronization
import Tracing

/// A denylist: revokes tokens, and checks whether a token is revoked (WireContract.md).
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
/// The first call connects, and waits for that (``RevocationConfiguration/connectTimeout``). A lost connection
/// reconnects by itself. Until then calls fail at once.
public final class RevocationList: Sendable {
    let backend: any Backend
    /// nil if all checks are asked over the wire.
    let follower: Follower?
    let events: RevocationEvents
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
    /// nil if no tracer is installed. Read once, because reading it costs every check.
    let tracer: (any Tracer)?
    /// Whether metrics or spans are recorded.
    let isObserved: Bool
    /// Whether ``known`` may hold a revoked answer that still counts. Written under the lock of ``known``.
    let knowsRevoked = Atomic(false)
    /// Whether ``known`` has writes that were not acknowledged. Written under its lock.
    let hasAttempts = Atomic(false)

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
        let store = try StoreURL(url, configuration)
        var follower: Follower?
        switch store {
        case .memory:
            guard configuration.stateFile == nil else {
                throw RevocationError(
                    .invalidConfiguration, "a denylist in memory ends with its process: it needs no state file")
            }
            backend = MemoryBackend(configuration: configuration)
        case .server(let location, let access):
            let server = try RedisBackend(location, access, configuration: configuration, logger: logger)
            backend = server
            if case .local(let maximumBytes) = configuration.checks.orIfAsked(access.checks) {
                follower = try Follower(
                    of: server, location, access, configuration: configuration, maximumBytes: maximumBytes,
                    logger: logger)
            }
        case .sentinel(let sentinels, let name, let access):
            backend = try RedisBackend(
                sentinels: sentinels, name: name, access, configuration: configuration, logger: logger)
        case .cluster(let nodes, let access):
            backend = try ClusterBackend(nodes, access: access, configuration: configuration, logger: logger)
        }
        if case .local = configuration.checks, follower == nil { throw RevocationConfiguration.Checks.needServer }
        try self.init(backend: backend, follower: follower, configuration: configuration, logger: logger)
    }

    /// A list without one protection: the laboratory shows what the protection prevents.
    package convenience init(
        _ url: String, configuration: RevocationConfiguration, omitting omitted: OmittedProtection?
    ) throws(RevocationError) {
        var configuration = configuration
        configuration.omitted = omitted
        try self.init(url, configuration: configuration)
    }

    /// - Throws: ``RevocationError/Code/invalidConfiguration`` for issuers without distinct labels, or a damaged state
    ///   file.
    init(
        backend: any Backend, follower: Follower? = nil, configuration: RevocationConfiguration, logger: Logger,
        metrics: RevocationMetrics = RevocationMetrics(), tracer: any Tracer = InstrumentationSystem.tracer
    ) throws(RevocationError) {
        wanted = try WantedTerms(configuration)
        stateFile = configuration.stateFile.map { StateFile(path: $0) }
        let kept = try stateFile?.load()
        self.backend = backend
        self.follower = follower
        self.metrics = metrics
        self.tracer = tracer is NoOpTracer ? nil : tracer
        isObserved = metrics.areEnabled || self.tracer != nil
        self.configuration = configuration
        self.logger = logger
        pin = Mutex(EpochPin(configuration.epoch.map { Array($0.utf8) } ?? kept, omitting: configuration.omitted))
        if let kept, let epoch = configuration.epoch, !kept.elementsEqual(epoch.utf8) {
            logger.warning("the configured epoch is not that of the state file: the configured one counts")
        }
        events = RevocationEvents(prefix: configuration.namespace.prefix)
        follower?.observer = events
        follower?.start()
    }

    deinit {
        follower?.closeSoon()
        events.closeAll()
    }

    /// Whether checks can be answered now and, if this process has ever written, revocations be acknowledged. Reads the
    /// epoch on both connections, and takes over an epoch that was accepted.
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
            if let warning = follower?.warning { warnings.append(warning) }
            return .ready(warnings: warnings)
        } catch {
            return .notReady(UnknownCause(error))
        }
    }

    /// Reads epoch and terms, even if they are known, and takes over an epoch that was accepted.
    func readStore() async throws(StoreFailure) -> Contact {
        let values = try await backend.lookUp(Witness.keys + [Epoch.acceptedKey])
        let witness = Witness(terms: values[0], epoch: values[1])
        let moved = pin.withLock { $0.accept(epoch: witness.epoch, accepted: values[2]) ? $0.pinned : nil }
        if let moved {
            forgetClear()
            keep(moved)
            logAcceptance()
        }
        return adopt(witness)
    }

    /// The event loop of the connections to one server. Tasks that prefer it (`withTaskExecutorPreference`) are resumed
    /// without a change of thread, and must not block it. nil for other stores.
    public var executor: (any TaskExecutor)? { backend.executor }

    /// Reads the files for TLS with the store anew, if they are others; the log says if they cannot be used. New
    /// connections do so by themselves.
    package func reload() async { await backend.encryption?.reload() }

    /// Closes all connections, and ends ``withToken(_:policy:_:)`` and ``revocations(limit:)``. Calls in flight and
    /// later calls fail as `unreachable`.
    public func close() async {
        events.closeAll()
        await follower?.close()
        await backend.close()
    }

    // MARK: What every call rests on

    /// Turns a failure of the store into the cause of an unknown verdict.
    func asking<Answer>(
        _ question: () async throws(StoreFailure) -> Answer
    ) async throws(UnknownCause) -> Answer {
        do throws(StoreFailure) { return try await question() } catch { throw UnknownCause(error) }
    }

    /// Turns a failure of the store into the error of a write.
    func acting<Answer>(
        _ action: () async throws(StoreFailure) -> Answer
    ) async throws(RevocationError) -> Answer {
        do throws(StoreFailure) { return try await action() } catch { throw RevocationError(error) }
    }

    /// The store's time, in Unix milliseconds, for calculating lifetimes. The earliest that it may be, so that a
    /// revocation is kept too long rather than too short. Measured against the boot clock, so setting the wall clock
    /// changes nothing.
    func time(by clock: StoreClock) -> Int64 { clock.time(at: configuration.bootMilliseconds).lowerBound }

    func storeTime() async throws(StoreFailure) -> Int64 { time(by: try await backend.clock()) }

    /// The store's time in Unix milliseconds, the latest that it may be; this machine's until the store's is known. For
    /// validating the times in tokens: a clock that is a few seconds behind must not reject a new token.
    public var estimatedTime: Int64 {
        backend.latestClock?.time(at: configuration.bootMilliseconds).upperBound ?? configuration.wallClock()
    }

    /// Fails unless this machine's clock agrees with the store's. A log-in, a rotation and a clear verdict all require
    /// it.
    /// - Throws: ``UnknownCause/Code/clockSkewed``.
    func requireAgreeingClock() async throws(UnknownCause) {
        let clock = try await asking { () async throws(StoreFailure) in try await backend.clock() }
        if let cause = skewCause(of: clock) { throw cause }
    }

    /// The cause if this machine's clock disagrees with the store's: then a clear answer proves nothing.
    func skewCause(of clock: StoreClock) -> UnknownCause? {
        clock.skewCause(wall: configuration.wallClock(), boot: configuration.bootMilliseconds)
    }

    /// - Throws: ``UnknownCause`` if the terms do not name the token's issuer, or the token lives longer than
    ///   revocations are kept.
    func check(of token: TokenClaims, _ issuer: IssuerInForce?) throws(UnknownCause) -> Check {
        let issuer = try identified(issuer)
        if let objection = issuer.objection(to: token, now: estimatedTime) { throw objection }
        return Check(token, in: issuer.namespace)
    }

    func identified(_ issuer: IssuerInForce?) throws(UnknownCause) -> IssuerInForce {
        guard let issuer else { throw Self.unknownIssuer }
        return issuer
    }

    static let unknownIssuer = UnknownCause(
        .unidentifiable,
        "the denylist's terms do not know the token's issuer (revoked terms --backend URL --add adds one)")

    /// - Throws: ``RevocationError/Code/unknownIssuer``.
    func issuer(_ name: String?, of pinnedEpoch: PinnedEpoch) throws(RevocationError) -> IssuerInForce {
        if let issuer = pinnedEpoch.terms.issuer(name) { return issuer }
        throw RevocationError(.unknownIssuer, pinnedEpoch.terms.objection(toIssuer: name))
    }

    /// The pinned epoch and its terms; nil until first contact. Read it before sending: an epoch accepted later must
    /// not prove a reply that may be older than the acceptance.
    var pinnedEpoch: PinnedEpoch? { pin.withLock { $0.pinnedEpoch } }

    /// Forgets clear answers if the epoch is missing or changed, and looks for an acceptance.
    func react(to cause: UnknownCause) {
        guard cause.code == .epochChanged || cause.code == .epochMissing else { return }
        forgetClear()
        if cause.code == .epochChanged { checkForAcceptance() }
    }

    private func forgetClear() {
        let now = configuration.bootClock()
        known.withLock { $0.epochEnded(at: now) }
    }

    private func logAcceptance() {
        logger.notice("the store's new epoch was accepted by an operator: checks are answered again")
        guard configuration.epoch != nil else { return }
        logger.warning("the configured epoch is out of date: change it before the next start")
    }

    /// Checks in the background, at most every ``EpochPin/interval``, whether an operator has accepted the new epoch.
    private func checkForAcceptance() {
        guard pin.withLock({ $0.shouldAsk(now: configuration.bootClock()) }) else { return }
        Task { _ = try? await readStore() }
    }
}

/// Whether checks can be answered, and why not.
public enum Readiness: Sendable {
    /// Checks can be answered. The warnings say how the store may still lose or miss revocations.
    case ready(warnings: [String])
    /// Checks are unknown, for this cause.
    case notReady(UnknownCause)
    /// Not ready: this machine's clock is ahead of the store's by this much (behind, if negative). At most 30 s are
    /// allowed, because the margin of revocations covers no more.
    case clockSkewed(milliseconds: Int64)
}
