public import Contract
public import Hummingbird

/// A request context with room for the claims that ``RevocationMiddleware`` has verified.
public protocol TokenRequestContext: RequestContext {
    var tokenClaims: TokenClaims? { get set }
}
