/// Readings of the machine's clocks, taken together.
package struct ClockSample: Sendable, Equatable {
    /// Unix milliseconds, as somebody has set them.
    package var wall: Int64
    /// Milliseconds of `CLOCK_BOOTTIME`.
    package var boot: Int64
    /// Which boot clock that is; nil if the machine does not say.
    package var identity: BootIdentity?

    package init(wall: Int64, boot: Int64, identity: BootIdentity?) {
        self.wall = wall
        self.boot = boot
        self.identity = identity
    }
}

/// Names a boot clock. Two readings compare only if they are of one boot of one machine, in one time namespace.
package struct BootIdentity: Sendable, Equatable {
    /// What the kernel made up when it started.
    package let bootID: String
    /// The namespace, with the offset that it gives the boot clock: the system uses a namespace's number again.
    package let timeNamespace: String

    /// The longest names, in bytes.
    package static let maximumLength = 80

    /// - Returns: nil if a name is empty, too long, or holds anything but printable ASCII: then nothing is known.
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
