import Contract
import HTTPTypes
import Hummingbird
import Logging
import RevocationHTTP

/// `POST /backchannel-logout` (OpenID Connect Back-Channel Logout 1.0 §2.5): 200 once the log-out is durable. All else
/// is 400 (§2.8); with `Retry-After` the token may be sent again.
struct BackchannelLogoutRoute: Sendable {
    let intake: EventIntake
    let gate: CallerGate

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        guard request.mediaType == "application/x-www-form-urlencoded" else {
            throw Self.badRequest("invalid_request", "the body is not a form")
        }
        let token = try await BodyFields(of: request).required("logout_token")
        var isAuthentic = false
        let result = try await gate.judge(request, context, .logout) { suspect async throws(EventIntake.Failure) in
            let message: EventIntake.Message<LogoutClaims> = try await intake.verified(token, .logout, &suspect)
            isAuthentic = true
            let named = try EventIntake.unrefused { () throws(EventRefusal) in
                try message.claims.named(message.provider.subjects)
            }
            return try await intake.carryOut(EventOrders(named, .logout), of: message)
        }
        switch result {
        case .success(.revoked), .success(.ignored):
            context.logger.debug("an identity provider has logged a user out")
            return Response(status: .ok, headers: [.cacheControl: "no-store"])
        case .success(.repeated):
            throw Self.badRequest("invalid_request", "the token was used before: what it names is logged out")
        case .failure(.refused(let refusal)):
            if isAuthentic {
                context.logger.warning(
                    "a log-out of an identity provider was refused", metadata: ["reason": "\(refusal.message)"])
            }
            throw Self.badRequest("invalid_request", refusal.message)
        case .failure(.unsettled(let cause)):
            throw Self.badRequest(
                "temporarily_unavailable", "the user is NOT logged out, try again: \(cause)", [.retryAfter: "1"])
        }
    }

    private static func badRequest(_ code: String, _ message: String, _ headers: HTTPFields = [:]) -> Refusal {
        Refusal(.badRequest, code: code, message: message, headers: headers)
    }
}
