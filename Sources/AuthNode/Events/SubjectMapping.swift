import Contract
import Revocation

/// Which of an issuer's tokens a subject identifier names.
struct SubjectMapping: Sendable {
    /// `iss` that a subject may have. Nobody may name the users of others.
    let issuers: [String]
    /// The formats whose value is the subject of tokens, `iss_sub` among them.
    let formats: Set<String>
    /// Whether every token names its session. Otherwise no session that is named may be all that is revoked.
    let tokensNameSessions: Bool

    static let usualFormats: Set<String> = ["iss_sub", "opaque"]
    static let knownFormats = usualFormats.union(["email", "phone_number", "account", "uri", "did"])

    /// - Parameter effect: how much of what is named is to be revoked; not ``EventTable/Effect/ignore``.
    /// - Parameter mayNameSession: whether an identifier of no meaning may be a session's (CAEP 1.0 §3.1.2).
    /// - Parameter latestExpiry: of the present tokens: an event that names one does not say.
    /// - Throws: ``EventRefusal`` if it names nothing that can be revoked.
    func requests(
        for subject: EventSubject, _ effect: EventTable.Effect, mayNameSession: Bool, expiringBy latestExpiry: Int64
    ) throws(EventRefusal) -> [RevocationRequest] {
        switch subject {
        case .complex(let user?, let session?):
            return try requests(for: user, with: session, effect, expiringBy: latestExpiry)
        case .complex(nil, let session?):
            guard tokensNameSessions else { throw .unnamedSession }
            return try sessions(session)
        case .complex(let user?, nil): return try users(user, expiringBy: latestExpiry)
        case .complex(nil, nil):
            throw EventRefusal(.invalidRequest, "the subject names neither a user nor a session")
        case .identifier("opaque", let value) where mayNameSession:
            guard formats.contains("opaque") || tokensNameSessions else { throw .unnamedSession }
            return [.session(value)] + (formats.contains("opaque") ? [.subject(value)] : [])
        default: return try users(subject, expiringBy: latestExpiry)
        }
    }

    /// A user whose format means nothing here does not keep the session from ending.
    private func requests(
        for user: EventSubject, with session: EventSubject, _ effect: EventTable.Effect, expiringBy latestExpiry: Int64
    ) throws(EventRefusal) -> [RevocationRequest] {
        if effect == .session, tokensNameSessions { return try sessions(session) }
        do throws(EventRefusal) {
            let users = try users(user, expiringBy: latestExpiry)
            return effect == .subject ? users : try sessions(session) + users
        } catch {
            guard tokensNameSessions, error.code == .invalidRequest else { throw error }
            return try sessions(session)
        }
    }

    /// All sessions of a user.
    /// - Throws: ``EventRefusal`` if nothing is named that tokens have for a subject.
    func users(_ subject: EventSubject, expiringBy latestExpiry: Int64) throws(EventRefusal) -> [RevocationRequest] {
        switch subject {
        case .user(let issuer, let subject):
            try demand(issuer)
            return [.subject(try checked("iss_sub", subject))]
        case .token(let issuer, let identifier):
            try demand(issuer)
            return [.token(identifier, expiresAt: latestExpiry)]
        case .identifier(let format, let value):
            return Self.spellings(try checked(format, value), format).map { .subject($0) }
        case .aliases(let names): return try users(names, latestExpiry)
        case .complex(let user?, _): return try users(user, expiringBy: latestExpiry)
        case .complex(nil, _), .unsupported:
            throw EventRefusal(.invalidRequest, "the format of the subject is not supported")
        }
    }

    /// Those of the names that can be used: at least one.
    private func users(_ names: [EventSubject], _ latestExpiry: Int64) throws(EventRefusal) -> [RevocationRequest] {
        var found: [RevocationRequest] = []
        var refusal: EventRefusal?
        for name in names {
            do throws(EventRefusal) { found += try users(name, expiringBy: latestExpiry) } catch {
                refusal = refusal ?? error
            }
        }
        if found.isEmpty, let refusal { throw refusal }
        return found
    }

    private func sessions(_ subject: EventSubject) throws(EventRefusal) -> [RevocationRequest] {
        switch subject {
        case .identifier("opaque", let value): return [.session(value)]
        case .user(let issuer, let value):
            try demand(issuer)
            return [.session(value)]
        default: throw EventRefusal(.invalidRequest, "the format of the session is not supported")
        }
    }

    private func demand(_ issuer: String) throws(EventRefusal) {
        guard issuers.contains(where: { $0.isExactly(issuer) }) else {
            throw EventRefusal(.accessDenied, "the subject is of an issuer that this transmitter may not speak of")
        }
    }

    private func checked(_ format: String, _ value: String) throws(EventRefusal) -> String {
        guard formats.contains(format) else {
            throw EventRefusal(.invalidRequest, "tokens have no subject of this format: see its subjects")
        }
        return value
    }

    /// An address is compared without case nearly everywhere, a token's subject byte for byte.
    private static func spellings(_ value: String, _ format: String) -> [String] {
        let lower = value.lowercased()
        return format == "email" && !lower.isExactly(value) ? [value, lower] : [value]
    }
}
