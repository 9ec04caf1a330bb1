public import Contract
public import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How a ``RevocationList`` behaves.
public struct RevocationConfiguration: Sendable {
    /// The prefix of all keys, `revoked:` by default. All processes of a denylist use the same.
    public var namespace = Namespace()
    /// The issuers that this process knows, our own first. Empty for a single issuer, which needs no name. They must
    /// agree with the denylist's terms (``Terms``), which may say more: `revoked terms` shows and changes them. A
    /// denylist without terms gets these. A token of an issuer that is not in the terms is unknown.
    public var issuers: [Issuer] = []
    /// How long after `exp` the verifiers of this process accept a token: up to one minute. It must not be more than
    /// the denylist's terms say.
    public var leeway: Duration = .zero
    /// How long connecting may take, log-in and audit included. 1 ms to 60 s.
    public var connectTimeout: Duration = .seconds(2)
    /// How long a command may take, from the call to its reply. 1 ms to 60 s. A write to a daemon that is followed
    /// (``checks``) may take a second longer than it waits for followers, if that is more.
    public var commandTimeout: Duration = .milliseconds(500)
    /// The longest lifetime of a refresh token that this process issues or accepts, 0 to 399 days. Revocations of
    /// sessions are kept for this long plus the margin. It must not exceed the denylist's terms, which apply. nil takes
    /// theirs, or 30 days if this process writes them. A token without `iat` is refused unless this or
    /// ``Issuer/lifetime`` says how long before its `exp` it may have been issued.
    public var longestRefreshLifetime: Duration?
    /// How far the clock of an issuer may be ahead of the store's, by `iss`: 0 to 30 s. A cut-off of now reaches as far
    /// ahead, so that it ends every existing token. Zero for an issuer whose times are the store's
    /// (``RevocationList/issueTime(for:)``): its users could not log in again at once. It must not exceed the
    /// denylist's terms, which apply.
    public var issuerLeads: [String: Duration] = [:]
    /// The same for every issuer that is not among ``issuerLeads``.
    public var issuerLead: Duration = .seconds(2)
    /// How long after its `iat` a token without `exp` counts as expired, 0 to 399 days. Its revocation is kept for this
    /// long. nil refuses such a token, and to revoke it by `jti`.
    public var maximumTokenLifetime: Duration?
    /// How long after its exchange a refresh token may be presented again, 0 to 60 s. The caller then gets the same
    /// successor `jti`, and the session continues. Use does not prolong it.
    public var rotationGrace: Duration = .zero
    /// The epoch to pin. nil pins that of the ``stateFile``, or that of the first contact. `revoked accept` outranks it
    /// while the process runs.
    public var epoch: String?
    /// The path of a file that keeps the pinned epoch, so that a restarted process does not pin the epoch of an empty
    /// store. Created with mode 0600 when an epoch is pinned. nil for none.
    public var stateFile: String?
    /// Eviction policies of a stock Redis or Valkey that are accepted although they can drop revocations silently, by
    /// their names (`volatile-lru`, say; `unknown` for a server that does not tell).
    public var acceptedEvictionPolicies: Set<String> = []
    /// Whether checks may read from a replica, which may not know of the latest revocations and accepts none.
    public var acceptsReplica = false
    /// The store's password, for a URL without one: a URL may be shown, a password not.
    public var password: String? {
        get { secret.map { String(decoding: $0.password, as: UTF8.self) } }
        set { secret = newValue.map { .init(user: nil, password: Array($0.utf8)) } }
    }
    /// The files for TLS, for a `rediss` URL whose query does not name them.
    public var tls = StoreTLSConfiguration()
    /// Where checks are answered: ``Checks/asked`` by the store, or ``Checks/local(maximumBytes:)`` from a copy in this
    /// process. A URL with `?checks=local` asks for the second, with 256 MiB.
    public var checks = Checks.asked
    /// The password of the daemon's user `follower`, under which the copy is read; nil reads it as the URL's user, who
    /// then needs `PSYNC`, `REPLCONF` and `LEASE`.
    public var followerPassword: String? {
        get { followerSecret.map { String(decoding: $0.password, as: UTF8.self) } }
        set { followerSecret = newValue.map { .init(user: Array("follower".utf8), password: Array($0.utf8)) } }
    }
    /// The replicas to wait for when revoking; nil waits for none.
    public var replicas: ReplicaRequirement?
    /// How long a revoked answer counts without another look-up, 0 to 5 s. An undo may take this long to be noticed.
    /// Clear answers are kept for ``FailurePolicy/lastKnown(for:)`` only.
    public var revokedAnswerLifetime: Duration = .seconds(5)
    /// How often ``RevocationList/withToken(_:policy:_:)`` asks about a token while no lease is held, 1 to 60 s.
    public var openTokenInterval: Duration = .seconds(5)
    /// How long ``RevocationList/withToken(_:policy:_:)`` with ``FailurePolicy/deny`` goes on after its token was last
    /// proven clear, 0 to 10 min.
    public var openTokenGrace: Duration = .seconds(10)
    /// Event loops that each get two connections to one server, one for checks and one for writes. A server that
    /// handles requests on the loop where they arrive (``EventLoopTaskExecutor``) then checks without a change of
    /// thread. nil for one pair of connections, on a loop of the library.
    public var eventLoops: (any EventLoopGroup)?
    /// The boot clock, which neither jumps nor stops in suspension. Replaced in tests.
    public var bootClock: @Sendable () -> ContinuousClock.Instant = { .now }
    /// The wall clock, in Unix milliseconds. Its difference from the store's clock is measured. Replaced in tests.
    public var wallClock: @Sendable () -> Int64 = { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }

    /// The password, which shows itself in no description.
    private var secret: StoreURL.Credentials?
    private(set) var followerSecret: StoreURL.Credentials?
    /// Whether a daemon may guard other keys than those of the ``namespace``: for an operator's commands.
    var acceptsEveryPrefix = false
    /// How far a cut-off of now reaches ahead at least, in milliseconds, where the terms name no issuer: for a process
    /// that verifies no tokens, and does not know how far others let `iat` be ahead.
    package var leastCutOffLead: Int64 = 0
    /// The protection that is left out: in the laboratory.
    var omitted: OmittedProtection?
    /// Waits until a cut-off has passed. Replaced in tests.
    package var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Whether each call leaves in a write of its own: the benchmark's baseline.
    package var flushesEachCommand = false
    /// Called for every write with its number of commands: the benchmark's.
    package var whenWritten: (@Sendable (_ commandCount: Int) -> Void)?

    public init() {}

    /// - Throws: ``RevocationError/Code/invalidConfiguration``.
    func validate() throws(RevocationError) {
        let timeouts = Duration.milliseconds(1)...Duration.seconds(60)
        guard timeouts.contains(connectTimeout), timeouts.contains(commandTimeout) else {
            throw RevocationError(.invalidConfiguration, "a timeout is 1 millisecond to 60 seconds")
        }
        let lifetimes = Duration.zero...Duration.seconds(399 * 86_400)
        guard lifetimes.contains(longestRefreshLifetime ?? .zero) else {
            throw RevocationError(.invalidConfiguration, "the longest refresh lifetime is 0 to 399 days")
        }
        guard lifetimes.contains(maximumTokenLifetime ?? .zero) else {
            throw RevocationError(.invalidConfiguration, "the longest lifetime of a token is 0 to 399 days")
        }
        guard issuers.allSatisfy({ lifetimes.contains($0.lifetime ?? .zero) }) else {
            throw RevocationError(.invalidConfiguration, "the lifetime of an issuer's tokens is 0 to 399 days")
        }
        guard (Duration.zero...Duration.seconds(60)).contains(rotationGrace) else {
            throw RevocationError(.invalidConfiguration, "the grace of a rotation is 0 to 60 seconds")
        }
        guard (Duration.zero...Duration.seconds(5)).contains(revokedAnswerLifetime) else {
            throw RevocationError(.invalidConfiguration, "revoked answers are kept for 0 to 5 seconds")
        }
        try validateOpenTokens()
        let leads = Duration.zero...Duration.milliseconds(Limits.maximumIssuerLeadMilliseconds)
        guard leads.contains(issuerLead), issuerLeads.values.allSatisfy({ leads.contains($0) }) else {
            throw RevocationError(.invalidConfiguration, "an issuer's lead is 0 to 30 seconds")
        }
        if let replicas {
            guard replicas.count > 0, replicas.timeout >= .milliseconds(1), replicas.timeout < commandTimeout else {
                throw RevocationError(
                    .invalidConfiguration,
                    "at least one replica is waited for, at least a millisecond and shorter than a command may take")
            }
        }
        if case .local(let maximumBytes) = checks, maximumBytes < Follower.leastBytes {
            throw RevocationError(.invalidConfiguration, "a copy of the denylist takes at least a mebibyte")
        }
        guard epoch?.isEmpty != true else {
            throw RevocationError(.invalidConfiguration, "the configured epoch is empty: leave it out, or give it")
        }
    }

    private func validateOpenTokens() throws(RevocationError) {
        guard (Duration.seconds(1)...Duration.seconds(60)).contains(openTokenInterval),
            (Duration.zero...Duration.seconds(600)).contains(openTokenGrace)
        else {
            throw RevocationError(
                .invalidConfiguration,
                "open tokens are asked about every 1 to 60 seconds, and go on unproven for 0 to 600 seconds")
        }
    }

    /// How far the clock of an issuer may be ahead, in milliseconds.
    /// - Parameter issuer: `iss`; nil where there is only one.
    func lead(of issuer: String?) -> Int64 {
        (issuer.flatMap { issuerLeads[$0] } ?? (issuer == nil ? issuerLeads.values.max() : nil) ?? issuerLead)
            .milliseconds
    }

    /// How far a cut-off of now has to reach ahead where the terms name no issuer, in milliseconds.
    var cutOffLead: Int64 {
        max(leastCutOffLead, issuers.map { lead(of: $0.name) }.max() ?? lead(of: nil))
    }
}

extension RevocationConfiguration {
    /// An issuer of tokens, as this process knows it.
    public struct Issuer: Sendable, Hashable {
        /// `iss`, exactly.
        public var name: String
        /// The label in its keys: 1 to 32 of `a-z 0-9 -`. nil takes that of the terms, or none if this process writes
        /// them. Of several issuers at most one has no label.
        public var label: String?
        /// The longest lifetime of its tokens, refresh tokens included, up to 399 days. For an issuer that refreshes
        /// without asking the denylist: that of its longest session and a token together. nil for
        /// ``RevocationConfiguration/longestRefreshLifetime``.
        public var lifetime: Duration?

        public init(_ name: String, label: String? = nil, lifetime: Duration? = nil) {
            self.name = name
            self.label = label
            self.lifetime = lifetime
        }
    }
}
