/// Why a revocation was not acknowledged: the token is then **not** known to be revoked.
/// Carries no token, identifier or secret.
public struct RevocationError: Error, Sendable, CustomStringConvertible {
    /// What went wrong. The raw values appear in metrics.
    public enum Code: String, Sendable, CaseIterable {
        /// The URL names no store.
        case invalidURL
        /// A setting is outside its range.
        case invalidConfiguration
        /// No key can be made for it: no `jti`, no `exp`, an empty identifier.
        case unrevocableToken
        /// A cut-off too far ahead, or not in milliseconds: one bad write must not lock everyone out.
        case implausibleCutOff
        /// The denylist's terms have no such issuer, or several and none was named.
        case unknownIssuer
        /// The denylist's terms cannot be read, or this process needs them to say more: the message says what to do.
        case termsDisagree
        /// The denylist's terms were changed again and again while it was written: it may have been written.
        case termsChanged
        /// No connection to the store; if it was lost during the call, the revocation may or may not have been written.
        case unreachable
        /// No answer in time: it may or may not have been written.
        case timedOut
        /// The caller was cancelled: it may or may not have been written.
        case cancelled
        /// The store answered with an error.
        case storeError
        /// The store sent a reply that does not fit the command.
        case malformedReply
        /// The store's settings can lose revocations (an eviction policy, say), or it is a replica, and that was not
        /// accepted.
        case unsafeStore
        /// The store that answered has another epoch than the pinned one. It may have been written there.
        case epochChanged
        /// The store that answered has no epoch: it has lost its memory, or `revoked init` has yet to write it.
        case epochMissing
    }

    public let code: Code
    /// What went wrong and, where something helps, what to do.
    public let message: String
    /// The underlying error, if there is one.
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}
