public import Contract
public import Hummingbird

/// A request context with room for the claims verified by ``RevocationMiddleware``.
public protocol TokenRequestContext: RequestContext {
    var tokenClaims: TokenClaims? { get set }
}
