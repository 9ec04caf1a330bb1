import HTTPTypes
import Hummingbird

/// What a client sent, perhaps to a proxy that asks for it or passes it on.
struct OriginalRequest {
    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    private static let forwardedHost = HTTPField.Name("X-Forwarded-Host")!
    private static let originalURL = HTTPField.Name("X-Original-URL")!
    private static let methods = [HTTPField.Name("X-Forwarded-Method")!, HTTPField.Name("X-Original-Method")!]

    private let headers: HTTPFields
    private let sentMethod: HTTPRequest.Method
    private let sentHost: String?
    private let peer: String
    private let proxies: TrustedProxies
    /// Whether a trusted proxy says more of the request.
    private let isProxied: Bool

    init(_ request: HTTPRequest, context: NodeContext, proxies: TrustedProxies) {
        self.init(request, method: context.method ?? request.method, peer: context.peer, proxies: proxies)
    }

    /// - Parameter method: that of the request, which may be routed by another one.
    init(_ request: HTTPRequest, method: HTTPRequest.Method, peer: String, proxies: TrustedProxies) {
        headers = request.headerFields
        sentMethod = method
        sentHost = request.authority
        self.peer = peer
        self.proxies = proxies
        isProxied = proxies.includes(peer: peer)
    }

    /// Whether there is an `X-Forwarded-For` of a peer that is not trusted with it.
    var hasUntrustedAddress: Bool { !isProxied && headers[Self.forwardedFor] != nil }

    /// The client's address: the last entry of `X-Forwarded-For` that no trusted proxy has. A client can forge the
    /// entries before it.
    var address: String {
        guard isProxied else { return peer }
        let entries = headers[values: Self.forwardedFor].flatMap { $0.split(separator: ",") }
            .map { String($0.filter { $0 != " " && $0 != "\t" }.prefix(64)) }
        return entries.last { !proxies.lists($0) } ?? entries.first ?? peer
    }

    /// The host that the client asked for, with its port.
    var host: String? {
        guard isProxied else { return sentHost }
        if let forwarded = headers[values: Self.forwardedHost].last?.split(separator: ",").last {
            return String(forwarded.filter { $0 != " " })
        }
        guard let url = headers[values: Self.originalURL].last, let scheme = url.firstRange(of: "://") else {
            return sentHost
        }
        return String(url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" })
    }

    /// Whether the client's method changes nothing (RFC 9110 §9.2.1). The proxy's own method has to be safe, too: some
    /// proxies ask with the client's. Every peer's headers count, because they can only make a request unsafe.
    var isSafe: Bool {
        let safe = ["GET", "HEAD", "OPTIONS", "TRACE"]
        return ([sentMethod.rawValue] + Self.methods.flatMap { headers[values: $0] }).allSatisfy { safe.contains($0) }
    }
}
