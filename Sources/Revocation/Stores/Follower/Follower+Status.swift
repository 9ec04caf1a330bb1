extension Follower {
    /// Where it is, for whoever wants to know.
    struct Status: Sendable, Equatable {
        enum State: Sendable, Equatable {
            case connecting
            case copying
            /// The copy is complete, and checks are answered from it while a lease is held.
            case following
            /// The copy would take more memory than it may.
            case tooLarge
            /// The store is none that can be followed, or refuses it.
            case refused(String)
        }

        var state = State.connecting
        /// Whole copies that were begun.
        var copies = 0
        /// Leases that were granted.
        var grants = 0
        /// How far the copy was behind the log when the last lease was granted, in bytes.
        var behind: UInt64 = 0
        /// Why the daemon granted none the last time; empty if it did.
        var refusal = ""
    }
}
