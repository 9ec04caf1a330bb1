public import Contract
import HTTPTypes
public import Hummingbird
public import RevocationHTTP

/// The request context of a node.
public struct NodeContext: TokenRequestContext {
    /// The most bytes of a request's body.
    static let maximumBodyBytes = 16 << 10

    public var coreContext: CoreRequestContextStorage
    public var tokenClaims: TokenClaims?
    /// Whoever is at the other end of the connection: a client, or a proxy.
    let peer: String
    /// The method as it came: HEAD is routed as GET.
    var method: HTTPRequest.Method?

    public init(source: Source) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }

    public var maxUploadSize: Int { Self.maximumBodyBytes }
}
