/// Whether, and where, an admin HTTP server listens.
package enum AdminListening: Sendable, Equatable, CustomStringConvertible {
    case off
    /// There, or the process does not start.
    case on(AdminAddress)
    /// There, unless it is taken: of several processes on a machine the first one has it.
    case onIfFree(AdminAddress)

    /// - Parameter text: `off`, or an address as ``AdminAddress`` takes it; nil if it is neither.
    package init?(_ text: String) {
        if text == "off" {
            self = .off
        } else if let address = AdminAddress(text) {
            self = .on(address)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .off: "off"
        case .on(let address), .onIfFree(let address): address.description
        }
    }

    /// Whether it speaks TLS.
    package var isEncrypted: Bool {
        switch self {
        case .off: false
        case .on(let address), .onIfFree(let address): address.isEncrypted
        }
    }

    /// The address beyond loopback that was asked for, if it is one.
    package var exposed: AdminAddress? {
        if case .on(let address) = self, !address.isLoopback { address } else { nil }
    }
}

/// An admin HTTP server could not be started; the message says what to do.
package struct AdminError: Error, CustomStringConvertible {
    package let isAddressInUse: Bool
    package let description: String
}
