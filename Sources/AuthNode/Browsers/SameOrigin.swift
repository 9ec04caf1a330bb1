import HTTPTypes
import Hummingbird
import RevocationHTTP

/// Refuses requests that a page of another site makes a browser send. With tokens in cookies, such a page could log a
/// user in as another, or out. Programs send neither `Sec-Fetch-Site` nor `Origin`, and are allowed.
///
/// A browser says whether a page of the same origin sent a request (Fetch Metadata, W3C). An older one sends the page's
/// origin (RFC 6454 §7), whose host must be the requested one. Pages of ``AllowedOrigins`` are admitted, too.
struct SameOrigin: RouterMiddleware {
    typealias Context = NodeContext

    let origins: AllowedOrigins
    let proxies: TrustedProxies

    func handle(
        _ request: Request, context: NodeContext, next: (Request, NodeContext) async throws -> Response
    ) async throws -> Response {
        try demand(request.head, context)
        return try await next(request, context)
    }

    /// - Throws: 403.
    func demand(_ head: HTTPRequest, _ context: NodeContext) throws(Refusal) {
        let host = OriginalRequest(head, context: context, proxies: proxies).host
        guard origins.listed(in: head.headerFields) != nil || Self.admits(head.headerFields, host: host) else {
            throw Refusal(
                .forbidden, code: "invalid_request",
                message: """
                    cookies hold the tokens here, and the request comes from a page of another origin than the host \
                    asked for; a proxy has to send the client's Host, or X-Forwarded-Host as one of trusted-proxies
                    """)
        }
    }

    /// - Parameter host: the requested one.
    static func admits(_ headers: HTTPFields, host: String?) -> Bool {
        if let name = HTTPField.Name("Sec-Fetch-Site") {
            let sites = headers[values: name]
            // `none`: the user's own action, as from the address bar.
            if !sites.isEmpty { return sites == ["same-origin"] || sites == ["none"] }
        }
        let origins = headers[values: .origin]
        guard let origin = origins.first else { return true }
        guard origins.count == 1, let host = host?.lowercased(), !host.isEmpty else { return false }
        return ["http://\(host)", "https://\(host)"].contains(origin.lowercased())
    }
}
