public import Contract
import Synchronization

extension RevocationList {
    /// How many revocations are written at once.
    private static let batch = 1_000

    /// Revokes a token: `SETEX revoked:jti:<jti> <remaining lifetime + margin> <reason>`, and the other scopes that are
    /// named. Returns once the store has acknowledged every write.
    ///
    /// Only a store with the pinned epoch can acknowledge a write. Another store may have written it too, which does no
    /// harm.
    /// - Parameters:
    ///   - token: the verified claims, of an access or a refresh token.
    ///   - reason: the value of the token's and the session's key.
    ///   - scopes: `.token` and `.session` end a log-in. `.subject`, `.client` and `.all` set a cut-off at the store's
    ///     present time, or at the token's log-in time if that is later: "log out everywhere" is `.subject`.
    /// - Returns: of several scopes, the one that is kept for the shortest time. A token that lives longer than any
    ///   revocation is kept is refused by verifiers for good, so its own is shorter than its remaining lifetime.
    /// - Throws: ``RevocationError``: the token is then not known to be revoked.
    @discardableResult
    public func revoke(
        _ token: TokenClaims, reason: Reason = .logout, scopes: Set<Scope.Kind> = [.token]
    ) async throws(RevocationError) -> Acknowledgement {
        if scopes.count == 1, let kind = scopes.first, !kind.isCutOff, let direct = directWrite(token.issuer) {
            let request = try RevocationRequest(kind, of: token, configuration: configuration, now: direct.now)
            if let acknowledgement = try await write(request, reason, direct, presented: token) {
                return acknowledgement
            }
        }
        return try await revoke(token, reason: reason, scopes: scopes, receipt: false)
    }

    /// The same, and asks where it is in force (``Acknowledgement/receipt``) if `receipt` is true, which takes another
    /// command.
    public func revoke(
        _ token: TokenClaims, reason: Reason = .logout, scopes: Set<Scope.Kind> = [.token], receipt: Bool
    ) async throws(RevocationError) -> Acknowledgement {
        // Noted before the store's time is read, which may be away.
        let named = token.scopes.filter { scopes.contains($0.kind) }
        return try await attempting(named, token.issuer) { () async throws(RevocationError) in
            let requests = try RevocationRequest.requests(
                for: token, scopes: scopes, configuration: configuration, now: try await now())
            return Acknowledgement.least(
                try await write(requests, reason: reason, issuer: token.issuer, presented: token, receipt: receipt))
        }
    }

    /// Revokes one thing, named without a token.
    /// - Parameters:
    ///   - request: what to revoke.
    ///   - reason: the value of a token's or a session's key; a cut-off has no room for one.
    ///   - issuer: `iss` of the tokens, needed where several issuers are trusted.
    /// - Throws: ``RevocationError``: it is then not known to be revoked.
    @discardableResult
    public func revoke(
        _ request: RevocationRequest, reason: Reason = .admin, issuer: String? = nil
    ) async throws(RevocationError) -> Acknowledgement {
        if request.cutOff == nil, let direct = directWrite(issuer),
            let acknowledgement = try await write(request, reason, direct, presented: nil)
        {
            return acknowledgement
        }
        return try await revoke([request], reason: reason, issuer: issuer)[0]
    }

    /// The same, and asks where it is in force (``Acknowledgement/receipt``) if `receipt` is true, which takes another
    /// command.
    public func revoke(
        _ request: RevocationRequest, reason: Reason = .admin, issuer: String? = nil, receipt: Bool
    ) async throws(RevocationError) -> Acknowledgement {
        try await revoke([request], reason: reason, issuer: issuer, receipt: receipt)[0]
    }

    /// Revokes many things in as few round trips as possible.
    /// - Parameters:
    ///   - requests: what to revoke.
    ///   - reason: the value of tokens and sessions; a cut-off has no room for one.
    ///   - issuer: `iss` of the tokens, needed where several issuers are trusted.
    ///   - receipt: whether to ask where they are in force (``Acknowledgement/receipt``).
    /// - Returns: what became of each.
    /// - Throws: ``RevocationError``: some may then have been revoked, and some not.
    @discardableResult
    public func revoke(
        _ requests: [RevocationRequest], reason: Reason = .admin, issuer: String? = nil, receipt: Bool = false
    ) async throws(RevocationError) -> [Acknowledgement] {
        try await attempting(requests.map(\.scope), issuer) { () async throws(RevocationError) in
            try await write(requests, reason: reason, issuer: issuer, presented: nil, receipt: receipt)
        }
    }

    /// - Parameter token: the token by which it is revoked.
    private func write(
        _ requests: [RevocationRequest], reason: Reason, issuer: String?, presented token: TokenClaims?, receipt: Bool
    ) async throws(RevocationError) -> [Acknowledgement] {
        var acknowledgements: [Acknowledgement] = []
        for start in stride(from: 0, to: requests.count, by: Self.batch) {
            let requests = Array(requests[start..<min(requests.count, start + Self.batch)])
            let (plan, written) = try await counted { () async throws(RevocationError) in
                try await proven { (pinnedEpoch) async throws(RevocationError) in
                    try await write(
                        requests, reason: reason, issuer: issuer, presented: token, receipt: receipt, pinnedEpoch)
                }
            }
            metrics.revoked(zip(requests, plan.entries).compactMap { $1 == nil ? nil : $0.scope.kind }, reason)
            noteWrite(of: plan.entries.compactMap { $0 }, isAcknowledged: true)
            let areTooFew = written.replicas.map { $0 < configuration.replicas?.count ?? 0 } ?? false
            acknowledgements += plan.acknowledgements(missing: areTooFew ? written.replicas : nil, written.receipt)
        }
        return acknowledgements
    }

    /// Records the attempt: what was to be revoked is no longer clear in this process, even if the store is away. If it
    /// fails that counts from then on: a look-up in between may have missed it, and what is open is judged.
    private func attempting<Answer>(
        _ scopes: [Scope], _ issuer: String?, _ write: () async throws(RevocationError) -> Answer
    ) async throws(RevocationError) -> Answer {
        noteWrite(of: attempts(at: scopes, issuer), isAcknowledged: false)
        do throws(RevocationError) { return try await write() } catch {
            noteFailure(of: attempts(at: scopes, issuer))
            throw error
        }
    }

    /// Keys are those of the last terms known: the present ones may be unknown.
    private func attempts(at scopes: [Scope], _ issuer: String?) -> [RevocationEntry] {
        guard let issuer = lastTerms?.issuer(issuer) else { return [] }
        return scopes.compactMap { scope in
            (try? issuer.namespace.revocationKey(for: scope)).map {
                RevocationEntry(key: $0, kind: scope.kind, value: "", secondsToLive: 1)
            }
        }
    }

    /// - Parameter pinnedEpoch: with the terms that lifetimes are calculated from.
    /// - Returns: what was written, and where it is.
    private func write(
        _ requests: [RevocationRequest], reason: Reason, issuer: String?, presented token: TokenClaims?,
        receipt: Bool, _ pinnedEpoch: PinnedEpoch
    ) async throws(RevocationError) -> Witnessed<(RevocationPlan, Written)> {
        let issuer = try self.issuer(issuer, of: pinnedEpoch)
        var inputs = RevocationPlan.Inputs(issuer: issuer, terms: pinnedEpoch.terms, now: try await now())
        inputs.cutOffs = try await cutOffReadings(for: requests, issuer.namespace, pinnedEpoch, presented: token)
        inputs.token = token
        // Terms without a name were written by a process that knew nothing of the others.
        if issuer.terms.name == nil { inputs.leastLead = configuration.cutOffLead }
        inputs.ownTime = configuration.wallClock()
        if requests.contains(where: { $0.mayReachLimit(of: issuer, now: inputs.now) }) {
            inputs.longestToLive = try await acting { () async throws(StoreFailure) in
                try await backend.status().longestToLive
            }
        }
        let plan = try RevocationPlan(requests, reason: reason, inputs)
        let entries = plan.entries.compactMap { $0 }
        guard !entries.isEmpty else { return .nothingWritten((plan, Written())) }
        noteWrite(of: entries, isAcknowledged: false)
        return try await acting { () async throws(StoreFailure) in
            try await backend.write(entries, under: pinnedEpoch.terms.bytes, receipt: receipt).map { (plan, $0) }
        }
    }

    /// The parameters of a revocation that takes one command.
    private struct DirectWrite {
        let connection: StoreConnection
        let pinnedEpoch: PinnedEpoch
        let issuer: IssuerInForce
        /// The store's time.
        let now: Int64
        /// The longest time to live that the store accepts, in seconds.
        let longestToLive: Int64
    }

    /// - Returns: nil if it takes more commands, or something must be read first.
    @inline(__always)
    private func directWrite(_ issuer: String?) -> DirectWrite? {
        guard let pinnedEpoch, !pinnedEpoch.terms.areUnwritten, let issuer = pinnedEpoch.terms.issuer(issuer),
            let direct = backend.directWrites()
        else { return nil }
        return DirectWrite(
            connection: direct.connection, pinnedEpoch: pinnedEpoch, issuer: issuer, now: time(by: direct.clock),
            longestToLive: direct.longestToLive)
    }

    /// Writes a revocation that takes one command. Nearly always the reply is the expected one. One function, for the
    /// same reason as a check.
    /// - Parameters:
    ///   - request: no cut-off.
    ///   - token: the token by which it is revoked, if there is one.
    /// - Returns: nil if the terms changed meanwhile: its lifetime must be calculated again.
    @inline(__always)
    private func write(
        _ request: RevocationRequest, _ reason: Reason, _ direct: DirectWrite, presented token: TokenClaims?
    ) async throws(RevocationError) -> Acknowledgement? {
        let key = try direct.issuer.namespace.revocationKey(for: request.scope)
        guard
            let entry = RevocationEntry(
                request, key: key, value: reason.text, direct.issuer, of: direct.pinnedEpoch.terms, now: direct.now,
                ownTime: configuration.wallClock(), longestToLive: direct.longestToLive, token: token)
        else { return .alreadyExpired }
        noteWrite(of: CollectionOfOne(entry), isAcknowledged: false)
        let call = PendingRevocation(entry, direct.pinnedEpoch)
        var outcome = await withUnsafeContinuation { waiter in
            if call.wait(waiter) { direct.connection.submit(call) }
        }
        if outcome == nil { outcome = await direct.connection.lateOutcome(of: call) }
        do throws(StoreFailure) {
            try (outcome ?? .failure(.unexpectedReply)).acknowledgement(from: direct.pinnedEpoch)
        } catch {
            let error = unacknowledged(error)
            guard error.code != .termsChanged else { return nil }
            noteFailure(of: CollectionOfOne(entry))
            metrics.wrote(error)
            throw error
        }
        noteWrite(of: CollectionOfOne(entry), isAcknowledged: true)
        if metrics.areEnabled {
            metrics.wrote(nil)
            metrics.revoked([entry.kind], reason)
        }
        return .revoked(secondsToLive: entry.secondsToLive)
    }

    /// Undoes revocations: a separate, privileged act.
    ///
    /// It takes effect within 5 s everywhere. What another scope revokes stays revoked.
    /// - Parameters:
    ///   - scopes: at most 1,000.
    ///   - issuer: `iss` of the tokens, needed where several issuers are trusted.
    /// - Returns: what was undone; nothing for a scope that was not revoked.
    /// - Throws: ``RevocationError``: some may then have been undone, and some not.
    public func restore(_ scopes: [Scope], issuer: String? = nil) async throws(RevocationError) -> [Restoration] {
        precondition(scopes.count <= Self.batch, "at most \(Self.batch) scopes are restored at once")
        guard !scopes.isEmpty else { return [] }
        let (keys, removed) = try await counted { () async throws(RevocationError) in
            // Labels never change, so the keys do not depend on newer terms.
            try await proven(needsTerms: false) { (pinnedEpoch) async throws(RevocationError) in
                let namespace = try self.issuer(issuer, of: pinnedEpoch).namespace
                var keys: [String] = []
                for scope in scopes { keys.append(try namespace.revocationKey(for: scope)) }
                return try await acting { () async throws(StoreFailure) in
                    try await backend.remove(keys).map { (keys, $0) }
                }
            }
        }
        known.withLock { $0.restored(keys) }
        return zip(scopes, removed).compactMap { scope, removed in
            removed.map { removed in
                Restoration(
                    scope: scope, value: String(decoding: removed.value, as: UTF8.self),
                    secondsLeft: removed.millisecondsToLive.map { $0 / 1_000 + ($0 % 1_000 > 0 ? 1 : 0) })
            }
        }
    }

    private func counted<Answer>(
        _ action: () async throws(RevocationError) -> Answer
    ) async throws(RevocationError) -> Answer {
        do throws(RevocationError) {
            let answer = try await action()
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
    /// The acknowledgement with the shortest lifetime; ``alreadyExpired`` only if all are.
    static func least(_ acknowledgements: [Acknowledgement]) -> Acknowledgement {
        acknowledgements.min { $0.rank < $1.rank } ?? .alreadyExpired
    }

    private var rank: Int64 {
        switch outcome {
        case .revokedOnTooFewReplicas: -1
        case .revoked(let secondsToLive): secondsToLive
        case .alreadyExpired: .max
        }
    }
}

extension PendingCall.Outcome {
    /// - Throws: unless the store acknowledged the one command under the pinned epoch.
    fileprivate func acknowledgement(from pinnedEpoch: PinnedEpoch) throws(StoreFailure) {
        switch try get() {
        case .expected: break
        case .witnessed(let replies, let witness):
            guard try Witnessed(replies, [witness]).value(from: pinnedEpoch) == [.ok] else {
                throw StoreFailure(unexpected: replies.first ?? .null)
            }
        case .replies: throw .unexpectedReply
        }
    }
}
