/// Why a token is not accepted, before anything was looked up. Carries nothing of the token itself.
public struct TokenRejection: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// Longer than ``TokenVerifier/maximumTokenBytes``.
        case oversized
        /// Not three segments of base64url with JSON in the first two, or claims of the wrong type.
        case malformed
        /// Header `typ` is not what is due: `at+jwt` (RFC 9068 §4), or `rt+jwt` for refreshing.
        case wrongType
        /// Header `crit` names extensions, and none is understood (RFC 7515 §4.1.11).
        case unsupportedExtension
        /// Header `kid` names no key of ours.
        case unknownKey
        /// Header `alg` is not the algorithm of the key, `none` included.
        case wrongAlgorithm
        case badSignature
        case wrongIssuer
        case wrongAudience
        /// `exp` is missing.
        case withoutExpiry
        case expired
        /// `nbf` or `iat` lies ahead.
        case notYetValid
        /// `iat` is missing, and no lifetime is configured for the issuer.
        case withoutIssueTime
        /// Lives for longer than is configured for its issuer or, without `iat`, than revocations are kept.
        case tooLongLived
        /// The issuer's keys could not be got, or not again since the token came. Nothing is known about the token, and
        /// it may be asked about again.
        case keysUnavailable
    }

    public let code: Code
    /// For `error_description`: ASCII without quotes (RFC 6750 §3).
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// Whether nobody accepts the token, now or later, of a rejection by ``TokenVerifier/genuine(_:)``. Otherwise
    /// another node may, which trusts its issuer or has its audience, or this one in a while.
    package var isFinal: Bool {
        switch code {
        case .oversized, .malformed, .wrongType, .unsupportedExtension, .unknownKey, .wrongAlgorithm, .badSignature:
            true
        case .wrongIssuer, .wrongAudience, .withoutExpiry, .expired, .notYetValid, .withoutIssueTime, .tooLongLived,
            .keysUnavailable:
            false
        }
    }
}
