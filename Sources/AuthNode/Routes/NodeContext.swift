package import Contract
import HTTPTypes
package import Hummingbird
import NIOCore
import RevocationHTTP

/// The request context of a node.
package struct NodeContext: TokenRequestContext {
    /// The most bytes of a request's body.
    static let maximumBodyBytes = 16 << 10

    package var coreContext: CoreRequestContextStorage
    package var tokenClaims: TokenClaims?
    /// The address of the connection's peer: a client, or a proxy.
    var peer: String { address?.ipAddress ?? "unknown" }
    private let address: SocketAddress?
    /// The method of the request: HEAD is routed as GET.
    var method: HTTPRequest.Method?

    package init(source: Source) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress
    }

    package var maxUploadSize: Int { Self.maximumBodyBytes }
}
