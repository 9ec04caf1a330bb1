public import Contract
public import HTTPTypes
public import Revocation

/// Decides whether a request may pass, for any server: from its headers to verified claims, or to the answer that
/// refuses it.
///
/// ```swift
/// let gate = TokenGate(verifier: verifier, denylist: denylist)
/// do {
///     let claims = try await gate.admit(request.headers)
/// } catch {  // Refusal: its status, allHeaders and body are what to answer
/// }
/// ```
public struct TokenGate: Sendable {
    private let verifier: any TokenVerifying
    private let denylist: any RevocationChecking
    private let cookie: String?
    private let realm: String
    /// The kinds of token that are admitted. More than access tokens is for a canary.
    package var kinds: Set<TokenClaims.Kind> = [.access]

    /// - Parameters:
    ///   - cookie: the name of a cookie that may contain the token instead of the header.
    ///   - realm: that of the challenge; ASCII without quotes or backslashes.
    public init(
        verifier: any TokenVerifying, denylist: any RevocationChecking, cookie: String? = nil,
        realm: String = "revoked"
    ) {
        precondition(
            realm.utf8.allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            },
            "a realm is ASCII without quotes or backslashes")
        self.verifier = verifier
        self.denylist = denylist
        self.cookie = cookie
        self.realm = realm
    }

    /// Verifies a request's access token, and looks it up.
    /// - Parameter policy: whether a token of unknown state passes.
    /// - Throws: the ``Refusal``. 401 with a challenge (RFC 6750 §3) for a missing, refused or revoked token. The
    ///   challenge says whether the user must log in again, because a cut-off refuses the token (RFC 9470 §3). 400 for
    ///   credentials that are not one token, 503 for a token of unknown state.
    public func admit(
        _ headers: HTTPFields, policy: FailurePolicy = .deny
    ) async throws(Refusal) -> TokenClaims {
        let claims = try await verified(headers)
        switch await denylist.admission(of: claims, policy: policy) {
        case .admitted: return claims
        case .revoked(let reason) where reason.cutOff != nil:
            throw .insufficientAuthentication("the user has to log in again", realm: realm)
        case .revoked: throw .invalidToken("the token has been revoked", realm: realm)
        case .refused(let cause) where cause.code == .tooLongLived:
            throw .invalidToken(cause.message, realm: realm)
        case .refused(let cause): throw .unavailable(cause.message)
        }
    }

    /// For a server without `HTTPFields`.
    /// - Parameter authorization: the value of the `Authorization` header.
    public func admit(
        authorization: String?, policy: FailurePolicy = .deny
    ) async throws(Refusal) -> TokenClaims {
        var headers = HTTPFields()
        headers[.authorization] = authorization
        return try await admit(headers, policy: policy)
    }

    private func verified(_ headers: HTTPFields) async throws(Refusal) -> TokenClaims {
        switch BearerToken(headers, cookie: cookie) {
        case .missing: throw .unauthenticated(realm: realm)
        case .malformed: throw .malformedCredentials(realm: realm)
        case .present(let token):
            do throws(TokenRejection) {
                return try await verifier.verify(token, kinds: kinds)
            } catch {
                throw Refusal(error, realm: realm)
            }
        }
    }
}

extension Refusal {
    /// The answer to a token that was not accepted.
    public init(_ rejection: TokenRejection, realm: String) {
        self =
            rejection.code == .keysUnavailable
            ? .unavailable(rejection.message) : .invalidToken(rejection.message, realm: realm)
    }
}
