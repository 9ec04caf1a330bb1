import Contract
import HTTPTypes
import Logging
import Revocation
import RevocationHTTP

/// Writes revocations, and turns their outcomes into HTTP.
struct Revoking: Sendable {
    let denylist: any NodeDenylist

    /// Revokes a token and its session, and so the other token of the pair.
    /// - Returns: false if there was nothing to write: an expired token without a session.
    /// - Throws: 503 with "the token is NOT revoked", or 400 for a token without an identifier.
    func end(_ token: GenuineToken, logger: Logger) async throws(Refusal) -> Bool {
        try await acknowledged(logger) { () async throws(RevocationError) in
            try await token.revoke(on: denylist, reason: .logout)
        }
    }

    /// Ends all sessions of a token's subject.
    /// - Parameter sparing: whether only the cut-off is set, so that the session can continue with new tokens.
    func endAll(_ claims: TokenClaims, sparing: Bool, logger: Logger) async throws(Refusal) {
        guard claims.subject?.isEmpty == false else { throw Self.unrevocable("it has no sub") }
        let own: Set<Scope.Kind> = sparing ? [] : [.token, .session]
        let scopes = Set(claims.scopes.map(\.kind)).intersection(own.union([.subject]))
        _ = try await acknowledged(logger) { () async throws(RevocationError) in
            try await denylist.revoke(claims, reason: .logout, scopes: scopes)
        }
    }

    /// - Returns: false if there was nothing to write.
    func acknowledged(
        _ logger: Logger, _ revoke: () async throws(RevocationError) -> Acknowledgement
    ) async throws(Refusal) -> Bool {
        let acknowledgement: Acknowledgement
        do throws(RevocationError) { acknowledgement = try await revoke() } catch {
            switch error.code {
            case .unrevocableToken, .implausibleCutOff, .unknownIssuer: throw Self.unrevocable(error.message)
            default: break
            }
            logger.warning("a log-out was not acknowledged", metadata: ["code": "\(error.code.rawValue)"])
            throw .unavailable("the token is NOT revoked, try again: \(error.message)")
        }
        switch acknowledgement.outcome {
        case .revoked: return true
        case .revokedOnTooFewReplicas:
            throw .unavailable("the token is revoked, but too few replicas know it: try again")
        case .alreadyExpired: return false
        }
    }

    static func unrevocable(_ cause: String) -> Refusal {
        Refusal(.badRequest, code: "invalid_request", message: "the token is NOT revoked: \(cause)")
    }
}
