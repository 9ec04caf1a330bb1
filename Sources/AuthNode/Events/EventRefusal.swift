/// Why an event is refused for good: an error code (RFC 8935 §2.4, SSF 1.0 §8.1.4.1), and a description that contains
/// nothing of the event.
struct EventRefusal: Error, Sendable, Equatable {
    enum Code: String, Sendable {
        case invalidRequest = "invalid_request"
        case invalidKey = "invalid_key"
        case invalidIssuer = "invalid_issuer"
        case invalidAudience = "invalid_audience"
        case authenticationFailed = "authentication_failed"
        case accessDenied = "access_denied"
        case invalidState = "invalid_state"
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static let unnamedSession = EventRefusal(
        .invalidRequest, "the session is revoked, but tokens need not name theirs: see tokensNameSessions")
    static let ambiguousSubject = EventRefusal(
        .invalidRequest,
        "opaque may name a session, and tokens need not name theirs: see tokensNameSessions, or put opaque in subjects")
}
