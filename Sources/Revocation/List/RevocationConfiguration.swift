public import Contract
public import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How a ``RevocationList`` behaves.
public struct RevocationConfiguration: Sendable {
    public var namespace = Namespace()
    /// The issuers that this process knows, our own first. Empty for one that need not be named. What they say must
    /// agree with the denylist's terms (``Terms``), which may say more: `revoked terms` shows and changes them. If the
    /// denylist has none, they are what it gets; a token of an issuer that is not in the terms is unknown.
    public var issuers: [Issuer] = []
    /// How long after `exp` the verifiers of this process accept a token: up to one minute. It must not be more than
    /// the denylist's terms say.
    public var leeway: Duration = .zero
    /// How long a connection may take to be made, log-in and audit included. Up to one minute.
    public var connectTimeout: Duration = .seconds(2)
    /// How long a command may take from the call to its reply. Up to one minute.
    public var commandTimeout: Duration = .milliseconds(500)
    /// The longest lifetime of a refresh token that this process issues or accepts, up to 399 days: so long are
    /// revocations of sessions kept, and the margin is added. It must not be more than the denylist's terms say, which
    /// count; nil takes what they say, or 30 days if this process has to write them.
    public var longestRefreshLifetime: Duration?
    /// How far the clock of an issuer may be ahead of the store's, by `iss`, up to 30 s: a cut-off of now reaches as
    /// far, so that it ends every token that there is. Zero for an issuer whose times are the store's
    /// (``RevocationList/issueTime(for:)``): its users could not log in again at once. It must not be more than the
    /// denylist's terms say, which count.
    public var issuerLeads: [String: Duration] = [:]
    /// The same for every issuer that is not among ``issuerLeads``.
    public var issuerLead: Duration = .seconds(2)
    /// How long a token without `exp` may live: its revocation is kept for so long. nil refuses to revoke one by `jti`.
    public var maximumTokenLifetime: Duration?
    /// For how long after a refresh token was exchanged a second presenter gets tokens with the same successor `jti`,
    /// instead of ending the session. Up to one minute; not prolonged by use.
    public var rotationGrace: Duration = .zero
    /// The epoch to believe; nil pins the one of the ``stateFile``, or the one met at first contact. `revoked accept`
    /// outranks it while the process lives.
    public var epoch: String?
    /// The path of a file that keeps the pinned epoch, so that a process that starts again does not pin what an empty
    /// store says. It is made, readable by its owner only, when an epoch is pinned; nil for none.
    public var stateFile: String?
    /// Eviction policies of a stock Redis or Valkey that are accepted although they can drop revocations silently, by
    /// their names (`volatile-lru`, say; `unknown` for a server that does not tell).
    public var acceptedEvictionPolicies: Set<String> = []
    /// Whether checks may read from a replica, which may not know of the latest revocations and accepts none.
    public var acceptsReplica = false
    /// The replicas to wait for when revoking; nil waits for none.
    public var replicas: ReplicaRequirement?
    /// How long an answer that a token is revoked is believed without asking again, up to 5 s: so long an undoing may
    /// take to be noticed. Answers that a token is clear are not kept, but for ``FailurePolicy/lastKnown(for:)``.
    public var revokedAnswerLifetime: Duration = .seconds(5)
    /// Event loops that each have connections of their own to one server, one for checks and one for writes: those of a
    /// server whose requests are handled where they arrive (``EventLoopTaskExecutor``), so that a check costs no change
    /// of thread. nil for one pair, on a loop of ours.
    public var eventLoops: (any EventLoopGroup)?
    /// A clock that neither jumps nor stands still in suspension, for what is kept in this process. Another one is for
    /// tests.
    public var bootClock: @Sendable () -> ContinuousClock.Instant = { .now }
    /// The time in Unix milliseconds; what it differs by from the store's clock is measured and added. Another one is
    /// for tests.
    public var wallClock: @Sendable () -> Int64 = { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }

    /// The protection that a list of the laboratory does without.
    var omitted: OmittedProtection?
    /// Waits until a cut-off has passed. Another one is for tests.
    package var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Whether each command leaves in a write of its own: the benchmark's, to be compared with.
    package var flushesEachCommand = false
    /// Told of every write how many commands it has: the benchmark's.
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
        guard epoch?.isEmpty != true else {
            throw RevocationError(.invalidConfiguration, "the configured epoch is empty: leave it out, or give it")
        }
    }

    /// How far the clock of an issuer may be ahead, in milliseconds.
    /// - Parameter issuer: `iss`; nil where there is only one.
    func lead(of issuer: String?) -> Int64 {
        (issuer.flatMap { issuerLeads[$0] } ?? (issuer == nil ? issuerLeads.values.max() : nil) ?? issuerLead)
            .milliseconds
    }
}

extension RevocationConfiguration {
    /// An issuer of tokens, as this process knows it.
    public struct Issuer: Sendable, Hashable {
        /// `iss`, exactly.
        public var name: String
        /// Stands in its keys in the denylist: 1 to 32 of `a-z 0-9 -`; nil takes what the terms say, or none if this
        /// process has to write them. Of several issuers only one can be without.
        public var label: String?
        /// The longest lifetime of its tokens, refresh tokens included, up to 399 days; for an issuer that refreshes
        /// without asking the denylist, of its longest session and a token together. nil for
        /// ``RevocationConfiguration/longestRefreshLifetime``.
        public var lifetime: Duration?

        public init(_ name: String, label: String? = nil, lifetime: Duration? = nil) {
            self.name = name
            self.label = label
            self.lifetime = lifetime
        }
    }
}
