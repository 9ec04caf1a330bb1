/// The limits of a client's requests. Sizes in bytes.
package struct RequestLimits: Sendable {
    /// The longest argument (Redis: `proto-max-bulk-len`).
    package var maximumBulk = 1 << 20
    /// The most arguments of one command.
    package var maximumArguments = 1 << 22
    /// The longest inline command. Redis bounds what it waits for to 64 KiB, and takes a longer one that came at once.
    package static let maximumLine = 1 << 17
    /// The longest number in a header, with room for one digit too many.
    static let maximumNumber = 21
    /// The limits of a client that has not authenticated (Redis 7): arguments, and bytes of each.
    package static let unauthenticated = RequestLimits(maximumBulk: 16_384, maximumArguments: 10)
    /// The longest request or line of such a client: its longest argument, with room for the rest.
    package static let unauthenticatedRequest = unauthenticated.maximumBulk + (1 << 10)

    package init() {}

    package init(maximumBulk: Int, maximumArguments: Int) {
        self.maximumBulk = maximumBulk
        self.maximumArguments = maximumArguments
    }
}
