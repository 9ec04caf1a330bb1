import Contract
import Revocation

/// Which of an issuer's tokens a subject identifier names.
struct SubjectMapping: Sendable {
    /// The issuer whose tokens end. It alone has named the tokens and their `jti`.
    let revokes: String
    /// `iss` that a user may have. A provider may not name the users of others.
    let issuers: [String]
    /// The formats whose value is the subject of tokens, `iss_sub` among them.
    let formats: Set<String>
    /// Whether every token names its session as the provider does. Otherwise a session may not be all that is revoked.
    let tokensNameSessions: Bool
    /// Whether the provider names users, and never a session alone, by identifiers of the format `opaque`.
    let usersAreOpaque: Bool
    /// Whether tokens are known to the denylist by their `jti`.
    let tokensHaveIdentifiers: Bool

    static let usualFormats: Set<String> = ["iss_sub", "opaque"]
    static let knownFormats = usualFormats.union(["email", "phone_number", "account", "uri", "did"])

    /// What a subject names.
    struct Named: Sendable, Equatable {
        /// At least one.
        var requests: [RevocationRequest]
        /// Why that may not be all: it is revoked all the same, and the message is then refused.
        var refusal: EventRefusal?

        init(_ requests: [RevocationRequest], refusal: EventRefusal? = nil) {
            self.requests = requests
            self.refusal = refusal
        }
    }

    /// - Parameter effect: how much of what is named is to be revoked; not ``EventTable/Effect/ignore``.
    /// - Parameter mayNameSession: whether an identifier of no meaning may be a session's (CAEP 1.0 §3.1.2).
    /// - Parameter latestExpiry: of the present tokens: an event that names one does not say.
    /// - Throws: ``EventRefusal`` if it names nothing that can be revoked.
    func requests(
        for subject: EventSubject, _ effect: EventTable.Effect, mayNameSession: Bool, expiringBy latestExpiry: Int64
    ) throws(EventRefusal) -> Named {
        switch subject {
        case .complex(let user?, let session?): return try requests(for: user, with: session, effect)
        case .complex(nil, let session?): return sessionAlone(try sessions(session))
        case .complex(let user?, nil): return Named(try users(user))
        case .complex(nil, nil):
            throw EventRefusal(.invalidRequest, "the subject names neither a user nor a session")
        case .identifier("opaque", let value) where mayNameSession:
            guard formats.contains("opaque") else { return sessionAlone([.session(value)]) }
            return Named(
                [.session(value), .subject(value)],
                refusal: tokensNameSessions || usersAreOpaque ? nil : .ambiguousSubject)
        case .token(let issuer, let identifier):
            return Named([try token(identifier, of: issuer, expiringBy: latestExpiry)])
        case .aliases(let names):
            return try merged(names) { (name) throws(EventRefusal) in
                try requests(for: name, effect, mayNameSession: mayNameSession, expiringBy: latestExpiry)
            }
        case .user, .identifier, .unsupported: return Named(try users(subject))
        }
    }

    /// The session, if it may be all that is revoked, or else all sessions of the user.
    private func requests(
        for user: EventSubject, with session: EventSubject, _ effect: EventTable.Effect
    ) throws(EventRefusal) -> Named {
        let ofSession = (try? sessions(session)) ?? []
        if effect == .session, tokensNameSessions, !ofSession.isEmpty { return Named(ofSession) }
        do throws(EventRefusal) {
            let ofUser = try users(user)
            // They include a session that cannot be read.
            return Named(effect == .subject ? ofUser : ofSession + ofUser)
        } catch {
            // A user of another issuer may have sessions that are none of the provider's business.
            guard error.code == .invalidRequest, !ofSession.isEmpty else { throw error }
            return Named(
                ofSession, refusal: EventRefusal(error.code, "no more than the session is revoked: \(error.message)"))
        }
    }

    /// A session without its user.
    func sessionAlone(_ requests: [RevocationRequest]) -> Named {
        Named(requests, refusal: tokensNameSessions ? nil : .unnamedSession)
    }

    /// All sessions of a user.
    /// - Throws: ``EventRefusal`` if nothing is named that tokens have for a subject.
    func users(_ subject: EventSubject) throws(EventRefusal) -> [RevocationRequest] {
        switch subject {
        case .user(let issuer, let subject):
            try demand(issuer)
            return [.subject(try checked("iss_sub", subject))]
        case .identifier(let format, let value):
            return Self.spellings(try checked(format, value), format).map { .subject($0) }
        case .aliases(let names):
            return try merged(names) { (name) throws(EventRefusal) in Named(try users(name)) }.requests
        case .complex(let user?, _): return try users(user)
        case .token: throw EventRefusal(.invalidRequest, "the subject is a token, and no user")
        case .complex(nil, _), .unsupported:
            throw EventRefusal(.invalidRequest, "the format of the subject is not supported")
        }
    }

    /// What several names of one subject name: one of them is enough.
    private func merged(
        _ names: [EventSubject], _ read: (EventSubject) throws(EventRefusal) -> Named
    ) throws(EventRefusal) -> Named {
        var (requests, refusals): ([RevocationRequest], [EventRefusal]) = ([], [])
        for name in names {
            do throws(EventRefusal) {
                let named = try read(name)
                requests += named.requests
                if let refusal = named.refusal { refusals.append(refusal) }
            } catch { refusals.append(error) }
        }
        let refusal = refusals.count == names.count ? refusals.first : nil
        if requests.isEmpty, let refusal { throw refusal }
        return Named(requests, refusal: refusal)
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

    /// Another issuer's token may have the same `jti`, and is none of those that end.
    private func token(
        _ identifier: String, of issuer: String, expiringBy latestExpiry: Int64
    ) throws(EventRefusal) -> RevocationRequest {
        guard issuer.isExactly(revokes) else {
            throw EventRefusal(.accessDenied, "the token is of an issuer whose tokens are not ended here")
        }
        guard tokensHaveIdentifiers else {
            throw EventRefusal(.invalidRequest, "tokens have another identifier than jti: see the issuer's claims")
        }
        return .token(identifier, expiresAt: latestExpiry)
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
