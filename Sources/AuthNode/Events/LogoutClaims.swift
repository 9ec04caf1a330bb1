import Revocation
import RevocationHTTP

/// The claims of a log-out token (OpenID Connect Back-Channel Logout 1.0 §2.4) beside those that every token has.
struct LogoutClaims: Sendable, Equatable, Decodable {
    static let event = "http://schemas.openid.net/event/backchannel-logout"

    /// Older providers set no type of their own (§2.4), so `events` tells it from other tokens.
    static func profile(audiences: [String]) -> TokenProfile {
        var profile = TokenProfile(types: ["logout+jwt", "jwt", "none"], audiences: audiences)
        profile.forbiddenClaims = ["nonce"]
        profile.claimNames.clients = []
        profile.times = .message(needsExpiry: true, maximumAge: EventIntake.maximumAge)
        return profile
    }

    let subject: String?
    let session: String?

    private enum CodingKeys: String, CodingKey {
        case events
        case subject = "sub"
        case session = "sid"
    }

    /// - Throws: `DecodingError` without a log-out event that is an object (§2.4). What is in it has no meaning.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        subject = try container.decodeIfPresent(String.self, forKey: .subject)
        session = try container.decodeIfPresent(String.self, forKey: .session)
        let events = try container.nestedContainer(keyedBy: EventName.self, forKey: .events)
        _ = try events.nestedContainer(keyedBy: EventName.self, forKey: EventName(stringValue: Self.event))
    }

    /// The session, if one is named: then the user's other sessions go on (§2.4). They end, too, if tokens need not
    /// name their session: nothing else is known to end the tokens of this one.
    /// - Throws: ``EventRefusal`` if it names nothing that can be revoked.
    func named(_ mapping: SubjectMapping) throws(EventRefusal) -> SubjectMapping.Named {
        guard subject?.isEmpty != true, session?.isEmpty != true else {
            throw EventRefusal(.invalidRequest, "the token's sub or sid is empty")
        }
        guard subject != nil || session != nil else {
            throw EventRefusal(.invalidRequest, "the token has neither sub nor sid")
        }
        let sessions = session.map { [RevocationRequest.session($0)] } ?? []
        guard let subject, session == nil || !mapping.tokensNameSessions else { return mapping.sessionAlone(sessions) }
        if mapping.formats.contains("iss_sub") { return SubjectMapping.Named(sessions + [.subject(subject)]) }
        let refusal = EventRefusal(
            .invalidRequest, "all sessions of the user have to end, and tokens have another subject than sub")
        if sessions.isEmpty { throw refusal }
        return SubjectMapping.Named(sessions, refusal: refusal)
    }
}

/// The name of a member of `events`.
struct EventName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
