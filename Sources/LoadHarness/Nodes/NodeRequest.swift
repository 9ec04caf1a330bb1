/// The requests of a simulated user, as bytes.
enum NodeRequest {
    static func logIn(name: String, password: String, host: String) -> [UInt8] {
        // Names and passwords are ours: letters, digits and dashes.
        post("/login", host: host, token: nil, body: #"{"username":"\#(name)","password":"\#(password)"}"#)
    }

    /// - Parameter route: `/me` or `/auth`.
    static func check(_ token: TokenText, route: StaticString, host: String) -> [UInt8] {
        var bytes = head("GET", route.description, host: host)
        authorize(&bytes, token)
        bytes += "\r\n".utf8
        return bytes
    }

    static func refresh(_ token: TokenText, host: String) -> [UInt8] {
        post(
            "/refresh", host: host, token: nil,
            body: #"{"refresh_token":"\#(String(decoding: token.bytes, as: UTF8.self))"}"#)
    }

    static func logOut(_ token: TokenText, host: String) -> [UInt8] {
        post("/logout", host: host, token: token, body: "")
    }

    static func logOutEverywhere(_ token: TokenText, keepsCurrent: Bool, host: String) -> [UInt8] {
        post("/logout-everywhere", host: host, token: token, body: #"{"keep_current":\#(keepsCurrent)}"#)
    }

    private static func post(_ path: String, host: String, token: TokenText?, body: String) -> [UInt8] {
        var bytes = head("POST", path, host: host)
        if let token { authorize(&bytes, token) }
        bytes += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8
        return bytes
    }

    private static func head(_ method: String, _ path: String, host: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        bytes += "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n".utf8
        return bytes
    }

    private static func authorize(_ bytes: inout [UInt8], _ token: TokenText) {
        bytes += "Authorization: Bearer ".utf8
        bytes += token.bytes
        bytes += "\r\n".utf8
    }
}
