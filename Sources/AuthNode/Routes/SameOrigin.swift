import HTTPTypes
import Hummingbird
import RevocationHTTP

/// Refuses what a page of another site has a browser send: where tokens are in cookies, its form could log a user in as
/// somebody else, or out. Programs send neither `Sec-Fetch-Site` nor `Origin`, and are let through.
///
/// A browser says itself whether a page of the same origin sent a request (Fetch Metadata, W3C); an older one says the
/// page's origin (RFC 6454 §7), whose host must be the one that was asked.
struct SameOrigin: RouterMiddleware {
    typealias Context = NodeContext

    func handle(
        _ request: Request, context: NodeContext, next: (Request, NodeContext) async throws -> Response
    ) async throws -> Response {
        guard Self.admits(request.head) else {
            throw Refusal(
                .forbidden, code: "invalid_request",
                message: "the request comes from a page of another origin, and cookies hold the tokens here")
        }
        return try await next(request, context)
    }

    static func admits(_ head: HTTPRequest) -> Bool {
        if let name = HTTPField.Name("Sec-Fetch-Site") {
            let sites = head.headerFields[values: name]
            // `none`: the user's own doing, as from the address bar.
            if !sites.isEmpty { return sites == ["same-origin"] || sites == ["none"] }
        }
        let origins = head.headerFields[values: .origin]
        guard let origin = origins.first else { return true }
        guard origins.count == 1, let host = head.authority?.lowercased(), !host.isEmpty else { return false }
        return ["http://\(host)", "https://\(host)"].contains(origin.lowercased())
    }
}
