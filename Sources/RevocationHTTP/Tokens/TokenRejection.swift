/// Why a token is refused before any look-up. Contains no part of the token.
public struct TokenRejection: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// Longer than ``TokenVerifier/maximumTokenBytes``.
        case oversized
        /// Not three segments of base64url with JSON in the first two.
        case malformed
        /// The claims that this server uses have the wrong type, or name two clients.
        case unusableClaims
        /// Its type or its claims are of another use: header `typ` is not `at+jwt` (RFC 9068 §4) or what is configured
        /// for its issuer, or `rt+jwt` for refreshing.
        case wrongType
        /// Header `crit` names extensions, and none is understood (RFC 7515 §4.1.11).
        case unsupportedExtension
        /// Header `kid` names no key of ours.
        case unknownKey
        /// Header `alg` is not the algorithm of the key, `none` included.
        case wrongAlgorithm
        case badSignature
        case wrongIssuer
        /// `aud` names another server, or its client is not one of those configured.
        case wrongAudience
        /// `exp` is missing.
        case withoutExpiry
        case expired
        /// `nbf` or `iat` is in the future.
        case notYetValid
        /// `iat` is missing, and no lifetime is configured for the issuer.
        case withoutIssueTime
        /// Its lifetime exceeds the one configured for its issuer or, without `iat`, that of revocations.
        case tooLongLived
        /// The issuer's keys could not be read, or not again since the token came. The token's state is unknown, and it
        /// may be presented again.
        case keysUnavailable
    }

    public let code: Code
    /// For `error_description`: ASCII without quotes (RFC 6750 §3).
    public let message: String
    /// Whether no server accepts the token, now or later, after a rejection by ``TokenVerifier/genuine(_:)``. If not,
    /// another server may, which has other keys, algorithms, claims or audiences configured, or this one later.
    package let isFinal: Bool

    public init(_ code: Code, _ message: String) { self.init(code, message, isFinal: false) }

    init(_ code: Code, _ message: String, isFinal: Bool) {
        self.code = code
        self.message = message
        self.isFinal = isFinal
    }

    public var description: String { message }

    static let otherUse = TokenRejection(.wrongType, "the token is not of the kind expected here")
    static let otherIssuer = TokenRejection(.wrongIssuer, "the token is from another issuer")
    static let unreadableClaims = TokenRejection(.malformed, "the token's claims cannot be read", isFinal: true)
    /// Which claims are read is configured for each issuer, and may be otherwise elsewhere.
    static let unusableClaims = TokenRejection(.unusableClaims, "the token's claims cannot be used here")
}
