/// The limits of what a client may send. Sizes in bytes.
package struct RequestLimits: Sendable {
    /// The longest argument (Redis: `proto-max-bulk-len`).
    package var maximumBulk = 1 << 20
    /// The most arguments of one command.
    package var maximumArguments = 1 << 20
    /// The longest inline command (Redis: 64 KiB).
    package static let maximumLine = 1 << 16
    /// The longest number in a header, with room for one digit too many.
    static let maximumNumber = 21
    /// What a client that has not authenticated may send (Redis 7): arguments, and bytes of each.
    package static let unauthenticated = RequestLimits(maximumBulk: 16_384, maximumArguments: 10)
    /// The longest request or line of such a client: its longest argument, and what stands around it.
    package static let unauthenticatedRequest = unauthenticated.maximumBulk + (1 << 10)

    package init() {}

    package init(maximumBulk: Int, maximumArguments: Int) {
        self.maximumBulk = maximumBulk
        self.maximumArguments = maximumArguments
    }
}
