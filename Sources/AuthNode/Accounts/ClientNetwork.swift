/// The network of a request, as limits count it: an IPv4 address, or the /64 of an IPv6 address, which usually belongs
/// to one user. IPv6 forms of an IPv4 address count as that address.
struct ClientNetwork: Hashable, Sendable {
    let bytes: [UInt8]

    /// - Parameter text: an address as ``IPAddress`` reads it. Any other text is a network of its own.
    init(_ text: String) {
        guard let address = IPAddress(text)?.bytes else {
            bytes = Array(text.utf8.prefix(64))
            return
        }
        bytes = address.count == 4 ? address : Self.network(of: address)
    }

    private static let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]

    /// Addresses of translators (RFC 6052 §2.1) end in an IPv4 address. Those of 6to4 (RFC 3056 §2) begin with one.
    private static func network(of address: [UInt8]) -> [UInt8] {
        if address.starts(with: translated) { return Array(address.suffix(4)) }
        if address.starts(with: [0x20, 0x02]) { return Array(address[2..<6]) }
        return Array(address.prefix(8))
    }
}
