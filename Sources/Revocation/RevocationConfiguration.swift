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
    /// The labels of the issuers that are trusted, by `iss`, if there are several: 1 to 32 of `a-z 0-9 -`, all different.
    /// Empty for one issuer, whose keys then carry no label. With labels, a token of another issuer is unknown.
    public var issuerLabels: [String: String] = [:]
    /// How long a connection may take to be made, log-in and audit included. Up to one minute.
    public var connectTimeout: Duration = .seconds(2)
    /// How long a command may take from the call to its reply. Up to one minute.
    public var commandTimeout: Duration = .milliseconds(500)
    /// How long a session's revocation is kept: the longest lifetime of a refresh token; the margin is added. Up to 399
    /// days: the daemon keeps nothing for longer than 400.
    public var longestRefreshLifetime: Duration = .seconds(30 * 86_400)
    /// How far the clock of an issuer may be ahead of the store's, by `iss`, up to 30 s: a cut-off of now reaches as far, so
    /// that it ends every token that there is. Zero for an issuer whose times are the store's
    /// (``RevocationList/issueTime(for:)``): its users could not log in again at once.
    public var issuerLeads: [String: Duration] = [:]
    /// The same for every issuer that is not among ``issuerLeads``.
    public var issuerLead: Duration = .seconds(2)
    /// How long a token without `exp` may live: its revocation is kept for so long. nil refuses to revoke one by `jti`.
    public var maximumTokenLifetime: Duration?
    /// For how long after a refresh token was exchanged a second presenter gets tokens with the same successor `jti`,
    /// instead of ending the session. Up to one minute; not prolonged by use.
    public var rotationGrace: Duration = .zero
    /// The epoch to believe; nil pins the one met at first contact. `revoked accept` outranks it while the process lives.
    public var epoch: String?
    /// Eviction policies of a stock Redis or Valkey that are accepted although they can drop revocations silently, by
    /// their names (`volatile-lru`, say; `unknown` for a server that does not tell).
    public var acceptedEvictionPolicies: Set<String> = []
    /// Whether checks may read from a replica, which may not know of the latest revocations and accepts none.
    public var acceptsReplica = false
    /// The replicas to wait for when revoking; nil waits for none.
    public var replicas: ReplicaRequirement?
    /// How long an answer that a token is revoked is believed without asking again, up to 5 s: so long an undoing may take
    /// to be noticed. Answers that a token is clear are not kept, but for ``FailurePolicy/lastKnown(for:)``.
    public var revokedAnswerLifetime: Duration = .seconds(5)
    /// Event loops that each have connections of their own to one server, one for checks and one for writes: those of a
    /// server whose requests are handled where they arrive (``EventLoopTaskExecutor``), so that a check costs no change of
    /// thread. nil for one pair, on a loop of ours.
    public var eventLoops: (any EventLoopGroup)?
    /// A clock that neither jumps nor stands still in suspension, for what is kept in this process. Another one is for tests.
    public var bootClock: @Sendable () -> ContinuousClock.Instant = { .now }
    /// The time in Unix milliseconds; what it differs by from the store's clock is measured and added. Another one is for
    /// tests.
    public var wallClock: @Sendable () -> Int64 = { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }

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
        guard (Duration.zero...Duration.seconds(399 * 86_400)).contains(longestRefreshLifetime) else {
            throw RevocationError(.invalidConfiguration, "the longest refresh lifetime is 0 to 399 days")
        }
        guard (Duration.zero...Duration.seconds(399 * 86_400)).contains(maximumTokenLifetime ?? .zero) else {
            throw RevocationError(.invalidConfiguration, "the longest lifetime of a token is 0 to 399 days")
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

    /// How long a session's revocation or a cut-off is kept, in seconds: as long as any token that it names may live.
    var longestRevocation: Int64 {
        let longest = max(longestRefreshLifetime, maximumTokenLifetime ?? .zero)
        return (longest + .milliseconds(Limits.marginMilliseconds)).secondsRoundedUp
    }
}
