import Contract

/// The entries to write for some requests.
struct RevocationPlan: Sendable {
    /// What the entries are calculated from.
    struct Inputs: Sendable {
        /// The issuer of the tokens, with the lifetime of its revocations.
        var issuer: IssuerInForce
        var terms: TermsInForce
        /// How far a cut-off of now reaches ahead at least, in milliseconds.
        var leastLead: Int64 = 0
        /// The store's time in Unix milliseconds. Lifetimes count from it.
        var now: Int64
        /// This machine's clock, Unix milliseconds; nil for ``now``.
        var ownTime: Int64?
        /// The longest time to live that the store accepts, in seconds.
        var longestToLive = Lifetime.longestToLive
        /// The reading for each cut-off, by its key.
        var cutOffs: [ExactString: CutOffReading] = [:]
        /// The token by which it is revoked, if there is one.
        var token: TokenClaims?
    }

    /// One for each request; nil for a token that expired longer ago than the margin.
    let entries: [RevocationEntry?]

    /// - Throws: ``RevocationError/Code/unrevocableToken``, ``RevocationError/Code/implausibleCutOff``; then nothing is
    ///   written.
    init(
        _ requests: [RevocationRequest], reason: Reason, _ inputs: Inputs
    ) throws(RevocationError) {
        var entries: [RevocationEntry?] = []
        for request in requests {
            entries.append(try Self.entry(request, reason, inputs))
        }
        self.entries = entries
    }

    /// The acknowledgement of each request.
    /// - Parameters:
    ///   - replicas: the number of replicas that have it, if too few.
    ///   - receipt: of what was written.
    func acknowledgements(missing replicas: Int?, _ receipt: Receipt?) -> [Acknowledgement] {
        entries.map { entry in
            guard let entry else { return .alreadyExpired }
            let seconds = entry.secondsToLive
            let outcome: Acknowledgement.Outcome =
                if let replicas {
                    .revokedOnTooFewReplicas(secondsToLive: seconds, replicas: replicas)
                } else {
                    .revoked(secondsToLive: seconds)
                }
            return Acknowledgement(outcome, receipt: receipt)
        }
    }

    private static func entry(
        _ request: RevocationRequest, _ reason: Reason, _ inputs: Inputs
    ) throws(RevocationError) -> RevocationEntry? {
        let key = try inputs.issuer.namespace.revocationKey(for: request.scope)
        var value = reason.text
        if let cutOff = request.cutOff { value = String(try milliseconds(cutOff, key, inputs)) }
        return RevocationEntry(
            request, key: key, value: value, inputs.issuer, of: inputs.terms, now: inputs.now,
            ownTime: inputs.ownTime ?? inputs.now, longestToLive: inputs.longestToLive, token: inputs.token)
    }

    private static func milliseconds(
        _ cutOff: CutOffTime, _ key: String, _ inputs: Inputs
    ) throws(RevocationError) -> Int64 {
        guard let reading = inputs.cutOffs[ExactString(key)] else {
            preconditionFailure("a cut-off has its time read")
        }
        switch cutOff {
        case .now:
            guard
                let time = CutOff.now(
                    reading.time, lead: max(inputs.issuer.terms.lead, inputs.leastLead), held: reading.held,
                    logInTime: inputs.token?.logInTime)
            else {
                throw RevocationError(
                    .implausibleCutOff, "the token was issued more than 60 seconds ahead of the store's clock")
            }
            return time
        case .at(let time):
            switch CutOff.implausibility(of: String(time).utf8.span.bytes, now: reading.time) {
            case nil: return time
            case .inTheFuture:
                throw RevocationError(
                    .implausibleCutOff, "the cut-off is more than 60 seconds ahead of the store's clock")
            case .notANumber, .notMilliseconds:
                throw RevocationError(.implausibleCutOff, "the cut-off is too small: Unix milliseconds are expected")
            }
        }
    }
}

/// What is read before a cut-off is written, all in one pipeline.
struct CutOffReading: Sendable {
    /// The clock of the server that has its key, read first, Unix milliseconds.
    let time: Int64
    /// The values of the cut-offs that may have pushed a log-in ahead of that clock.
    let held: [[UInt8]]
}

extension RevocationEntry {
    /// - Parameters:
    ///   - now: the store's clock as far as known.
    ///   - ownTime: this machine's clock.
    ///   - longestToLive: how long the store keeps a revocation at most, in seconds. A token that lives even longer is
    ///     revoked for so long if verifiers refuse it for good. Any other is left for the store to refuse.
    ///   - token: the token by which it is revoked, if there is one.
    /// - Returns: nil for a token that expired longer ago than the margin.
    init?(
        _ request: RevocationRequest, key: String, value: String, _ issuer: IssuerInForce,
        of terms: borrowing TermsInForce, now: Int64, ownTime: @autoclosure () -> Int64, longestToLive: Int64,
        token: @autoclosure () -> TokenClaims?
    ) {
        switch request {
        case .token(_, let expiresAt):
            // The store's clock may be set back later: nothing is written only if the token has expired by both clocks.
            guard
                let seconds = Lifetime.secondsToLive(expiresAt: expiresAt, now: now)
                    ?? Lifetime.secondsToLive(expiresAt: expiresAt, now: ownTime())
            else { return nil }
            let outlivesStore = seconds > longestToLive && token().map { issuer.isRefusedForGood($0, now: now) } == true
            secondsToLive = outlivesStore ? longestToLive : seconds
        // A thief of the key can mint more tokens, so no token's lifetime bounds it.
        case .key: secondsToLive = longestToLive
        case .session, .subject, .client: secondsToLive = issuer.secondsToLive
        case .all: secondsToLive = terms.secondsToLiveOfAll
        }
        self.key = key
        self.value = value
        kind = request.scope.kind
    }
}

extension RevocationRequest {
    /// Whether its lifetime may depend on how long the store keeps a revocation.
    func mayReachLimit(of issuer: IssuerInForce, now: Int64) -> Bool {
        switch self {
        case .key: true
        case .token(_, let expiresAt):
            (Lifetime.secondsToLive(expiresAt: expiresAt, now: now) ?? 0) > issuer.secondsToLive
        case .session, .subject, .client, .all: false
        }
    }

    /// The requests that revoke some scopes of a token.
    /// - Throws: ``RevocationError/Code/unrevocableToken`` if it lacks what a scope needs.
    static func requests(
        for token: TokenClaims, scopes: Set<Scope.Kind>, configuration: RevocationConfiguration, now: Int64
    ) throws(RevocationError) -> [RevocationRequest] {
        guard !scopes.isEmpty else {
            throw RevocationError(.invalidConfiguration, "no scope was given: revoke by token, by session or another")
        }
        var requests: [RevocationRequest] = []
        for kind in Scope.Kind.allCases where scopes.contains(kind) {
            requests.append(try RevocationRequest(kind, of: token, configuration: configuration, now: now))
        }
        return requests
    }

    /// - Throws: ``RevocationError/Code/unrevocableToken`` if the token lacks what the scope needs.
    init(
        _ kind: Scope.Kind, of token: borrowing TokenClaims, configuration: borrowing RevocationConfiguration,
        now: Int64
    ) throws(RevocationError) {
        switch kind {
        case .token:
            self = .token(
                try Self.named(token.identifier, "jti: revoke its session instead"),
                expiresAt: try Self.expiry(of: token, configuration, now))
        case .session: self = .session(try Self.named(token.session, "sid: revoke it by token instead"))
        case .subject: self = .subject(try Self.named(token.subject, "sub"))
        case .client: self = .client(try Self.named(token.client, "client_id"))
        case .key: self = .key(try Self.named(token.key, "key: it was not verified"))
        case .all: self = .all()
        }
    }

    private static func named(_ identifier: String?, _ what: String) throws(RevocationError) -> String {
        guard let identifier, !identifier.isEmpty else {
            throw RevocationError(.unrevocableToken, "the token has no \(what)")
        }
        return identifier
    }

    private static func expiry(
        of token: borrowing TokenClaims, _ configuration: borrowing RevocationConfiguration, _ now: Int64
    ) throws(RevocationError) -> Int64 {
        if let expiresAt = token.expiresAt { return expiresAt }
        guard let longest = configuration.maximumTokenLifetime else {
            throw RevocationError(.unrevocableToken, "the token has no exp: how long to keep its revocation is unknown")
        }
        return now + longest.milliseconds
    }
}

extension Namespace {
    /// - Throws: ``RevocationError/Code/unrevocableToken`` for an empty identifier.
    func revocationKey(for scope: Scope) throws(RevocationError) -> String {
        do throws(ContractError) {
            return try key(for: scope)
        } catch {
            throw RevocationError(.unrevocableToken, error.message, cause: error)
        }
    }
}
