/// A value outside of the wire contract. Carries no token, identifier or secret.
public struct ContractError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        case invalidIssuerLabel
        case emptyIdentifier
        case invalidReason
        /// Not the terms of a denylist (``Terms``).
        case invalidTerms
        /// Terms of a denylist in a version newer than this release.
        case newerTerms
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
