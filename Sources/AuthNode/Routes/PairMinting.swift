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
        let time: Int64
        do throws(UnknownCause) { time = try await denylist.issueTime(for: draft) } catch {
            throw Refusal.unavailable(error.message)
        }
        return try await issuer.pair(session, access: draft.identifier ?? "", .init(logIn: time))
            .response(cookies: cookies)
    }
}
