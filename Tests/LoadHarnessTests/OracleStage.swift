@testable import LoadHarness

/// A subject with sessions, and a clock of round numbers.
struct OracleStage {
    static let second: Int64 = 1_000_000_000
    /// When tokens expire, unless a test says otherwise.
    static let expiry = 1_000 * second

    var oracle = Oracle(expiryBand: second)
    let subject = SubjectRecord()

    static let text = TokenText(bytes: [], identifier: "j", session: "s", subject: "u", issuedAt: 0, expiresAt: 0)

    /// A log-in whose request was sent and whose answer received at these times.
    func logIn(
        sentAt: Int64, at now: Int64, expiresAt: Int64 = Self.expiry, subject: SubjectRecord? = nil
    ) -> (session: SessionRecord, access: TokenRecord, refresh: TokenRecord) {
        let session = SessionRecord(of: subject ?? self.subject)
        return (
            session, issue(.access, session, sentAt: sentAt, at: now, expiresAt: expiresAt),
            issue(.refresh, session, sentAt: sentAt, at: now, expiresAt: expiresAt)
        )
    }

    func issue(
        _ kind: TokenRecord.Kind, _ session: SessionRecord, sentAt: Int64, at now: Int64,
        expiresAt: Int64 = Self.expiry, keptBy cutOff: RevocationUnderWay? = nil
    ) -> TokenRecord {
        oracle.issued(
            kind, to: session, text: Self.text, expiresAt: expiresAt, requestSentAt: sentAt, at: now, keptBy: cutOff)
    }

    /// What would be made of 200 and of 401.
    mutating func judge(_ token: TokenRecord, sentAt: Int64, at now: Int64) -> [Judgement] {
        [
            oracle.checked(token, .accepted, sentAt: sentAt, at: now),
            oracle.checked(token, .refused, sentAt: sentAt, at: now),
        ]
    }
}
