/// Readings of the machine's clocks, taken together.
public struct ClockSample: Sendable, Equatable {
    /// Unix milliseconds, as somebody has set them.
    public var wall: Int64
    /// Milliseconds of `CLOCK_BOOTTIME`.
    public var boot: Int64
    /// Which boot clock that is; nil if the machine does not say.
    public var identity: BootIdentity?

    public init(wall: Int64, boot: Int64, identity: BootIdentity?) {
        self.wall = wall
        self.boot = boot
        self.identity = identity
    }
}

/// Names a boot clock. Two readings compare only if they are of one boot of one machine, in one time namespace.
public struct BootIdentity: Sendable, Equatable {
    /// What the kernel made up when it started.
    public let bootID: String
    /// The namespace, with the offset that it gives the boot clock: the system uses a namespace's number again.
    public let timeNamespace: String

    /// The longest names, in bytes.
    public static let maximumLength = 80

    /// - Returns: nil if a name is empty, too long, or holds anything but printable ASCII: then nothing is known.
    public init?(bootID: String, timeNamespace: String) {
        for name in [bootID, timeNamespace] {
            guard (1...Self.maximumLength).contains(name.utf8.count),
                name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { return nil }
        }
        self.bootID = bootID
        self.timeNamespace = timeNamespace
    }
}
