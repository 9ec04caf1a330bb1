import Contract
import HTTPTypes
import Hummingbird
import Revocation
import RevocationHTTP

/// `GET /sessions`: the sessions of the token's subject. `DELETE /sessions/<sid>`: ends one of them.
/// ``RevocationHTTP/RevocationMiddleware`` runs before both.
struct SessionsRoute: Sendable {
    let records: SessionRecords
    let denylist: any NodeDenylist
    let revoking: Revoking
    let proxies: TrustedProxies
    let cookies: SessionCookies?
    /// Of each session's questions, which ask the denylist about all others.
    let limit: RefreshLimit

    private struct Answer: Encodable {
        struct Session: Encodable {
            let session: UserSession
            /// Whether the request's token belongs to it.
            let isCurrent: Bool

            private enum CodingKeys: String, CodingKey { case current }

            func encode(to encoder: any Encoder) throws {
                try session.encode(to: encoder)
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(isCurrent, forKey: .current)
            }
        }

        let sessions: [Session]
    }

    func list(_ request: Request, context: NodeContext) async throws -> Response {
        let (subject, current) = try owner(context)
        try limit.take(current)
        var sessions = try await records.all(of: subject)
        if !sessions.contains(where: { $0.identifier.isExactly(current) }), let claims = context.tokenClaims {
            // Its record was lost, or pushed out.
            let original = OriginalRequest(request.head, context: context, proxies: proxies)
            let times = (claims.logInTime ?? 0, claims.issuedAt ?? 0)
            sessions.insert(
                UserSession(
                    identifier: current, headers: request.headers, address: original.address, loggedInAt: times.0,
                    refreshedAt: times.1), at: 0)
        }
        return try .json(
            Answer(sessions: sessions.map { .init(session: $0, isCurrent: $0.identifier.isExactly(current)) }))
    }

    /// - Throws: 404 for a session that is not known to be the subject's, 429 after too many, 503 if it is not known to
    ///   be revoked.
    func end(_ request: Request, context: NodeContext) async throws -> Response {
        let (subject, current) = try owner(context)
        let wanted = context.parameters.get("id") ?? ""
        if !wanted.isExactly(current) {
            try limit.take(current)
            guard try await records.includes(wanted, of: subject) else {
                throw Refusal(.notFound, code: "invalid_request", message: "this is none of the user's sessions")
            }
        }
        _ = try await revoking.acknowledged(context.logger) { () async throws(RevocationError) in
            try await denylist.revoke(.session(wanted), reason: .logout, issuer: records.issuer)
        }
        var response = try Response.json(["revoked": true])
        if wanted.isExactly(current) { cookies?.clear(in: &response) }
        return response
    }

    private func owner(_ context: NodeContext) throws -> (subject: String, session: String) {
        guard let claims = context.tokenClaims else { throw HTTPError(.internalServerError) }
        guard claims.issuer == records.issuer, let subject = claims.subject, let session = claims.session else {
            throw Refusal(
                .badRequest, code: "invalid_request", message: "only sessions of this node's issuer are known here")
        }
        return (subject, session)
    }
}
