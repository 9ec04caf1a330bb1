@testable import Lab

/// A subject with sessions, and a clock of round numbers.
struct OracleStage {
    static let second: Int64 = 1_000_000_000
    /// When tokens expire, unless a test says otherwise.
    static let expiry = 1_000 * second

    var oracle = Oracle(expiryBand: second)
    let issuer = IssuerRecord()
    let subject = CutOffScope()

    static func text(client: String = "c", key: String = "k") -> TokenText {
        TokenText(
            bytes: [], identifier: "j", session: "s", subject: "u", client: client, key: key, logInTime: 0, expiresAt: 0
        )
    }

    /// A log-in whose request was sent and whose answer received at these times.
    func logIn(
        sentAt: Int64, at now: Int64, expiresAt: Int64 = Self.expiry, subject: CutOffScope? = nil,
        text: TokenText = Self.text()
    ) -> (session: SessionRecord, access: TokenRecord, refresh: TokenRecord) {
        let session = SessionRecord(of: subject ?? self.subject, at: issuer)
        let logIn = LogInSpan(sentAt: sentAt, receivedAt: now)
        return (
            session, TokenRecord(.access, of: session, text: text, logIn: logIn, expiresAt: expiresAt),
            TokenRecord(.refresh, of: session, text: text, logIn: logIn, expiresAt: expiresAt)
        )
    }

    /// What a refresh brings: the log-in stays that of the token that was presented.
    func refreshed(_ token: TokenRecord, _ kind: TokenRecord.Kind = .access) -> TokenRecord {
        TokenRecord(kind, of: token.session, text: Self.text(), logIn: token.logIn, expiresAt: token.expiresAt)
    }

    /// What the session goes on with that an "everywhere but here" spares.
    func kept(_ session: SessionRecord, by revocation: RevocationUnderWay, at now: Int64) -> TokenRecord {
        let logIn = LogInSpan(sentAt: revocation.sentAt, receivedAt: now, sparedBy: revocation.number)
        return TokenRecord(.access, of: session, text: Self.text(), logIn: logIn, expiresAt: Self.expiry)
    }

    mutating func logOutSent(_ session: SessionRecord, to node: Int = 0, at now: Int64) -> RevocationUnderWay {
        oracle.revocationSent([.session(session)], to: node, at: now)
    }

    mutating func logOutEverywhereSent(
        _ session: SessionRecord, keepsCurrent: Bool = false, to node: Int = 0, at now: Int64
    ) -> RevocationUnderWay {
        let own: [RevocationTarget] = keepsCurrent ? [] : [.session(session)]
        return oracle.revocationSent([.cutOff(session.subject)] + own, to: node, at: now)
    }

    /// What would be made of 200 and of 401.
    mutating func judge(
        _ token: TokenRecord, sentAt: Int64, at now: Int64, node: Int = 0, policy: RoutePolicy = .deny
    ) -> [Judgement] {
        let question = Question(node: node, sentAt: sentAt, policy: policy)
        return [
            oracle.checked(token, .accepted, to: question, at: now),
            oracle.checked(token, .refused, to: question, at: now),
        ]
    }

    static let mustAccept: [Judgement] = [.rightlyAccepted, .falseRejection]
    static let during: [Judgement] = [.eitherDuringRevocation, .eitherDuringRevocation]
    static let concurrent: [Judgement] = [.eitherConcurrent, .eitherConcurrent]
    static let unacknowledged: [Judgement] = [.eitherUnacknowledged, .eitherUnacknowledged]
}

extension [Judgement] {
    /// Whether 200 would break a rule and 401 be right.
    var mustBeRefused: Bool { count == 2 && self[0].isViolation && self[1] == .rightlyRefused }
}
