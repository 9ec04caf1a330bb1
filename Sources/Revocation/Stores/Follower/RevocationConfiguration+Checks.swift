extension RevocationConfiguration {
    /// Where checks are answered.
    public enum Checks: Sendable, Hashable {
        /// By the store: one round trip each.
        case asked
        /// From a copy of all revocations in this process, which the daemon keeps up to date, without a round trip and
        /// without a system call. A revocation is refused here when it is acknowledged, as if the daemon had been
        /// asked: it waits for each process that answers so, or for a third of a second at most.
        ///
        /// Whatever cannot be answered so is asked: while the copy is made, without a connection, if the copy takes
        /// more than `maximumBytes`, and refresh tokens always. It takes one daemon of ours: no Redis, Sentinel or
        /// Cluster.
        case local(maximumBytes: Int)

        /// What a URL asks for.
        static let localByDefault = Checks.local(maximumBytes: 256 << 20)

        static let needServer = RevocationError(
            .invalidConfiguration, "local checks follow one daemon, by redis://, rediss:// or redis+unix://")

        func orIfAsked(_ other: Checks) -> Checks { self == .asked ? other : self }
    }
}
