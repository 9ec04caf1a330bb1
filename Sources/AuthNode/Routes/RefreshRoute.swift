import Contract
import HTTPTypes
import Hummingbird
import Logging
import Revocation
import RevocationHTTP

/// `POST /refresh` with `refresh_token` in the body, in a cookie, or as the bearer token: another pair of the same
/// session (RFC 6749 §6, with rotation as in RFC 9700 §4.14.2). The presented token is used up.
struct RefreshRoute: Sendable {
    let verifier: TokenVerifier
    let minting: PairMinting
    let denylist: any NodeDenylist
    let issuer: String
    let limit: RefreshLimit

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let claims = try await verified(try await token(of: request))
        return try await exchange(claims, request, context).response(cookies: minting.cookies)
    }

    /// Exchanges a token that a client has presented.
    /// - Parameter client: its `client_id`: a refresh token is bound to the client it was issued to (RFC 6749 §10.4).
    /// - Throws: ``Refusal``: 400 `invalid_grant` for a token that is not good, or another client's; 503.
    func exchange(
        _ token: String, of client: String, _ request: Request, _ context: NodeContext
    ) async throws -> TokenPair {
        let claims = try await verified(token)
        guard claims.client?.isExactly(client) == true else { throw Self.invalid("was issued to another client") }
        return try await exchange(claims, request, context)
    }

    private func exchange(_ claims: TokenClaims, _ request: Request, _ context: NodeContext) async throws -> TokenPair {
        guard let subject = claims.subject, let session = claims.session else { throw Self.invalid("lacks sub or sid") }
        // Tokens of such a key would be refused everywhere, and the presented one would be used up.
        guard !minting.issuer.signsWithRevokedKey else {
            throw Refusal.unavailable("no tokens were issued: the key that signs them is revoked")
        }
        try limit.take(session)
        let outcome: RotationOutcome
        do throws(RevocationError) { outcome = try await denylist.rotate(claims) } catch {
            limit.giveBack(session)
            guard error.code != .unrevocableToken else { throw Self.invalid("lacks jti, exp or iat") }
            throw Refusal.unavailable(error.message)
        }
        if case .rotated = outcome {} else { limit.giveBack(session) }
        switch outcome {
        case .rotated(let successor), .repeated(let successor):
            let session = TokenIssuer.Session(subject: subject, identifier: session)
            return try await minting.nextPair(session, successor, request, context)
        case .reused:
            context.logger.warning("a refresh token was used a second time: its session is revoked")
            throw Self.invalid("was used before: its session has been revoked")
        case .revoked: throw Self.invalid("has been revoked")
        case .unknown(let cause) where cause.code == .tooLongLived: throw Self.invalid("lives for too long")
        case .unknown(let cause):
            throw Refusal.unavailable("no tokens were issued, present the same one again: \(cause.message)")
        }
    }

    private func verified(_ token: String) async throws(Refusal) -> TokenClaims {
        do throws(TokenRejection) {
            let claims = try await verifier.verify(token, kinds: [.refresh])
            guard claims.issuer == issuer else {
                throw TokenRejection(.wrongIssuer, "the token is from another issuer")
            }
            return claims
        } catch {
            if error.code == .keysUnavailable { throw Refusal.unavailable(error.message) }
            throw Refusal(.badRequest, code: "invalid_grant", message: error.message)
        }
    }

    private func token(of request: Request) async throws(Refusal) -> String {
        let cookie = minting.cookies == nil ? nil : SessionCookies.refresh
        switch BearerToken(request.headers, cookie: cookie) {
        case .present(let token): return token
        case .malformed:
            throw Refusal(.badRequest, code: "invalid_request", message: "more than one token was presented, or none")
        case .missing: return try await BodyFields(of: request).required("refresh_token")
        }
    }

    private static func invalid(_ what: String) -> Refusal {
        Refusal(.badRequest, code: "invalid_grant", message: "the refresh token \(what)")
    }
}
