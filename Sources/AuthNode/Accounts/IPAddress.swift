#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An IP address. One that IPv6 maps from IPv4 (RFC 4291 §2.5.5.2) is the IPv4 address.
struct IPAddress: Hashable, Sendable {
    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    /// 4 or 16 of them.
    let bytes: [UInt8]

    /// - Parameter text: an address, perhaps with a port, in brackets or with a zone, as proxies write it.
    init?(_ text: String) {
        let text = Self.bare(text)
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.bytes = Array(bytes.prefix(4))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.bytes = bytes.starts(with: Self.mapped) ? Array(bytes.suffix(4)) : bytes
        } else {
            return nil
        }
    }

    /// The address without port, brackets and zone.
    private static func bare(_ text: String) -> String {
        var text = text[...]
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<end]
        } else if text.count(where: { $0 == ":" }) == 1 {
            text = text.prefix { $0 != ":" }
        }
        return String(text.prefix { $0 != "%" })
    }
}
