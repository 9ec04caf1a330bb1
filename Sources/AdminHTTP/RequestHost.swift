import NIOCore
import NIOHTTP1

/// The host that a request names. A server on loopback answers to its own names only: a web page whose name is made to
/// resolve to 127.0.0.1 (DNS rebinding) could read the metrics otherwise. Such a request names the page's host.
enum RequestHost {
    /// Whether a request names an IP address or `localhost`, or nothing, as no browser does.
    static func isLocal(_ headers: HTTPHeaders) -> Bool { headers["Host"].allSatisfy(isLocal) }

    /// - Parameter authority: a `Host` header's value: a host, and a port if need be.
    static func isLocal(_ authority: String) -> Bool {
        // Comparing text that is not ASCII takes the square of its length.
        guard authority.utf8.allSatisfy({ $0 < 0x80 }), var host = host(of: authority) else { return false }
        if host.hasSuffix(".") { host.removeLast() }
        return host.lowercased() == "localhost" || (try? SocketAddress(ipAddress: String(host), port: 0)) != nil
    }

    /// - Returns: nil unless a port is all that follows the host.
    private static func host(of authority: String) -> Substring? {
        var (host, rest) = (authority[...], Substring())
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            rest = authority[colon...]
        }
        guard rest.isEmpty || rest.first == ":" && rest.dropFirst().allSatisfy(\.isWholeNumber) else { return nil }
        return host
    }
}
