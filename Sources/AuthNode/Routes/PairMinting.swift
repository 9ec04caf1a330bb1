import Contract
import Hummingbird
import Revocation
import RevocationHTTP

/// Issues pairs of tokens, with times from the denylist.
struct PairMinting: Sendable {
    let issuer: TokenIssuer
    let denylist: any NodeDenylist
    /// nil if tokens are in the body.
    let cookies: SessionCookies?
    /// nil if no store keeps them.
    let records: SessionRecords?
    let proxies: TrustedProxies

    /// A pair for fresh credentials. It is issued after every cut-off, so it survives when older tokens are revoked.
    /// - Throws: 503 if the cut-offs are unknown, whatever the failure policy.
    func newPair(
        _ session: TokenIssuer.Session, _ request: Request, _ context: NodeContext
    ) async throws -> Response {
        let draft = issuer.draft(session)
        let times = TokenIssuer.Times(logIn: try await issueTime(draft))
        let pair = try await issuer.pair(session, access: draft.identifier ?? "", times)
        await note(session, times, request, context)
        return try pair.response(cookies: cookies)
    }

    /// The next pair of a session.
    func nextPair(
        _ session: TokenIssuer.Session, _ successor: RotationOutcome.Successor, _ request: Request,
        _ context: NodeContext
    ) async throws -> TokenPair {
        let times = TokenIssuer.Times(successor)
        let pair = try await issuer.pair(session, refresh: successor.identifier, times)
        await note(session, times, request, context)
        return pair
    }

    private func note(
        _ session: TokenIssuer.Session, _ times: TokenIssuer.Times, _ request: Request, _ context: NodeContext
    ) async {
        guard let records else { return }
        let original = OriginalRequest(request.head, context: context, proxies: proxies)
        let noted = UserSession(
            identifier: session.identifier, headers: request.headers, address: original.address,
            loggedInAt: times.authenticatedAt, refreshedAt: times.issuedAt)
        await records.note(noted, of: session.subject, context.logger)
    }

    /// Ensures that a log-in is possible before a session is ended for it.
    /// - Throws: 503 if ``newPair(_:_:_:)`` would fail now: the signing key is revoked, for example.
    func demandLogIn(_ session: TokenIssuer.Session) async throws(Refusal) {
        _ = try await issueTime(issuer.draft(session))
    }

    private func issueTime(_ draft: TokenClaims) async throws(Refusal) -> Int64 {
        do throws(UnknownCause) { return try await denylist.issueTime(for: draft) } catch {
            throw Refusal.unavailable(error.message)
        }
    }
}
