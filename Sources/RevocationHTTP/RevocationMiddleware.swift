import Contract
public import Hummingbird
import Logging
public import Revocation

/// Lets a request pass only with a bearer token that verifies and is proven not to be revoked.
///
/// ```swift
/// let denylist = try RevocationList("redis://127.0.0.1:7379")
/// let verifier = AccessTokenVerifier(keys: keys, issuer: "https://login.example", audience: "shop")
/// router.group()
///     .add(middleware: RevocationMiddleware(verifier: verifier, denylist: denylist))
///     .get("orders") { request, context in … context.tokenClaims … }
/// ```
///
/// It answers 401 with a challenge (RFC 6750 §3) to a missing, refused or revoked token, 400 to credentials that are not
/// one token, and what the failure policy says to a token of which nothing is known.
public struct RevocationMiddleware<Context: TokenRequestContext>: RouterMiddleware {
    private let verifier: any TokenVerifying
    private let denylist: any RevocationChecking
    private let policy: FailurePolicy
    private let realm: String

    /// - Parameter realm: of the challenge; ASCII without quotes or backslashes.
    public init(
        verifier: any TokenVerifying, denylist: any RevocationChecking, policy: FailurePolicy = .deny,
        realm: String = "revoked"
    ) {
        precondition(
            realm.utf8.allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            },
            "a realm is ASCII without quotes or backslashes")
        self.verifier = verifier
        self.denylist = denylist
        self.policy = policy
        self.realm = realm
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let claims = try await verifiedClaims(of: request)
        switch await denylist.admission(of: claims, policy: policy) {
        case .admitted: break
        case .revoked: throw Refusal.invalidToken("the token has been revoked", realm: realm)
        case .refused(let cause):
            context.logger.debug("refused a request", metadata: ["cause": "\(cause.code.rawValue)"])
            throw Refusal.unavailable(cause.message)
        }
        var context = context
        context.tokenClaims = claims
        return try await next(request, context)
    }

    private func verifiedClaims(of request: Request) async throws(Refusal) -> TokenClaims {
        switch BearerToken(request.headers) {
        case .missing: throw Refusal.unauthenticated(realm: realm)
        case .malformed: throw Refusal.malformedCredentials(realm: realm)
        case .present(let token):
            do {
                return try await verifier.verify(token)
            } catch {
                throw Refusal.invalidToken(error.message, realm: realm)
            }
        }
    }
}
