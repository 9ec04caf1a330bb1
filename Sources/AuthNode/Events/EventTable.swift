/// What events revoke, by their type (a URI). A type that is not in it is acknowledged and changes nothing: events are
/// no commands (RFC 8935 §3).
struct EventTable: Sendable, Equatable {
    enum Effect: String, Sendable, Decodable, CaseIterable {
        /// The least that the event names: a token, else a session, else all sessions of a user.
        case session
        /// The most that the event names: all sessions of a user, else a session, else a token.
        case subject
        /// Nothing.
        case ignore
    }

    private static let caep = "https://schemas.openid.net/secevent/caep/event-type/"
    private static let risc = "https://schemas.openid.net/secevent/risc/event-type/"
    static let sessionRevoked = caep + "session-revoked"
    static let verification = "https://schemas.openid.net/secevent/ssf/event-type/verification"
    static let streamUpdated = "https://schemas.openid.net/secevent/ssf/event-type/stream-updated"

    /// A new credential endangers no session. Any other change of one may follow a theft.
    private static let usual: [String: Effect] = [
        sessionRevoked: .session,
        caep + "token-claims-change": .session,
        caep + "credential-change": .subject,
        caep + "credential-change#create": .ignore,
        risc + "account-disabled": .subject,
        risc + "account-purged": .subject,
        risc + "credential-compromise": .subject,
        risc + "sessions-revoked": .subject,
    ]

    private let effects: [String: Effect]

    /// - Parameter changes: other effects. A type may have a `change_type` behind a `#`, which then precedes the one
    ///   without.
    init(_ changes: [String: Effect] = [:]) {
        effects = Self.usual.merging(changes) { _, new in new }
    }

    func effect(of type: String, change: String?) -> Effect {
        change.flatMap { effects["\(type)#\($0)"] } ?? effects[type] ?? .ignore
    }
}
