public import Contract
import Synchronization

extension RevocationList {
    /// How many revocations are written at once.
    private static let batch = 1_000

    /// Revokes a token: `SETEX revoked:jti:<jti> <remaining lifetime + margin> <reason>`, and whatever else of it is named.
    /// Returns once the store has acknowledged every write.
    ///
    /// A store whose epoch has changed takes revocations all the same: one more can only make it safer, and checks stay
    /// unknown until the epoch is accepted.
    /// - Parameter scopes: `.token` and `.session` end a log-in. `.subject`, `.client` and `.all` set a cut-off at the
    ///   store's present time, or at the token's log-in time if that is later: "log out everywhere" is `.subject`.
    /// - Returns: of several scopes, the one that is kept for the shortest time.
    /// - Throws: ``RevocationError``: the token is then not known to be revoked.
    @discardableResult
    public func revoke(
        _ token: TokenClaims, reason: Reason = .logout, scopes: Set<Scope.Kind> = [.token]
    ) async throws(RevocationError) -> Acknowledgement {
        if scopes.count == 1, let kind = scopes.first, !kind.isCutOff, let direct = backend.directWrites() {
            let now = time(by: direct.clock)
            let request = try RevocationRequest(kind, of: token, configuration: configuration, now: now)
            return try await write(request, reason, issuer: token.issuer, now: now, on: direct.connection)
        }
        let requests = try RevocationRequest.requests(
            for: token, scopes: scopes, configuration: configuration, now: try await now())
        return Acknowledgement.least(
            try await revoke(requests, reason: reason, issuer: token.issuer, presented: token))
    }

    /// Revokes one thing, named without a token.
    /// - Parameter issuer: `iss` of the tokens, needed where several issuers are trusted.
    /// - Throws: ``RevocationError``: it is then not known to be revoked.
    @discardableResult
    public func revoke(
        _ request: RevocationRequest, reason: Reason = .admin, issuer: String? = nil
    ) async throws(RevocationError) -> Acknowledgement {
        if request.cutOff == nil, let direct = backend.directWrites() {
            let now = time(by: direct.clock)
            return try await write(request, reason, issuer: issuer, now: now, on: direct.connection)
        }
        return try await revoke([request], reason: reason, issuer: issuer)[0]
    }

    /// Revokes many things, in as few round trips as can be.
    /// - Parameter reason: the value of tokens and sessions; a cut-off has no room for one.
    /// - Returns: what became of each.
    /// - Throws: ``RevocationError``: some may then have been revoked, and some not.
    @discardableResult
    public func revoke(
        _ requests: [RevocationRequest], reason: Reason = .admin, issuer: String? = nil
    ) async throws(RevocationError) -> [Acknowledgement] {
        try await revoke(requests, reason: reason, issuer: issuer, presented: nil)
    }

    /// - Parameter token: the one by which it is revoked.
    private func revoke(
        _ requests: [RevocationRequest], reason: Reason, issuer: String?, presented token: TokenClaims?
    ) async throws(RevocationError) -> [Acknowledgement] {
        let namespace = try namespace(of: issuer)
        var acknowledgements: [Acknowledgement] = []
        for start in stride(from: 0, to: requests.count, by: Self.batch) {
            let requests = Array(requests[start..<min(requests.count, start + Self.batch)])
            var circumstances = RevocationPlan.Circumstances(configuration: configuration, namespace: namespace, now: 0)
            circumstances.now = try await now()
            circumstances.cutOffs = try await cutOffReadings(for: requests, namespace, presented: token)
            circumstances.lead = configuration.lead(of: issuer)
            circumstances.logInTime = token?.logInTime
            let plan = try RevocationPlan(requests, reason: reason, circumstances)
            let entries = plan.entries.compactMap { $0 }
            let replicas = entries.isEmpty ? nil : try await write(entries)
            metrics.revoked(zip(requests, plan.entries).compactMap { $1 == nil ? nil : $0.scope.kind }, reason)
            let areTooFew = replicas.map { $0 < configuration.replicas?.count ?? 0 } ?? false
            acknowledgements += plan.acknowledgements(missing: areTooFew ? replicas : nil)
        }
        return acknowledgements
    }

    /// Writes what takes one command, whose reply is nearly always the one that is hoped for. The call stands here for the
    /// same reason as that of a check.
    /// - Parameter request: no cut-off.
    /// - Parameter now: the store's time.
    @inline(__always)
    private func write(
        _ request: RevocationRequest, _ reason: Reason, issuer: String?, now: Int64, on connection: StoreConnection
    ) async throws(RevocationError) -> Acknowledgement {
        let key = try namespace(of: issuer).revocationKey(for: request.scope)
        guard
            let entry = RevocationEntry(
                request, key: key, value: reason.text, configuration: configuration, now: now)
        else { return .alreadyExpired }
        let begunAt = configuration.bootClock()
        known.withLock { $0.wrote(CollectionOfOne(entry), isAcknowledged: false, at: begunAt) }
        let call = PendingRevocation(entry)
        var outcome = await withUnsafeContinuation { waiter in
            if call.wait(waiter) { connection.submit(call) }
        }
        if outcome == nil { outcome = await connection.lateOutcome(of: call) }
        do throws(StoreFailure) {
            try (outcome ?? .failure(.unexpectedReply)).acknowledgement()
        } catch {
            let error = RevocationError(error)
            metrics.wrote(error)
            throw error
        }
        let acknowledgedAt = configuration.bootClock()
        known.withLock { $0.wrote(CollectionOfOne(entry), isAcknowledged: true, at: acknowledgedAt) }
        if metrics.areWanted {
            metrics.wrote(nil)
            metrics.revoked([entry.kind], reason)
        }
        return .revoked(secondsToLive: entry.secondsToLive)
    }

    /// Undoes revocations: a separate, privileged act.
    ///
    /// It takes effect within 5 s everywhere. What another scope revokes stays revoked.
    /// - Parameter scopes: at most 1,000.
    /// - Returns: what was undone; nothing for a scope that was not revoked.
    /// - Throws: ``RevocationError``: some may then have been undone, and some not.
    public func restore(_ scopes: [Scope], issuer: String? = nil) async throws(RevocationError) -> [Restoration] {
        precondition(scopes.count <= Self.batch, "at most \(Self.batch) scopes are restored at once")
        guard !scopes.isEmpty else { return [] }
        let namespace = try namespace(of: issuer)
        var keys: [String] = []
        for scope in scopes { keys.append(try namespace.revocationKey(for: scope)) }
        let removed = try await counted { () async throws(StoreFailure) in try await backend.remove(keys) }
        known.withLock { $0.restored(keys) }
        return zip(scopes, removed).compactMap { scope, removed in
            removed.map { removed in
                Restoration(
                    scope: scope, value: String(decoding: removed.value, as: UTF8.self),
                    secondsLeft: removed.millisecondsToLive.map { $0 / 1_000 + ($0 % 1_000 > 0 ? 1 : 0) })
            }
        }
    }

    /// - Returns: how many replicas have it, if that was waited for.
    private func write(_ entries: [RevocationEntry]) async throws(RevocationError) -> Int? {
        known.withLock { $0.wrote(entries, isAcknowledged: false, at: configuration.bootClock()) }
        let replicas = try await counted { () async throws(StoreFailure) in try await backend.write(entries) }
        known.withLock { $0.wrote(entries, isAcknowledged: true, at: configuration.bootClock()) }
        return replicas
    }

    private func counted<Answer>(
        _ action: () async throws(StoreFailure) -> Answer
    ) async throws(RevocationError) -> Answer {
        do throws(RevocationError) {
            let answer = try await acting(action)
            metrics.wrote(nil)
            return answer
        } catch {
            metrics.wrote(error)
            throw error
        }
    }

    /// The store's time.
    private func now() async throws(RevocationError) -> Int64 {
        try await acting { () async throws(StoreFailure) in try await storeTime() }
    }
}

extension Acknowledgement {
    /// The one that is kept for the shortest time; nothing was to be written only if that is true of all.
    static func least(_ acknowledgements: [Acknowledgement]) -> Acknowledgement {
        acknowledgements.min { $0.rank < $1.rank } ?? .alreadyExpired
    }

    private var rank: Int64 {
        switch self {
        case .revokedOnTooFewReplicas: -1
        case .revoked(let secondsToLive): secondsToLive
        case .alreadyExpired: .max
        }
    }
}

extension PendingCall.Outcome {
    /// - Throws: unless the store has acknowledged the one command.
    fileprivate func acknowledgement() throws(StoreFailure) {
        switch try get() {
        case .asHoped, .replies([.ok]): break
        case .replies(let replies): throw StoreFailure(unexpected: replies.first ?? .null)
        }
    }
}
