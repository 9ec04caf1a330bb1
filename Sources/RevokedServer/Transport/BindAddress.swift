import AdminHTTP

/// One address to listen on, as Redis' `bind` writes it: `127.0.0.1`, `::1`, a name; `*` for every IPv4 address, `::*`
/// for every IPv6 address; with `-` in front of one that the machine need not have.
struct BindAddress: Sendable, Equatable {
    let host: String
    /// Whether the daemon starts without it, on a machine that does not have it. One that is in use is an error all the
    /// same.
    let isOptional: Bool

    init(_ text: String) {
        isOptional = text.hasPrefix("-")
        host = isOptional ? String(text.dropFirst()) : text
    }

    enum Family { case ipv4, ipv6 }

    /// Of which family all addresses are meant; nil if it is one address, or a name.
    var wildcard: Family? {
        switch host {
        case "*": .ipv4
        case "::*": .ipv6
        default: nil
        }
    }

    var isLoopback: Bool { AdminAddress.isLoopback(host) }
}
