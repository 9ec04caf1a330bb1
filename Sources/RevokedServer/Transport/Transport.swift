/// Where a daemon listens.
package enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    case tcp(host: String, port: Int)
    case unix(path: String)

    /// `tcp://127.0.0.1:7379`, `tcp://[::1]:7379`, `unix:///run/revoked.sock`
    package var description: String {
        switch self {
        case .tcp(let host, let port): "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): "unix://\(path)"
        }
    }
}

/// Moves bytes between sockets and ``ClientSession``s. TLS will be another one, behind the same session.
protocol Transport: Sendable {
    /// Begins to listen and to serve.
    /// - Returns: where, with the ports that were taken.
    func start() async throws(ServerError) -> [Endpoint]

    /// Stops listening, answers what has arrived, writes what is owed (for at most a few seconds) and closes.
    func stop() async
}

extension ServerError {
    static let noAddress = ServerError(.cannotListen, "this machine has none of the addresses of --bind")

    static func inUse(_ endpoint: Endpoint) -> ServerError {
        ServerError(
            .addressInUse,
            "\(endpoint) is in use: is another daemon running there? Stop it, or choose another --port or --unixsocket")
    }
}
