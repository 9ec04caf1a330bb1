import Foundation

/// A URL whose answers cannot be read or changed on the way: `https://`, or `http://` on this machine only.
struct SafeURL: Sendable {
    /// Whether it leads to this machine.
    let isLocal: Bool

    /// - Returns: nil for any other URL.
    init?(_ text: String) {
        guard let url = URL(string: text), let host = url.host(), !host.isEmpty else { return nil }
        isLocal = ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host)
        guard url.scheme == "https" || url.scheme == "http" && isLocal else { return nil }
    }
}
