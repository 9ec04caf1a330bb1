/// Which store a URL names.
///
/// - `redis://[user:password@]host:port[/0]`: `:password@` for a password without a user; both percent-encoded
/// - `redis+unix://[user:password@]/path`: a Unix socket
/// - `memory:`: a denylist in this process
enum StoreURL: Sendable {
    case memory
    case server(Location, Credentials?)

    enum Location: Sendable, Equatable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)

        var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unixSocket(let path): path
            }
        }
    }

    /// Shows nothing of itself, however it is printed.
    struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        /// nil for the default user.
        let user: [UInt8]?
        let password: [UInt8]

        var description: String { "credentials" }
        var debugDescription: String { description }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The longest path of a Unix socket in bytes (`sockaddr_un`, without its final zero).
    private static let maximumPathBytes = 107

    /// - Throws: ``RevocationError/Code/invalidURL``, without the URL: it may hold a password.
    init(_ url: String) throws(RevocationError) {
        if url == "memory:" {
            self = .memory
        } else if let rest = url.dropping(prefix: "redis://") {
            self = try Self.tcp(rest)
        } else if let rest = url.dropping(prefix: "redis+unix://") {
            self = try Self.unixSocket(rest)
        } else {
            throw Self.invalid("it begins with something else")
        }
    }

    private static func tcp(_ text: Substring) throws(RevocationError) -> StoreURL {
        let (authority, path) = split(text)
        guard path.isEmpty || path == "/" || path == "/0" else {
            throw invalid("there is one database, 0, and no query")
        }
        let (credentials, address) = try credentials(of: authority)
        let (host, port) = try hostAndPort(address)
        return .server(.tcp(host: host, port: port), credentials)
    }

    private static func unixSocket(_ text: Substring) throws(RevocationError) -> StoreURL {
        let (authority, encodedPath) = split(text)
        let (credentials, host) = try credentials(of: authority)
        guard host.isEmpty, encodedPath.utf8.count > 1, let path = percentDecoded(encodedPath) else {
            throw invalid("a Unix socket needs an absolute path")
        }
        guard path.count <= maximumPathBytes, !path.contains(0) else {
            throw invalid("the path of a Unix socket has at most \(maximumPathBytes) bytes, none of them zero")
        }
        return .server(.unixSocket(path: String(decoding: path, as: UTF8.self)), credentials)
    }

    /// What stands before the path, and the path with its slash.
    private static func split(_ text: Substring) -> (authority: Substring, path: Substring) {
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        return (text[..<slash], text[slash...])
    }

    private static func credentials(
        of authority: Substring
    ) throws(RevocationError) -> (credentials: Credentials?, address: Substring) {
        guard let at = authority.lastIndex(of: "@") else { return (nil, authority) }
        let pair = authority[..<at]
        guard let colon = pair.firstIndex(of: ":") else { throw invalid("credentials are user:password or :password") }
        guard let user = percentDecoded(pair[..<colon]),
            let password = percentDecoded(pair[pair.index(after: colon)...])
        else { throw invalid("a % in user or password is followed by two hexadecimal digits") }
        guard !password.isEmpty else { throw invalid("the password is empty") }
        return (
            Credentials(user: user.isEmpty ? nil : user, password: password), authority[authority.index(after: at)...]
        )
    }

    private static func hostAndPort(_ address: Substring) throws(RevocationError) -> (host: String, port: Int) {
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
            (1...65_535).contains(port)
        else { throw invalid("a port, 1 to 65535, must be given") }
        var host = address[..<colon]
        if host.first == "[" {
            guard host.last == "]" else { throw invalid("an IPv6 address stands in [ ]") }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw invalid("an IPv6 address stands in [ ]")
        }
        guard !host.isEmpty,
            host.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        else { throw invalid("a host must be given") }
        return (String(host), port)
    }

    /// - Returns: nil if a `%` is not followed by two hexadecimal digits.
    private static func percentDecoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }

    private static func invalid(_ why: String) -> RevocationError {
        RevocationError(
            .invalidURL,
            """
            this URL names no store: \(why). Allowed are redis://[user:password@]host:port[/0], \
            redis+unix://[user:password@]/path and memory:
            """)
    }
}

extension String {
    /// The rest of a text that begins with `prefix`.
    fileprivate func dropping(prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
