public import Contract

extension RevocationList {
    /// Whether a scope itself is revoked: a token, a session or a key. For a subject, a client or all: whether it has a
    /// cut-off. Other scopes of a token that falls under it are not read.
    /// - Parameters:
    ///   - scope: the scope.
    ///   - issuer: `iss` of the tokens, needed where several issuers are trusted.
    public func verdict(of scope: Scope, issuer: String? = nil) async -> Verdict {
        do throws(UnknownCause) {
            let verdict = try await ask(about: scope, issuer)
            if case .unknown(let cause) = verdict { react(to: cause) }
            return verdict
        } catch {
            react(to: error)
            return .unknown(error)
        }
    }

    private func ask(about scope: Scope, _ issuer: String?) async throws(UnknownCause) -> Verdict {
        var contact = await contact()
        // New terms may name another key: the look-up is then repeated once.
        for _ in 0..<2 {
            guard let terms = contact.terms else { throw contact.cause ?? Self.unknownIssuer }
            guard let known = terms.issuer(issuer) else {
                throw UnknownCause(.unidentifiable, terms.objection(toIssuer: issuer))
            }
            let key: String
            do throws(RevocationError) { key = try known.namespace.revocationKey(for: scope) } catch {
                throw UnknownCause(.unidentifiable, error.message)
            }
            let keys = [key] + (terms.areUnwritten ? [Terms.key] : []) + [Epoch.key]
            let (values, clock) = try await asking { () async throws(StoreFailure) in try await backend.check(keys) }
            guard !terms.areUnwritten || values[1] == nil else {
                contact = await renewContact()
                continue
            }
            let verdict = scope.kind.verdict(
                value: values[0], epoch: values.last ?? nil, pinnedEpoch: contact.pinnedEpoch?.epoch ?? [],
                now: clock?.time(at: configuration.bootMilliseconds).upperBound ?? 0)
            if case .revoked = verdict { return verdict }
            if let cause = contact.cause { throw cause }
            if case .clear = verdict, let cause = skewCause(of: clock, true) { return .unknown(cause) }
            return verdict
        }
        throw UnknownCause(.termsDisagree, "the denylist's terms come and go")
    }
}

/// How long something lasts under a denylist's terms, in milliseconds.
package struct RevocationLifetimes: Sendable {
    /// The longest lifetime of an issuer's tokens, whichever node has issued them.
    package let token: Int64
    /// How long the store keeps a revocation at most.
    package let revocation: Int64

    package init(token: Int64, revocation: Int64) {
        self.token = token
        self.revocation = revocation
    }
}

extension RevocationList {
    package func lifetimes(of issuer: String) async throws(UnknownCause) -> RevocationLifetimes {
        let contact = await contact()
        guard let terms = contact.terms else { throw contact.cause ?? Self.unknownIssuer }
        let known = try identified(terms.issuer(issuer))
        let status = try await asking { () async throws(StoreFailure) in try await backend.status() }
        return RevocationLifetimes(token: known.terms.longestLifetime, revocation: status.longestToLive * 1_000)
    }
}
