/// The claims with the identifiers of an issuer's tokens. Each is a text; a token without one cannot be revoked by it.
public struct ClaimNames: Sendable, Equatable {
    public var subject = "sub"
    public var session = "sid"
    /// The identifier of the token itself.
    public var token = "jti"
    /// The claims that name the client. A token that has several with different values is refused.
    public var clients = ["client_id", "azp"]

    public init() {}
}
