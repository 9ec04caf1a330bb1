/// Knows what has been acknowledged, and judges every answer of every node. Pure: told what was sent and received, and when,
/// in nanoseconds of one monotonic clock.
///
/// What counts is when a question was *sent* and an acknowledgement *received*: in between, either answer is right.
struct Oracle {
    /// How far from `exp` the clocks of nodes may be: within it either answer is right, in nanoseconds.
    private let expiryBand: Int64
    private(set) var tally = Tally()

    init(expiryBand: Int64 = 1_000_000_000) { self.expiryBand = expiryBand }

    // MARK: Handing out

    /// A token was received.
    /// - Parameter requestSentAt: when it was asked for.
    /// - Parameter keptBy: the log-out everywhere that spares it, and whose answer carried it; it has not ended yet.
    func issued(
        _ kind: TokenRecord.Kind, to session: SessionRecord, text: TokenText, expiresAt: Int64, requestSentAt: Int64,
        at now: Int64, keptBy cutOff: RevocationUnderWay? = nil
    ) -> TokenRecord {
        let token = TokenRecord(kind, of: session, text: text, expiresAt: expiresAt)
        let subject = session.subject
        let others = subject.cutOffsUnderWay - (cutOff == nil ? 0 : 1)
        // Which of the two came first in the store only the store knows.
        if others > 0 || subject.lastCutOffEndedAt >= requestSentAt { token.standing.doubted(at: now) }
        subject.tokens.removeAll { $0.revokedFrom != .max || $0.expiresAt + expiryBand < now }
        subject.tokens.append(token)
        return token
    }

    // MARK: Revoking

    /// A log-out was sent: it ends the session's access and refresh tokens, those under way included.
    func logOutSent(_ session: SessionRecord, at now: Int64) -> RevocationUnderWay {
        session.standing.sent(at: now)
        return RevocationUnderWay(subject: session.subject, session: session, covered: nil, sentAt: now)
    }

    /// A log-out everywhere was sent: it ends whatever was handed out before.
    /// - Parameter keepsCurrent: whether the session itself goes on, with tokens that the answer will carry.
    func logOutEverywhereSent(
        _ session: SessionRecord, keepsCurrent: Bool, at now: Int64
    ) -> RevocationUnderWay {
        let subject = session.subject
        subject.cutOffSent()
        let covered = subject.tokens.filter { $0.standing.revokedFrom == .max }
        for token in covered { token.standing.sent(at: now) }
        if !keepsCurrent { session.standing.sent(at: now) }
        return RevocationUnderWay(
            subject: subject, session: keepsCurrent ? nil : session, covered: covered, sentAt: now)
    }

    /// It got its answer, or never will.
    func ended(_ revocation: RevocationUnderWay, _ end: RevocationUnderWay.End, at now: Int64) {
        revocation.session?.standing.end(end, at: now)
        guard let covered = revocation.covered else { return }
        for token in covered { token.standing.end(end, at: now) }
        revocation.subject.cutOffEnded(at: end == .withoutEffect ? nil : now)
        revocation.subject.tokens.removeAll { $0.revokedFrom != .max }
    }

    // MARK: Refreshing

    /// A refresh token was presented. Used up already, it ends its session; and of several that are under way at once any
    /// but the first may.
    func presented(_ token: TokenRecord, at now: Int64) -> Presentation {
        precondition(token.kind == .refresh, "only a refresh token can be presented")
        if token.presentations > 0, !token.contest.isOpen {
            token.contest = .init(isOpen: true)
            token.session.standing.sent(at: now)
        }
        token.presentations += 1
        token.presentationsUnderWay += 1
        return Presentation(token: token, sentAt: now)
    }

    /// - Parameter wasUsed: whether a refusal said that the token had been used before, and that its session is revoked.
    mutating func answered(
        _ presentation: Presentation, _ answer: TokenAnswer, wasUsed: Bool = false, at now: Int64
    ) -> Judgement {
        let token = presentation.token
        let isContested = token.presentations > 1
        var judgement = self.judgement(of: answer, about: token, sentAt: presentation.sentAt, at: now)
        switch answer {
        case .accepted:
            // Exchanged for two different pairs: the family has forked. No grace is configured.
            if token.exchangedAt != nil { judgement = .violation }
            token.exchangedAt = token.exchangedAt ?? now
        case .refused:
            if isContested, judgement == .falseRejection || judgement.isEither {
                judgement =
                    (token.exchangedAt ?? .max) < presentation.sentAt ? .rightlyRefused : .eitherDuringRevocation
            }
            if wasUsed { token.session.standing.revoked(at: now) }
        case .unavailable, .other:
            // It may have ended the session, or may still do so.
            if isContested { token.contest.isUnsettled = true }
        }
        token.presentationsUnderWay -= 1
        if token.presentationsUnderWay == 0, token.contest.isOpen {
            token.session.standing.end(token.contest.isUnsettled ? .unacknowledged : .withoutEffect, at: now)
            token.contest = .init()
        }
        count(judgement, token, presentation.sentAt)
        return judgement
    }

    // MARK: Judging

    /// Judges the answer to a check.
    mutating func checked(_ token: TokenRecord, _ answer: TokenAnswer, sentAt: Int64, at now: Int64) -> Judgement {
        let judgement = judgement(of: answer, about: token, sentAt: sentAt, at: now)
        count(judgement, token, sentAt)
        return judgement
    }

    /// Judges whether a request that revokes by cut-off was let through, and ends the revocation accordingly. Its own effect
    /// is no reason for its refusal.
    mutating func answered(
        _ revocation: RevocationUnderWay, by token: TokenRecord, _ answer: TokenAnswer, at now: Int64
    ) -> Judgement {
        let judgement: Judgement
        switch answer {
        case .accepted:
            let found = self.judgement(of: answer, about: token, sentAt: revocation.sentAt, at: now)
            judgement =
                found == .eitherDuringRevocation && token.doubtedFrom >= revocation.sentAt ? .rightlyAccepted : found
            ended(revocation, .acknowledged, at: now)
        case .refused:
            ended(revocation, .withoutEffect, at: now)
            judgement = self.judgement(of: answer, about: token, sentAt: revocation.sentAt, at: now)
        case .unavailable, .other:
            ended(revocation, .unacknowledged, at: now)
            judgement = self.judgement(of: answer, about: token, sentAt: revocation.sentAt, at: now)
        }
        count(judgement, token, revocation.sentAt)
        return judgement
    }

    /// Judges an answer to right credentials.
    mutating func loggedIn(_ answer: TokenAnswer) -> Judgement {
        let judgement: Judgement =
            switch answer {
            case .accepted: .rightlyAccepted
            case .refused: .falseRejection
            case .unavailable: .unavailable
            case .other: .other
            }
        tally.count(judgement)
        return judgement
    }

    private mutating func count(_ judgement: Judgement, _ token: TokenRecord, _ sentAt: Int64) {
        let age = token.revokedFrom == .max ? -1 : sentAt - token.revokedFrom
        tally.count(judgement, isSoon: (0...Tally.soon).contains(age))
    }

    private func judgement(
        of answer: TokenAnswer, about token: TokenRecord, sentAt: Int64, at now: Int64
    ) -> Judgement {
        let isRevoked = token.revokedFrom < sentAt
        let hasExpired = sentAt >= token.expiresAt + expiryBand
        switch answer {
        case .unavailable: return .unavailable
        case .other: return .other
        case .accepted: if isRevoked || hasExpired { return .violation }
        case .refused: if isRevoked || hasExpired { return .rightlyRefused }
        }
        if token.doubtedFrom <= now { return token.isUnsettled ? .eitherUnacknowledged : .eitherDuringRevocation }
        if now >= token.expiresAt - expiryBand { return .eitherAtExpiry }
        return answer == .accepted ? .rightlyAccepted : .falseRejection
    }
}

extension Standing {
    mutating func end(_ end: RevocationUnderWay.End, at now: Int64) {
        switch end {
        case .acknowledged: acknowledged(at: now)
        case .unacknowledged: unacknowledged()
        case .withoutEffect: hadNoEffect()
        }
    }
}
