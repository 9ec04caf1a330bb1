/// Where an admin HTTP server listens: `127.0.0.1:7380`, `https://[::1]:7380`; port 0 takes a free one.
package struct AdminAddress: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    package let port: Int
    /// Whether it speaks TLS.
    package let isEncrypted: Bool

    package init(host: String, port: Int, isEncrypted: Bool = false) {
        self.host = host
        self.port = port
        self.isEncrypted = isEncrypted
    }

    /// - Returns: nil unless `text` is a host, a colon and a port, with `http://` or `https://` before them if need be;
    ///   an IPv6 address stands in brackets.
    package init?(_ text: String) {
        let isEncrypted = text.hasPrefix("https://")
        let text = text.trimmingPrefix(isEncrypted ? "https://" : "http://")
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: Int(port), isEncrypted: isEncrypted)
    }

    package var isLoopback: Bool { Self.isLoopback(host) }

    package static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// As the setting takes it.
    package var description: String { isEncrypted ? url : authority }

    package var url: String { (isEncrypted ? "https://" : "http://") + authority }

    private var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
