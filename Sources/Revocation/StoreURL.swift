/// Which store a URL names.
///
/// - `redis://[user:password@]host:port[/database]`: `:password@` for a password without a user; both percent-encoded
/// - `redis+unix://[user:password@]/path`: a Unix socket
/// - `redis+sentinel://[user:password@]host[:port],…/name[/database]`: the primary that sentinels know by a name; without a
///   port 26379. User and password are the primary's
/// - `redis+cluster://[user:password@]host[:port],…`: some nodes of a cluster; without a port 6379
/// - `memory:`: a denylist in this process
///
/// `rediss` instead of `redis` speaks TLS, with a query of ``TLSSettings``.
package enum StoreURL: Sendable {
    case memory
    case server(Location, Access)
    case sentinel([Location], name: String, Access)
    case cluster([Location], Access)

    /// How to come in.
    package struct Access: Sendable {
        package var credentials: Credentials?
        package var database = 0
        var tls: TLSSettings?
    }

    package enum Location: Sendable, Hashable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)

        package var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unixSocket(let path): path
            }
        }
    }

    /// Shows nothing of itself, however it is printed.
    package struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        /// nil for the default user.
        package let user: [UInt8]?
        package let password: [UInt8]

        package var description: String { "credentials" }
        package var debugDescription: String { description }
        package var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// - Throws: ``RevocationError/Code/invalidURL``, without the URL: it may hold a password.
    package init(_ url: String) throws(RevocationError) {
        guard url != "memory:" else {
            self = .memory
            return
        }
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else {
            throw Self.invalid("it has no scheme")
        }
        let scheme = url[..<colon]
        let isEncrypted = scheme.hasPrefix("rediss")
        let parts = try Parts(url[colon...].dropFirst(3), isEncrypted: isEncrypted)
        switch scheme.dropFirst(isEncrypted ? 6 : 5) {
        case _ where !scheme.hasPrefix("redis"): throw Self.invalid("it begins with something else")
        case "": self = try parts.tcp()
        case "+unix" where !isEncrypted: self = try parts.unixSocket()
        case "+sentinel": self = try parts.sentinel()
        case "+cluster": self = try parts.cluster()
        default: throw Self.invalid("it begins with something else")
        }
    }

    static func invalid(_ why: String) -> RevocationError {
        RevocationError(
            .invalidURL,
            """
            this URL names no store: \(why). Allowed are redis://[user:password@]host:port[/database], \
            redis+unix://[user:password@]/path, redis+sentinel://host,host/name, redis+cluster://host,host, \
            rediss for TLS, and memory:
            """)
    }
}
