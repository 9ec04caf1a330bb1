import Contract
import Hummingbird
import RevocationHTTP

/// `POST /logout-everywhere`: ends every session of the token's subject. ``RevocationHTTP/RevocationMiddleware`` runs
/// before it: only a good token may do so.
///
/// With `{"keep_current": true, "password": "…"}` it is a log-out everywhere and a log-in: this session continues with
/// another pair of tokens. Without the password, a thief of an access token could trade it for a session.
struct LogoutEverywhereRoute: Sendable {
    let revoking: Revoking
    let credentials: CredentialCheck
    let minting: PairMinting
    /// The issuer of the new tokens.
    let issuer: String
    let realm: String

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
        try await authenticate(subject, fields["password"], request, context)
        // No session may be lost for a log-in that cannot follow.
        let kept = TokenIssuer.Session(subject: subject, identifier: session)
        try await minting.demandLogIn(kept)
        try await revoking.endAll(claims, sparing: true, logger: context.logger)
        return try await minting.newPair(kept, request, context)
    }

    /// - Throws: 401 for anything but the subject's password; nothing has happened then.
    private func authenticate(
        _ subject: String, _ password: String?, _ request: Request, _ context: NodeContext
    ) async throws {
        guard let password else {
            throw Refusal.insufficientAuthentication(
                "keeping this session is a log-in: the body lacks the password", realm: realm)
        }
        let authenticated = try await credentials.subject(name: subject, password: password, request, context)
        // Byte for byte, as the denylist compares subjects.
        guard authenticated.isExactly(subject) else {
            throw Refusal.insufficientAuthentication("the password is another user's", realm: realm)
        }
    }
}
