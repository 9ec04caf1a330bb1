/// Knows what has been acknowledged, and judges every answer of every node. Pure: told what was sent and received, and
/// when, in nanoseconds of one monotonic clock. No wall clock decides anything here.
///
/// What counts is when a question was *sent* and an acknowledgement *received*: in between, either answer is right.
struct Oracle {
    /// How far from `exp` the clocks of nodes may be: within it either answer is right, in nanoseconds.
    private let expiryBand: Int64
    /// How far the store's clock, by which nodes judge what tokens say, may be ahead: so long before `exp` a refusal is
    /// right, in nanoseconds.
    private let storeLead: Int64
    /// How long after a refresh token was exchanged a second presenter gets the same successor, in nanoseconds.
    private let rotationGrace: Int64
    private var cutOffs = 0
    private(set) var tally = Tally()

    init(expiryBand: Int64 = 1_000_000_000, storeLead: Int64 = 0, rotationGrace: Int64 = 0) {
        self.expiryBand = expiryBand
        self.storeLead = storeLead
        self.rotationGrace = rotationGrace
    }

    // MARK: Revoking

    /// Something that revokes was sent.
    /// - Parameter node: where to; below 0 for none of the nodes.
    mutating func revocationSent(
        _ targets: [RevocationTarget], to node: Int = -1, at now: Int64
    ) -> RevocationUnderWay {
        cutOffs += 1
        for target in targets {
            switch target {
            case .token(let token): token.standing.sent(at: now)
            case .session(let session): session.standing.sent(at: now)
            case .key(let key): key.standing.sent(at: now)
            case .cutOff(let scope): scope.cutOffs.sent(cutOffs, at: now)
            }
        }
        return RevocationUnderWay(targets: targets, number: cutOffs, node: node, sentAt: now)
    }

    /// It got its answer, or never will.
    func ended(_ revocation: RevocationUnderWay, _ end: RevocationUnderWay.End, at now: Int64) {
        let node = revocation.node
        for target in revocation.targets {
            switch target {
            case .token(let token): token.standing.end(end, by: node, at: now)
            case .session(let session): session.standing.end(end, by: node, at: now)
            case .key(let key): key.standing.end(end, by: node, at: now)
            case .cutOff(let scope): scope.cutOffs.ended(revocation.number, end, by: node, at: now)
            }
        }
    }

    /// Judges whether a request that revokes was let through by the token that it presented, and ends the revocation
    /// accordingly. Its own effect is no reason for its refusal.
    mutating func answered(
        _ revocation: RevocationUnderWay, by token: TokenRecord, _ answer: TokenAnswer, at now: Int64
    ) -> Judgement {
        let question = Question(node: revocation.node, sentAt: revocation.sentAt)
        var judgement: Judgement
        switch answer {
        case .accepted:
            judgement = self.judgement(of: answer, to: question, about: token, at: now)
            if judgement == .eitherDuringRevocation, token.uncertainty.from >= revocation.sentAt {
                judgement = .rightlyAccepted
            }
            ended(revocation, .acknowledged, at: now)
        case .refused:
            ended(revocation, .withoutEffect, at: now)
            judgement = self.judgement(of: answer, to: question, about: token, at: now)
        case .unavailable, .other:
            ended(revocation, .unacknowledged, at: now)
            judgement = self.judgement(of: answer, to: question, about: token, at: now)
        }
        count(judgement, token, question, at: now)
        return judgement
    }

    // MARK: Refreshing

    /// A refresh token was presented. Used up already, it ends its session; and of several that are under way at once
    /// any but the first may. Within the grace a second presenter is served, too.
    func presented(_ token: TokenRecord, to node: Int, at now: Int64) -> Presentation {
        precondition(token.kind == .refresh, "only a refresh token can be presented")
        let isLate = rotationGrace == 0 || now - rotationGrace / 2 >= token.rotation.firstPresentedAt
        if token.rotation.presentations > 0, isLate, !token.rotation.isContested {
            token.rotation.isContested = true
            token.session.standing.sent(at: now)
        }
        token.rotation.presentations += 1
        token.rotation.underWay += 1
        token.rotation.firstPresentedAt = min(token.rotation.firstPresentedAt, now)
        return Presentation(token: token, question: Question(node: node, sentAt: now))
    }

    /// - Parameter successor: the `jti` of the refresh token that it was exchanged for.
    /// - Parameter wasUsed: whether a refusal said that the token had been used before, and that its session is
    ///   revoked.
    mutating func answered(
        _ presentation: Presentation, _ answer: TokenAnswer, successor: String? = nil, wasUsed: Bool = false,
        at now: Int64
    ) -> Judgement {
        let (token, question) = (presentation.token, presentation.question)
        let isAmongOthers = token.rotation.presentations > 1
        let isWithinGrace = now < token.rotation.firstPresentedAt.addingSaturating(rotationGrace - expiryBand)
        let wasExchanged = token.rotation.exchangedAt ?? .max < question.sentAt
        var judgement = self.judgement(of: answer, to: question, about: token, at: now)
        switch answer {
        case .accepted:
            if forks(token, successor, sentAt: question.sentAt), !judgement.isViolation {
                judgement = .violation(.rotation)
            }
            if token.rotation.exchangedAt == nil {
                (token.rotation.exchangedAt, token.rotation.successor) = (now, successor)
            }
        case .refused:
            if isAmongOthers, !isWithinGrace, judgement == .falseRejection || judgement.isEither {
                judgement = wasExchanged ? .rightlyRefused : .eitherDuringRevocation
            }
            if wasUsed { token.session.standing.revoked(by: question.node, at: now) }
        case .unavailable, .other:
            // It may have ended the session, or may still do so.
            if token.rotation.isContested { token.rotation.isUnsettled = true }
        }
        end(presentation, mayComeLate: isAmongOthers && !isWithinGrace || answer == .unavailable, at: now)
        count(judgement, token, question, at: now)
        if judgement.isVerdict, wasExchanged { tally.decided(by: .rotation) }
        return judgement
    }

    /// - Parameter mayComeLate: whether one that was sent within the grace may have been carried out after it.
    private func end(_ presentation: Presentation, mayComeLate: Bool, at now: Int64) {
        let token = presentation.token
        let isContested = token.rotation.isContested
        token.rotation.underWay -= 1
        if isContested, token.rotation.underWay == 0 {
            token.session.standing.end(
                token.rotation.isUnsettled ? .unacknowledged : .withoutEffect, by: presentation.question.node, at: now)
            (token.rotation.isContested, token.rotation.isUnsettled) = (false, false)
        } else if !isContested, mayComeLate, token.rotation.presentations > 1 {
            token.session.standing.sent(at: presentation.question.sentAt)
            token.session.standing.end(.unacknowledged, by: presentation.question.node, at: now)
        }
    }

    /// Whether a second pair for a token is another one than the first, or comes after the grace.
    private func forks(_ token: TokenRecord, _ successor: String?, sentAt: Int64) -> Bool {
        guard let exchangedAt = token.rotation.exchangedAt else { return false }
        let isSame = rotationGrace > 0 && successor != nil && successor == token.rotation.successor
        return !isSame || sentAt > exchangedAt + rotationGrace + expiryBand
    }

    // MARK: Judging

    /// Judges the answer to a check.
    mutating func checked(
        _ token: TokenRecord, _ answer: TokenAnswer, to question: Question, at now: Int64
    ) -> Judgement {
        var judgement = judgement(of: answer, to: question, about: token, at: now)
        // Used up by then, or perhaps used up: an exchange may have happened although its answer was lost.
        if judgement == .falseRejection, token.rotation.presentations > 0 {
            let wasExchanged = token.rotation.exchangedAt ?? .max < question.sentAt
            judgement = wasExchanged ? .rightlyRefused : .eitherDuringRevocation
        }
        count(judgement, token, question, at: now)
        return judgement
    }

    /// Judges an answer to credentials.
    mutating func authenticated(_ answer: TokenAnswer, hasRightPassword: Bool) -> Judgement {
        let judgement: Judgement =
            switch answer {
            case .accepted: hasRightPassword ? .rightlyAccepted : .violation(.password)
            case .refused: hasRightPassword ? .falseRejection : .rightlyRefused
            case .unavailable: .unavailable
            case .other: .other
            }
        tally.count(judgement)
        if !hasRightPassword, judgement.isVerdict { tally.decided(by: .password) }
        return judgement
    }

    /// Counts what the load has found out by itself.
    mutating func count(_ judgement: Judgement) { tally.count(judgement) }

    private mutating func count(_ judgement: Judgement, _ token: TokenRecord, _ question: Question, at now: Int64) {
        let revokedFrom = token.revokedFrom
        let age = revokedFrom == .max ? -1 : question.sentAt - revokedFrom
        tally.count(judgement, isSoon: (0...Tally.soon).contains(age))
        if judgement.isVerdict, let rule = ruleToRefuse(token, question, at: now) { tally.decided(by: rule) }
    }

    private func judgement(
        of answer: TokenAnswer, to question: Question, about token: TokenRecord, at now: Int64
    ) -> Judgement {
        let revocation = token.revocation
        let isRevoked = (revocation?.acknowledged.at ?? .max) < question.sentAt
        let rule = ruleToRefuse(token, question, at: now)
        switch answer {
        case .unavailable: return .unavailable
        case .other: return .other
        case .accepted:
            if let rule { return .violation(rule) }
            if isRevoked { return .lenient }
        case .refused:
            if rule != nil || isRevoked { return .rightlyRefused }
        }
        let uncertainty = token.uncertainty
        if uncertainty.from <= now {
            switch uncertainty.cause {
            case .concurrent where revocation == nil: return .eitherConcurrent
            case .unacknowledged where revocation == nil: return .eitherUnacknowledged
            default: return .eitherDuringRevocation
            }
        }
        let isNearExpiry = now >= token.expiresAt - (answer == .refused ? max(expiryBand, storeLead) : expiryBand)
        let isNearStart = token.validFrom > .min && question.sentAt < token.validFrom + expiryBand
        if isNearExpiry || isNearStart { return .eitherAtExpiry }
        return answer == .accepted ? .rightlyAccepted : .falseRejection
    }

    /// The rule that an acceptance would break; nil if either answer may be right.
    private func ruleToRefuse(_ token: TokenRecord, _ question: Question, at now: Int64) -> Rule? {
        if let rule = token.forbidden { return rule }
        if question.sentAt >= token.expiresAt + expiryBand { return .expiry }
        if token.validFrom > .min, now < token.validFrom - expiryBand { return .future }
        guard let revocation = token.revocation, revocation.acknowledged.at < question.sentAt else { return nil }
        switch question.policy {
        case .deny: return revocation.rule
        case .allow: return nil
        case .lastKnown(let bound):
            // Its proof was asked for before the revocation was written, and the node's own revocations drop it at
            // once.
            if token.wasRevoked(by: question.node, before: question.sentAt) { return .lastKnownLocal }
            return question.sentAt > revocation.acknowledged.at + bound ? .lastKnownBound : nil
        }
    }
}

extension Int64 {
    fileprivate func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, hasOverflown) = addingReportingOverflow(other)
        return hasOverflown ? (other > 0 ? .max : .min) : sum
    }
}
