import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where a request comes from, as a limit counts it: an IPv4 address, or the /64 of an IPv6 address, since whoever has
/// one address of a /64 has them all. Forms of IPv6 that stand for an IPv4 address count as that.
struct ClientNetwork: Hashable, Sendable {
    let bytes: [UInt8]

    /// - Parameter text: an address, perhaps with a port, in brackets or with a zone, as proxies write it. Any other
    ///   text is a network of its own.
    init(_ text: String) {
        guard let address = try? SocketAddress(ipAddress: Self.bare(text), port: 0) else {
            bytes = Array(text.utf8.prefix(64))
            return
        }
        switch address {
        case .v4(let address):
            bytes = withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address):
            bytes = Self.network(of: withUnsafeBytes(of: address.address.sin6_addr) { Array($0) })
        case .unixDomainSocket:
            bytes = []
        }
    }

    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    private static let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]

    /// Mapped addresses (RFC 4291 §2.5.5.2) and those of translators (RFC 6052 §2.1) end in an IPv4 address, those of
    /// 6to4 (RFC 3056 §2) begin with one.
    private static func network(of address: [UInt8]) -> [UInt8] {
        if address.starts(with: mapped) || address.starts(with: translated) { return Array(address.suffix(4)) }
        if address.starts(with: [0x20, 0x02]) { return Array(address[2..<6]) }
        return Array(address.prefix(8))
    }

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
