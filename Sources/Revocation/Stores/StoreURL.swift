/// The store that a URL names.
///
/// - `redis://[user:password@]host[:port][/database]`: one server; without a port 6379
/// - `redis+unix://[user:password@]/path`, `unix://…`: a Unix socket
/// - `redis+sentinel://[user:password@]host[:port],…/name[/database]`: the primary that sentinels know by a name;
///   without a port 26379. User and password are the primary's
/// - `redis+cluster://[user:password@]host[:port],…`: some nodes of a cluster; without a port 6379
/// - `memory:`: a denylist in this process
///
/// `valkey` means the same as `redis`. `rediss` and `valkeys` speak TLS, with a query of ``StoreTLSConfiguration``.
/// `:password@` is a password without a user, `user@` a user without a password. User, password, host and the query's
/// values are percent-encoded. Other settings in the query are accepted where ignoring them does no harm (``Query``).
package enum StoreURL: Sendable {
    case memory
    case server(Location, Access)
    case sentinel([Location], name: String, Access)
    case cluster([Location], Access)

    /// Credentials, database and TLS.
    package struct Access: Sendable {
        package var credentials: Credentials?
        package var database = 0
        var tls: StoreTLSConfiguration?
        /// Where checks are answered.
        var checks = RevocationConfiguration.Checks.asked
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

    /// Its descriptions show no credentials.
    package struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        /// nil for the default user.
        package let user: [UInt8]?
        /// Empty for a user without one.
        package let password: [UInt8]

        package var description: String { "credentials" }
        package var debugDescription: String { description }
        package var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// - Throws: ``RevocationError/Code/invalidURL``, without the URL: it may hold a password.
    package init(_ url: String) throws(RevocationError) {
        guard let colon = url.firstIndex(of: ":") else { throw Self.invalid("it has no scheme") }
        let scheme = url[..<colon].lowercased()
        let rest = url[colon...].dropFirst()
        if scheme == "memory" {
            guard rest.isEmpty || rest == "//" else { throw Self.invalid("nothing comes behind memory:") }
            self = .memory
            return
        }
        guard let kind = Self.kinds[scheme] else { throw Self.invalid("it begins with something else") }
        guard rest.hasPrefix("//") else { throw Self.invalid("// comes behind the scheme") }
        let parts = try Parts(rest.dropFirst(2), isEncrypted: kind.isEncrypted)
        switch kind.store {
        case .server: self = try parts.tcp()
        case .unixSocket: self = try parts.unixSocket()
        case .sentinel: self = try parts.sentinel()
        case .cluster: self = try parts.cluster()
        }
    }

    private enum Store: CaseIterable {
        case server, unixSocket, sentinel, cluster

        /// The suffixes of `redis` in a scheme.
        var suffixes: [String] {
            switch self {
            case .server: [""]
            case .unixSocket: ["+unix", "+socket", "-socket"]
            case .sentinel: ["+sentinel", "-sentinel"]
            case .cluster: ["+cluster", "-cluster"]
            }
        }
    }

    /// The meaning of each scheme.
    private static let kinds: [String: (store: Store, isEncrypted: Bool)] = {
        var kinds: [String: (store: Store, isEncrypted: Bool)] = ["unix": (.unixSocket, false)]
        for store in Store.allCases {
            for suffix in store.suffixes {
                for name in ["redis", "valkey"] {
                    kinds[name + suffix] = (store, false)
                    if store != .unixSocket { kinds[name + "s" + suffix] = (store, true) }
                }
            }
        }
        return kinds
    }()

    static func invalid(_ why: String) -> RevocationError {
        RevocationError(
            .invalidURL,
            """
            this URL names no store: \(why). Allowed are redis://[user:password@]host[:port][/database], \
            redis+unix://[user:password@]/path, redis+sentinel://host,host/name, redis+cluster://host,host, \
            rediss for TLS, valkey for redis, and memory:
            """)
    }
}
