import HTTPTypes
import Hummingbird

/// The two cookies of a browser's session: `HttpOnly; Secure; SameSite=Strict`. Their prefix makes browsers accept them
/// only from this host, over TLS (RFC 6265bis §4.1.3.2).
struct SessionCookies: Sendable {
    static let access = "__Host-access"
    static let refresh = "__Host-refresh"

    func set(_ pair: TokenPair, in response: inout Response) {
        add(Self.access, pair.access, maximumAge: pair.accessLifetime, to: &response.headers)
        add(Self.refresh, pair.refresh, maximumAge: pair.refreshLifetime, to: &response.headers)
    }

    func clear(in response: inout Response) { clear(in: &response.headers) }

    func clear(in headers: inout HTTPFields) {
        add(Self.access, "", maximumAge: 0, to: &headers)
        add(Self.refresh, "", maximumAge: 0, to: &headers)
    }

    private func add(_ name: String, _ value: String, maximumAge: Int64, to headers: inout HTTPFields) {
        let attributes = "Max-Age=\(maximumAge); Path=/; HttpOnly; Secure; SameSite=Strict"
        headers.append(HTTPField(name: .setCookie, value: "\(name)=\(value); \(attributes)"))
    }
}
