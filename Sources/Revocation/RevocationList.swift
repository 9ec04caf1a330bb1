public import Contract
public import Logging
import Synchronization
import Tracing

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
    let backend: any Backend
    let configuration: RevocationConfiguration
    let logger: Logger
    let namespaces: Namespaces
    let pin: Mutex<EpochPin>
    let unsettled = Mutex(UnsettledRotations())
    let known = Mutex(KnownAnswers())
    let allowances = Mutex(Throttle(every: .seconds(1)))
    let metrics: RevocationMetrics
    /// nil if nobody looks at spans: found out once, as asking costs every check.
    let tracer: (any Tracer)?
    /// Whether anybody looks at metrics or spans.
    let isObserved: Bool
    /// Whether a token was found revoked so lately that this is still believed of it. Told under the lock of ``known``.
    let knowsRevoked = Atomic(false)

    /// - Parameter url: `redis://[user:password@]host:port[/database]`, `redis+unix:///path`,
    ///   `redis+sentinel://host,host,host/name`, `redis+cluster://host,host`, `memory:`; `rediss…` for TLS.
    /// - Throws: ``RevocationError/Code/invalidURL``, ``RevocationError/Code/invalidConfiguration``.
    public convenience init(
        _ url: String, configuration: RevocationConfiguration = .init(),
        logger: Logger = Logger(label: "revoked.client")
    ) throws(RevocationError) {
        try configuration.validate()
        let backend: any Backend
        switch try StoreURL(url) {
        case .memory: backend = MemoryBackend(configuration: configuration)
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

    /// - Throws: ``RevocationError/Code/invalidConfiguration`` for labels that cannot be told apart.
    init(
        backend: any Backend, configuration: RevocationConfiguration, logger: Logger,
        metrics: RevocationMetrics = RevocationMetrics(), tracer: any Tracer = InstrumentationSystem.tracer
    ) throws(RevocationError) {
        namespaces = try Namespaces(configuration)
        self.backend = backend
        self.metrics = metrics
        self.tracer = tracer is NoOpTracer ? nil : tracer
        isObserved = metrics.areWanted || self.tracer != nil
        self.configuration = configuration
        self.logger = logger
        pin = Mutex(EpochPin(configuration.epoch.map { Array($0.utf8) }))
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
            guard let clock = condition.clock else { throw .clockUnknown }
            let (wall, boot) = (configuration.wallClock(), configuration.bootMilliseconds)
            if let doubt = clock.doubt(wall: wall, boot: boot) {
                let skew = clock.skew(wall: wall, boot: boot)
                guard skew.magnitude > Limits.maximumSkewMilliseconds.magnitude else { return .notReady(doubt) }
                return .clockSkewed(milliseconds: skew)
            }
            return .ready(warnings: condition.warnings)
        } catch {
            return .notReady(UnknownCause(error))
        }
    }

    /// Where the connections of one server live: tasks that prefer it (`withTaskExecutorPreference`) are answered without a
    /// change of thread. They must not block it. nil for other stores.
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

    /// The store's time, from which lifetimes are reckoned, in Unix milliseconds: the earliest that it may be, so that a
    /// revocation is rather kept too long. Measured against the boot clock: a wall clock that is set changes nothing.
    func time(by clock: StoreClock) -> Int64 { clock.time(at: configuration.bootMilliseconds).lowerBound }

    func storeTime() async throws(StoreFailure) -> Int64 { time(by: try await backend.clock()) }

    /// What a log-in or a rotation rests on, as a clear verdict does: a token was judged by this machine's clock.
    /// - Throws: ``UnknownCause/Code/clockSkewed``.
    func demandRightClock() async throws(UnknownCause) {
        let clock = try await asking { () async throws(StoreFailure) in try await backend.clock() }
        if let doubt = doubt(about: clock) { throw doubt }
    }

    /// Why a clear answer of a store with this clock proves nothing.
    func doubt(about clock: StoreClock) -> UnknownCause? {
        clock.doubt(wall: configuration.wallClock(), boot: configuration.bootMilliseconds)
    }

    func check(of token: TokenClaims) throws(UnknownCause) -> Check {
        Check(token, in: try namespace(for: token.issuer))
    }

    /// Where a token is looked up.
    func namespace(for issuer: String) throws(UnknownCause) -> Namespace {
        guard let namespace = namespaces.namespace(of: issuer) else {
            throw UnknownCause(.unidentifiable, "the token's issuer has no label among the trusted ones")
        }
        return namespace
    }

    /// - Throws: ``RevocationError/Code/unknownIssuer``.
    func namespace(of issuer: String?) throws(RevocationError) -> Namespace {
        guard let namespace = namespaces.namespace(of: issuer) else {
            throw RevocationError(
                .unknownIssuer, "there are several issuers: name one that has a label in the configuration")
        }
        return namespace
    }

    /// To be read when a question is asked: an epoch that is accepted meanwhile must not vouch for an answer that may be
    /// older than what was revoked again before the acceptance.
    var belief: Belief? { pin.withLock { $0.belief } }
    /// To be read like ``belief``.
    var believedEpoch: [UInt8]? { belief?.epoch }

    /// What the epoch in an answer is to be compared with.
    /// - Parameter values: the epoch last.
    func pinned(_ believed: [UInt8]?, seeing values: [[UInt8]?]) -> [UInt8] {
        believed ?? pin.withLock { $0.pinned(seeing: values.last ?? nil) }
    }

    /// Does what can be done about something that could not be proven.
    func look(into cause: UnknownCause) {
        guard cause.code == .epochChanged || cause.code == .epochMissing else { return }
        known.withLock { $0.forgetClear() }
        if cause.code == .epochChanged { askForAcceptance() }
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

/// Whether checks can be answered, and if not, why.
public enum Readiness: Sendable {
    /// Checks can be answered. The warnings say in what way the store may lose or miss revocations all the same.
    case ready(warnings: [String])
    case notReady(UnknownCause)
    /// Not ready: this machine's clock is ahead of the store's by so much, or behind it if negative; more than 30 seconds,
    /// for which revocations are not kept.
    case clockSkewed(milliseconds: Int64)
}
