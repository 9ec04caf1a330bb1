// What the oracle knows things by. Objects, because tokens, sessions and subjects refer to each other, and are forgotten
// with the last reference that the load holds: so memory does not grow with the answers that are judged. Only the oracle changes them.

/// One who logs in.
final class SubjectRecord {
    /// Cut-offs that were sent and have not ended.
    var cutOffsUnderWay = 0
    /// When the latest cut-off that may have been written ended, with an answer or without.
    var lastCutOffEndedAt = Int64.min
    /// Tokens that a cut-off would still change something for.
    var tokens: [TokenRecord] = []

    func cutOffSent() { cutOffsUnderWay += 1 }

    /// - Parameter time: nil if it had no effect.
    func cutOffEnded(at time: Int64?) {
        cutOffsUnderWay -= 1
        if let time { lastCutOffEndedAt = max(lastCutOffEndedAt, time) }
    }
}

/// One log-in, and all that was refreshed from it.
final class SessionRecord {
    unowned let subject: SubjectRecord
    var standing = Standing()

    init(of subject: SubjectRecord) { self.subject = subject }
}

/// A token as it was handed out.
final class TokenRecord {
    enum Kind: Sendable { case access, refresh }

    let kind: Kind
    let session: SessionRecord
    let text: TokenText
    /// `exp` on the harness' clock.
    let expiresAt: Int64
    /// By cut-offs.
    var standing = Standing()
    /// Of a refresh token: how often it was presented, how many of these have no answer yet, and when a pair was received
    /// for it.
    var presentations = 0
    var presentationsUnderWay = 0
    var exchangedAt: Int64?
    var contest = Contest()

    /// Several presentations of one refresh token, of which any may end the session until the last has its answer.
    struct Contest {
        var isOpen = false
        /// Whether one of them got no answer.
        var isUnsettled = false
    }

    init(_ kind: Kind, of session: SessionRecord, text: TokenText, expiresAt: Int64) {
        self.kind = kind
        self.session = session
        self.text = text
        self.expiresAt = expiresAt
    }

    /// When the first acknowledgement of any revocation that it falls under was received; `.max` if none was.
    var revokedFrom: Int64 { min(standing.revokedFrom, session.standing.revokedFrom) }
    /// From when on a refusal is right; `.max` if nothing was sent.
    var doubtedFrom: Int64 { min(standing.doubtedFrom, session.standing.doubtedFrom) }
    /// Whether a revocation that it falls under got no answer, and none was acknowledged.
    var isUnsettled: Bool { revokedFrom == .max && (standing.isUnsettled || session.standing.isUnsettled) }
}

/// Something that may revoke tokens, from its sending to its end.
struct RevocationUnderWay {
    enum End: Sendable {
        case acknowledged
        /// No answer, or one that says that nothing is known.
        case unacknowledged
        /// Refused before anything was written.
        case withoutEffect
    }

    let subject: SubjectRecord
    /// Whose session ends.
    let session: SessionRecord?
    /// What a cut-off covers: all that was handed out before it was sent; nil without a cut-off.
    let covered: [TokenRecord]?
    let sentAt: Int64
}

/// A refresh token that was presented.
struct Presentation {
    let token: TokenRecord
    let sentAt: Int64
}
