/// The proxies whose `X-Forwarded-…` and `X-Original-…` headers are read: addresses and networks. Other peers may be
/// clients, who can write anything there.
package struct TrustedProxies: Sendable, CustomStringConvertible {
    private struct Network: Sendable {
        let bytes: [UInt8]
        let bits: Int

        init?(_ text: Substring) {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
            bytes = address.bytes
            let all = bytes.count * 8
            guard let bits = parts.count == 1 ? all : Int(parts[1]), (0...all).contains(bits) else { return nil }
            self.bits = bits
        }

        func contains(_ address: [UInt8]) -> Bool {
            guard address.count == bytes.count else { return false }
            let (whole, rest) = bits.quotientAndRemainder(dividingBy: 8)
            guard address.prefix(whole).elementsEqual(bytes.prefix(whole)) else { return false }
            return rest == 0 || (address[whole] ^ bytes[whole]) >> (8 - UInt8(rest)) == 0
        }
    }

    /// As it was written.
    package let description: String
    private let networks: [Network]
    /// Whether every peer is one, and its own address the only one to skip.
    private let includesEveryPeer: Bool

    package static let none = TrustedProxies("")!
    /// Every peer of the node is a proxy.
    static let everyPeer = TrustedProxies([], description: "", includesEveryPeer: true)

    private init(_ networks: [Network], description: String, includesEveryPeer: Bool) {
        self.networks = networks
        self.description = description
        self.includesEveryPeer = includesEveryPeer
    }

    /// - Parameter text: addresses and networks (`10.0.0.0/8`), separated by commas.
    package init?(_ text: String) {
        let parts = text.split(separator: ",").map { $0.filter { $0 != " " }[...] }
        let networks = parts.compactMap { Network($0) }
        guard networks.count == parts.count else { return nil }
        self.init(networks, description: parts.joined(separator: ","), includesEveryPeer: false)
    }

    /// Whether the peer of a connection is one of them.
    func includes(peer: String) -> Bool { includesEveryPeer || lists(peer) }

    /// Whether an address of `X-Forwarded-For` is one of them, so that the entry before it counts.
    func lists(_ address: String) -> Bool {
        guard !networks.isEmpty, let address = IPAddress(address) else { return false }
        return networks.contains { $0.contains(address.bytes) }
    }
}
