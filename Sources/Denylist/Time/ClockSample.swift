/// Readings of the machine's clocks, taken together.
package struct ClockSample: Sendable, Equatable {
    /// Unix milliseconds, of the settable wall clock.
    package var wall: Int64
    /// Milliseconds of `CLOCK_BOOTTIME`.
    package var boot: Int64
    /// The identity of the boot clock; nil if the machine has none.
    package var identity: BootIdentity?

    package init(wall: Int64, boot: Int64, identity: BootIdentity?) {
        self.wall = wall
        self.boot = boot
        self.identity = identity
    }
}

/// Identifies a boot clock. Two readings compare only within one boot of one machine, in one time namespace.
package struct BootIdentity: Sendable, Equatable {
    /// The kernel's random id of this boot.
    package let bootID: String
    /// The namespace, with its offset of the boot clock, because the system reuses namespace numbers.
    package let timeNamespace: String

    /// The longest names, in bytes.
    package static let maximumLength = 80

    /// - Returns: nil if a name is empty, too long, or contains anything but printable ASCII: the clock is then
    ///   unidentified.
    package init?(bootID: String, timeNamespace: String) {
        for name in [bootID, timeNamespace] {
            guard (1...Self.maximumLength).contains(name.utf8.count),
                name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { return nil }
        }
        self.bootID = bootID
        self.timeNamespace = timeNamespace
    }
}
