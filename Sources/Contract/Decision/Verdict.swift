/// The verdict on a token. `unknown` is never silently turned into `clear`.
public enum Verdict: Sendable {
    /// Revoked, and why.
    case revoked(Reason)
    /// Proven by the store, in the same reply as its epoch.
    case clear
    /// Nothing could be proven. The caller's policy decides.
    case unknown(UnknownCause)
}

/// Why a verdict is unknown. Carries no token, identifier or secret.
public struct UnknownCause: Sendable, Error, CustomStringConvertible {
    public enum Code: String, Sendable, CaseIterable {
        /// No connection to the store.
        case unreachable
        /// The store did not answer in time.
        case timedOut
        /// The caller was cancelled.
        case cancelled
        /// The store answered with an error.
        case storeError
        /// This machine's clock and the store's differ by more than the margin of revocations covers.
        case clockSkewed
        /// The store's reply does not fit the command.
        case malformedReply
        /// The store has no epoch: it has lost its memory, or was never initialised.
        case epochMissing
        /// The store's epoch is not the pinned one: it has lost its memory, or is another store.
        case epochChanged
        /// A cut-off outside of the allowed range.
        case implausibleCutOff
        /// A cut-off is ahead of the store's clock: no user can log in until it has passed.
        case cutOffAhead
        /// The token has no claim that a revocation could name, or the denylist's terms do not know its issuer.
        case unidentifiable
        /// The token lives longer than revocations of its issuer were kept when it was issued, or does not say how long
        /// it lives.
        case tooLongLived
        /// The denylist's terms cannot be read, or do not cover the settings of this process.
        case termsDisagree
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
