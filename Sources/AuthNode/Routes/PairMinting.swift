import Contract
import Hummingbird
import RevocationHTTP

/// Hands out pairs of tokens, issued when the denylist says so.
struct PairMinting: Sendable {
    let issuer: TokenIssuer
    let denylist: any NodeDenylist
    /// nil where tokens are in the body.
    let cookies: SessionCookies?

    /// A pair for fresh credentials: issued after every cut-off, so that it lives where older tokens die.
    /// - Throws: 503 if that cannot be found out, whatever the failure policy.
    func newPair(_ session: TokenIssuer.Session) async throws -> Response {
        let draft = issuer.draft(session)
        let time = try await issueTime(draft)
        return try await issuer.pair(session, access: draft.identifier ?? "", .init(logIn: time))
            .response(cookies: cookies)
    }

    /// Makes sure that a log-in is possible before something is ended for it.
    /// - Throws: 503 if ``newPair(_:)`` would now: the signing key is revoked, say.
    func demandLogIn(_ session: TokenIssuer.Session) async throws(Refusal) {
        _ = try await issueTime(issuer.draft(session))
    }

    private func issueTime(_ draft: TokenClaims) async throws(Refusal) -> Int64 {
        do throws(UnknownCause) { return try await denylist.issueTime(for: draft) } catch {
            throw Refusal.unavailable(error.message)
        }
    }
}
