public import Hummingbird
public import Revocation

/// Lets a request pass only with a bearer token that verifies and is proven not to be revoked.
///
/// ```swift
/// let denylist = try RevocationList("redis://127.0.0.1:7379")
/// let keys = KeySetCache(try KeySetLocation("https://login.example/jwks.json"))
/// let verifier = TokenVerifier(keys: keys, issuer: "https://login.example", audience: "shop")
/// let gate = TokenGate(verifier: verifier, denylist: denylist)
/// router.group().add(middleware: RevocationMiddleware(gate)).get("orders") { request, context in … }
/// ```
///
/// The claims are in ``TokenRequestContext/tokenClaims``. Other answers are those of ``TokenGate/admit(_:policy:)``.
public struct RevocationMiddleware<Context: TokenRequestContext>: RouterMiddleware {
    private let gate: TokenGate
    private let policy: FailurePolicy

    /// - Parameter policy: that of the routes behind it. Others may have another one.
    public init(_ gate: TokenGate, policy: FailurePolicy = .deny) {
        self.gate = gate
        self.policy = policy
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.tokenClaims = try await gate.admit(request.headers, policy: policy)
        return try await next(request, context)
    }
}
