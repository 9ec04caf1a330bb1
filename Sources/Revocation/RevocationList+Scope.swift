public import Contract

extension RevocationList {
    /// Whether a scope is revoked itself: a token, a session or a key; or whether there is a cut-off for a subject, a client
    /// or all. What other scopes say of a token that falls under it is left out.
    /// - Parameter issuer: `iss`, needed where several issuers are trusted.
    public func verdict(of scope: Scope, issuer: String? = nil) async -> Verdict {
        do throws(UnknownCause) {
            let verdict = try await ask(about: scope, issuer)
            if case .unknown(let cause) = verdict { look(into: cause) }
            return verdict
        } catch {
            return .unknown(error)
        }
    }

    private func ask(about scope: Scope, _ issuer: String?) async throws(UnknownCause) -> Verdict {
        let key: String
        do throws(RevocationError) { key = try namespace(of: issuer).revocationKey(for: scope) } catch {
            throw UnknownCause(.unidentifiable, error.message)
        }
        let believed = believedEpoch
        let (values, clock) = try await asking { () async throws(StoreFailure) in
            try await backend.check([key, Epoch.key])
        }
        let verdict = scope.kind.verdict(
            value: values[0], epoch: values[1], pinnedEpoch: pinned(believed, seeing: values),
            now: clock?.time(at: configuration.bootMilliseconds).upperBound ?? 0)
        if case .clear = verdict, let doubt = doubt(about: clock, true) { return .unknown(doubt) }
        return verdict
    }
}
