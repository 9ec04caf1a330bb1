import Foundation

/// The requests of simulated users, clients and administrators, as bytes.
struct NodeRequest {
    static let accessCookie = "__Host-access"
    static let refreshCookie = "__Host-refresh"

    let host: String

    func logIn(name: String, password: String) -> [UInt8] {
        // Names and passwords are ours: letters, digits and dashes.
        post("/login", body: #"{"username":"\#(name)","password":"\#(password)"}"#)
    }

    /// - Parameter route: `/me` or `/auth`.
    /// - Parameter inCookie: whether the token is in a cookie instead of the header.
    func check(_ token: TokenText, route: StaticString, inCookie: Bool) -> [UInt8] {
        var bytes = head("GET", route.description)
        present(token, inCookie: inCookie ? Self.accessCookie : nil, to: &bytes)
        bytes += "\r\n".utf8
        return bytes
    }

    /// RFC 7662
    func introspection(_ token: TokenText, isRefresh: Bool, by client: ClientCredentials) -> [UInt8] {
        let hint = isRefresh ? "&token_type_hint=refresh_token" : ""
        return post(
            "/oauth2/introspect", credentials: client.basic, type: "application/x-www-form-urlencoded",
            body: "token=\(String(decoding: token.bytes, as: UTF8.self))\(hint)")
    }

    /// RFC 7009
    func oauthRevocation(_ token: TokenText, by client: ClientCredentials) -> [UInt8] {
        post(
            "/oauth2/revoke", credentials: client.basic, type: "application/x-www-form-urlencoded",
            body: "token=\(String(decoding: token.bytes, as: UTF8.self))")
    }

    /// - Parameter scope: `subject`, `session`, `client` or `key`.
    func administration(_ scope: String, _ identifier: String, issuer: String, secret: String) -> [UInt8] {
        post(
            "/admin/revoke", credentials: "Bearer \(secret)",
            body: #"{"\#(scope)":"\#(identifier)","issuer":"\#(issuer)"}"#)
    }

    func refresh(_ token: TokenText) -> [UInt8] {
        post("/refresh", body: #"{"refresh_token":"\#(String(decoding: token.bytes, as: UTF8.self))"}"#)
    }

    func logOut(_ token: TokenText, isRefresh: Bool, inCookie: Bool) -> [UInt8] {
        var bytes = head("POST", "/logout")
        present(token, inCookie: inCookie ? isRefresh ? Self.refreshCookie : Self.accessCookie : nil, to: &bytes)
        bytes += "Content-Length: 0\r\n\r\n".utf8
        return bytes
    }

    /// - Parameter password: of the user, where the session goes on; nil ends all sessions.
    func logOutEverywhere(_ token: TokenText, keepingWith password: String?) -> [UInt8] {
        let body = password.map { #"{"keep_current":true,"password":"\#($0)"}"# } ?? "{}"
        var bytes = head("POST", "/logout-everywhere")
        present(token, inCookie: nil, to: &bytes)
        bytes += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8
        return bytes
    }

    private func post(
        _ path: String, credentials: String? = nil, type: String = "application/json", body: String
    ) -> [UInt8] {
        var bytes = head("POST", path)
        if let credentials { bytes += "Authorization: \(credentials)\r\n".utf8 }
        bytes += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8
        return bytes
    }

    private func head(_ method: String, _ path: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        bytes += "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n".utf8
        return bytes
    }

    /// - Parameter cookie: its name; nil for the header.
    private func present(_ token: TokenText, inCookie cookie: String?, to bytes: inout [UInt8]) {
        // A browser says of a request from the site's own page that it is.
        bytes += (cookie.map { "Sec-Fetch-Site: same-origin\r\nCookie: \($0)=" } ?? "Authorization: Bearer ").utf8
        bytes += token.bytes
        bytes += "\r\n".utf8
    }
}

/// Who may use `/oauth2/…`.
struct ClientCredentials: Sendable {
    let basic: String

    init(identifier: String, secret: String) {
        basic = "Basic " + Data("\(identifier):\(secret)".utf8).base64EncodedString()
    }
}
