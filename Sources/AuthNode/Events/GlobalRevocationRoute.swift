import Contract
import HTTPTypes
import Hummingbird
import JSON
import Logging
import Revocation
import RevocationHTTP

/// `POST /global-token-revocation` (draft-parecki-oauth-global-token-revocation-06): ends all sessions of a user.
/// The caller shows a JWT of a configured provider. 204 once that is durable. A JWT that comes again for the same user
/// ends nothing, and is refused.
struct GlobalRevocationRoute: Sendable {
    static let path = "/global-token-revocation"

    let intake: EventIntake
    let gate: CallerGate
    let realm: String

    private struct Body: Decodable {
        let subject: EventSubject

        private enum CodingKeys: String, CodingKey { case subject = "sub_id" }
    }

    /// The token says who asks, and the body what for.
    private struct NoClaims: Decodable, Sendable {}

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let token: String
        switch BearerToken(request.headers) {
        case .present(let text): token = text
        case .missing: throw Refusal.unauthenticated(realm: realm)
        case .malformed: throw Refusal.malformedCredentials(realm: realm)
        }
        let text = try await BodyFields.text(of: request)
        guard request.mediaType == "application/json", let body = try? StrictJSON.decode(Body.self, from: text.utf8)
        else {
            throw Self.refusal(EventRefusal(.invalidRequest, "the body is not a JSON object with a sub_id"))
        }
        var isAuthentic = false
        let result = try await gate.judge(request, context, .revocation) { suspect async throws(EventIntake.Failure) in
            let message: EventIntake.Message<NoClaims> = try await intake.verified(token, .revocation, &suspect)
            isAuthentic = true
            let users = try EventIntake.unrefused { () throws(EventRefusal) in
                try message.provider.subjects.users(body.subject)
            }
            return try await intake.carryOut(EventOrders(SubjectMapping.Named(users), .admin), of: message)
        }
        switch result {
        case .success(.repeated):
            throw Refusal.invalidToken("the token was used for this user already", realm: realm)
        case .success(.revoked), .success(.ignored):
            context.logger.notice("an identity provider has revoked all tokens of a user")
            return Response(status: .noContent)
        case .failure(.refused(let refusal)) where isAuthentic:
            context.logger.warning(
                "a request of an identity provider to revoke was refused", metadata: ["reason": "\(refusal.message)"])
            throw Self.refusal(refusal)
        case .failure(.refused(let refusal)): throw Refusal.invalidToken(refusal.message, realm: realm)
        case .failure(.unsettled(let cause)):
            throw Refusal.unavailable("the tokens are NOT revoked, try again: \(cause)")
        }
    }

    private static func refusal(_ refusal: EventRefusal) -> Refusal {
        Refusal(
            refusal.code == .accessDenied ? .forbidden : .badRequest, code: refusal.code.rawValue,
            message: refusal.message)
    }
}
