import Contract
import HTTPTypes
import Hummingbird
import Revocation
import RevocationHTTP

/// `/auth` for a proxy that asks before it forwards (nginx auth_request, Caddy forward_auth, Traefik ForwardAuth, Envoy
/// ext_authz): 200 with who it is in `X-Auth-…`, 401, or 503; nothing else, as proxies understand nothing else. By any
/// method and at any path below: some ask with the caller's own (``NodeResponder``).
struct ForwardAuthRoute: Sendable {
    static let path = "/auth"

    let gate: TokenGate
    let policy: FailurePolicy
    let realm: String

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let claims: TokenClaims
        do throws(Refusal) { claims = try await gate.admit(request.headers, policy: policy) } catch {
            guard error.status == .badRequest else { throw error }
            throw Refusal.invalidToken("more than one token was presented, or none", realm: realm)
        }
        var headers: HTTPFields = [.cacheControl: "no-store"]
        for (name, value) in [
            ("X-Auth-Subject", claims.subject), ("X-Auth-Session", claims.session), ("X-Auth-Client", claims.client),
            ("X-Auth-Issuer", claims.issuer),
        ] {
            guard let value, let name = HTTPField.Name(name) else { continue }
            headers[name] = Self.encoded(value)
        }
        return Response(status: .ok, headers: headers)
    }

    /// Everything but visible ASCII is percent-encoded, and so is `%`: no two values look alike, and none ends a
    /// header.
    static func encoded(_ value: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        return String(
            decoding: value.utf8.flatMap { byte -> [UInt8] in
                (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "%")
                    ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }, as: UTF8.self)
    }
}
