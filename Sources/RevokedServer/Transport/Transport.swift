/// Where a daemon listens.
package enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    case tcp(host: String, port: Int)
    case tls(host: String, port: Int)
    case unix(path: String)

    /// `tcp://127.0.0.1:7379`, `tls://[::1]:7379`, `unix:///run/revoked.sock`
    package var description: String {
        switch self {
        case .tcp(let host, let port): "tcp://\(SocketAddress.describe(host: host, port: port))"
        case .tls(let host, let port): "tls://\(SocketAddress.describe(host: host, port: port))"
        case .unix(let path): "unix://\(path)"
        }
    }
}

/// Moves bytes between sockets and ``ClientSession``s.
protocol Transport: Sendable {
    /// Begins to listen and to serve.
    /// - Returns: where, with the ports that were taken.
    func start() async throws(ServerError) -> [Endpoint]

    /// Returns when every thread that serves connections has answered: none of them hangs.
    func waitForEveryThread() async

    /// Stops listening, answers what has arrived, writes what is owed (for at most a few seconds) and closes.
    func stop() async
}

extension ServerError {
    static let noAddress = ServerError(.cannotListen, "this machine has none of the addresses of --bind")

    static func inUse(_ endpoint: Endpoint) -> ServerError {
        ServerError(
            .addressInUse,
            "\(endpoint) is in use: is another daemon running there? Stop it, or choose another --port, --tls-port or "
                + "--unixsocket")
    }
}
