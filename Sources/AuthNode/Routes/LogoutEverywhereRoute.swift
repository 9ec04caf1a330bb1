import Contract
import Hummingbird
import RevocationHTTP

/// `POST /logout-everywhere`: ends every session of the token's subject. With `{"keep_current": true}` this one goes on,
/// with another pair of tokens. Stands behind ``RevocationHTTP/RevocationMiddleware``: only a token that is good may do so.
struct LogoutEverywhereRoute: Sendable {
    let revoking: Revoking
    let minting: PairMinting
    /// Who mints.
    let issuer: String

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let fields = try await BodyFields(of: request)
        guard let claims = context.tokenClaims else { throw HTTPError(.internalServerError) }
        guard fields.flag("keep_current") else {
            try await revoking.endAll(claims, sparing: false, logger: context.logger)
            var response = try Response.json(["revoked": true])
            minting.cookies?.clear(in: &response)
            return response
        }
        guard claims.issuer == issuer, let subject = claims.subject, let session = claims.session else {
            throw Refusal(
                .badRequest, code: "invalid_request", message: "only a session of this node's issuer can be kept")
        }
        try await revoking.endAll(claims, sparing: true, logger: context.logger)
        return try await minting.newPair(.init(subject: subject, session: session))
    }
}
