#if os(Linux)
    extension NodeLoad {
        /// An answer, or its loss.
        private struct Reception {
            let answer: TokenAnswer
            let body: [UInt8]
        }

        /// Has an answer judged, and goes on with what it says.
        /// - Parameter answer: nil if there will be none.
        /// - Parameter cause: why.
        /// - Returns: whether the operation had the answer that it should have.
        func answered(
            _ operation: NodeOperation, _ answer: HTTPAnswer?, cause: String?, by connection: NodeConnection,
            at now: Int64
        ) -> Bool {
            let received = reception(operation.kind, answer, cause)
            switch operation {
            case .logIn(let device):
                device.changesUnderWay -= 1
                return loggedIn(device, received, sentAt: connection.sentAt, at: now)
            case .check(let token):
                return checked(token, received.answer, by: connection, at: now)
            case .refresh(let device, let presentation):
                device?.changesUnderWay -= 1
                return refreshed(device, presentation, received, on: connection.node, at: now)
            case .logOut(let device, let revocation):
                device.changesUnderWay -= 1
                let isAcknowledged = received.answer == .accepted
                oracle.ended(revocation, isAcknowledged ? .acknowledged : .unacknowledged, at: now)
                figures.revoked(isAcknowledged: isAcknowledged)
                if isAcknowledged {
                    control.proven(.revocation, by: connection.node, sentAt: connection.sentAt, at: now)
                }
                if connection.isProbe { prober.revocationEnded(isAcknowledged: isAcknowledged, at: now) }
                settle(device.user)
                return isAcknowledged
            case .logOutEverywhere(let device, let token, let keepsCurrent, let revocation):
                device.changesUnderWay -= 1
                if connection.isProbe {
                    prober.revocationEnded(isAcknowledged: received.answer == .accepted, at: now)
                }
                return loggedOutEverywhere(
                    device, token, keepsCurrent: keepsCurrent, revocation, received, on: connection.node, at: now)
            }
        }

        private func reception(_ kind: NodeOperation.Kind, _ answer: HTTPAnswer?, _ cause: String?) -> Reception {
            guard let answer else {
                let cause = cause ?? "connection lost"
                figures.unavailable(cause)
                return Reception(answer: cause.hasPrefix("malformed") ? .other : .unavailable, body: [])
            }
            switch answer.status {
            case 200: return Reception(answer: .accepted, body: answer.body)
            case 401: return Reception(answer: .refused, body: answer.body)
            case 400 where kind == .refresh: return Reception(answer: .refused, body: answer.body)
            case 503:
                figures.unavailable(NodeAnswerBody(answer.body).cause)
                if !answer.hasRetryAfter { figures.odd("503 without Retry-After") }
                return Reception(answer: .unavailable, body: answer.body)
            default:
                let message = NodeAnswerBody(answer.body).message ?? ""
                figures.odd("\(kind.name): \(answer.status) \(message)")
                return Reception(answer: .other, body: answer.body)
            }
        }

        private func loggedIn(
            _ device: SimulatedUser.Device, _ received: Reception, sentAt: Int64, at now: Int64
        ) -> Bool {
            let judgement = oracle.loggedIn(received.answer)
            note(judgement, "log in", nil, sentAt: sentAt, at: now)
            guard received.answer == .accepted else { return false }
            let session = SessionRecord(of: device.user.subject)
            guard let pair = pair(in: received.body, of: session, sentAt: sentAt, at: now) else { return false }
            (device.session, device.access, device.refresh) = (session, pair.access, pair.refresh)
            return true
        }

        private func checked(
            _ token: TokenRecord, _ answer: TokenAnswer, by connection: NodeConnection, at now: Int64
        ) -> Bool {
            let judgement = oracle.checked(token, answer, sentAt: connection.sentAt, at: now)
            if connection.isProbe, answer == .refused { prober.refused(token, by: connection.node, at: now) }
            if judgement == .rightlyAccepted {
                control.proven(.acceptance, by: connection.node, sentAt: connection.sentAt, at: now)
            }
            note(judgement, "check", token, on: connection.node, sentAt: connection.sentAt, at: now)
            audit?.answered(token, judgement, on: connection.node)
            return judgement.isVerdict
        }

        private func refreshed(
            _ device: SimulatedUser.Device?, _ presentation: Presentation, _ received: Reception, on node: Int,
            at now: Int64
        ) -> Bool {
            let token = presentation.token
            let wasUsed = received.answer == .refused && NodeAnswerBody(received.body).saysUsedBefore
            let judgement = oracle.answered(presentation, received.answer, wasUsed: wasUsed, at: now)
            note(judgement, "refresh", token, on: node, sentAt: presentation.sentAt, at: now)
            if received.answer == .accepted, let device, device.refresh === token,
                let pair = pair(in: received.body, of: token.session, sentAt: presentation.sentAt, at: now)
            {
                (device.usedRefresh, device.olderAccess) = (token, device.access)
                (device.access, device.refresh) = (pair.access, pair.refresh)
            }
            if let device { settle(device.user) }
            return judgement.isVerdict
        }

        private func loggedOutEverywhere(
            _ device: SimulatedUser.Device, _ token: TokenRecord, keepsCurrent: Bool, _ revocation: RevocationUnderWay,
            _ received: Reception, on node: Int, at now: Int64
        ) -> Bool {
            if keepsCurrent, received.answer == .accepted, device.session === token.session,
                let pair = pair(
                    in: received.body, of: token.session, sentAt: revocation.sentAt, at: now, keptBy: revocation)
            {
                let old = device.leave()
                (device.session, device.access, device.refresh) = (token.session, pair.access, pair.refresh)
                let judgement = oracle.answered(revocation, by: token, received.answer, at: now)
                note(judgement, "log out elsewhere", token, on: node, sentAt: revocation.sentAt, at: now)
                for token in old { bury(token) }
            } else {
                let judgement = oracle.answered(revocation, by: token, received.answer, at: now)
                note(judgement, "log out everywhere", token, on: node, sentAt: revocation.sentAt, at: now)
            }
            if received.answer != .refused { figures.revoked(isAcknowledged: received.answer == .accepted) }
            settle(device.user)
            return received.answer == .accepted
        }

        /// The tokens that an answer carries.
        private func pair(
            in body: [UInt8], of session: SessionRecord, sentAt: Int64, at now: Int64,
            keptBy revocation: RevocationUnderWay? = nil
        ) -> (access: TokenRecord, refresh: TokenRecord)? {
            let body = NodeAnswerBody(body)
            guard let access = body.access.flatMap({ TokenText($0) }),
                let refresh = body.refresh.flatMap({ TokenText($0) })
            else {
                figures.odd("an answer without a pair of tokens")
                return nil
            }
            return (
                oracle.issued(
                    .access, to: session, text: access, expiresAt: expiry(of: access), requestSentAt: sentAt, at: now,
                    keptBy: revocation),
                oracle.issued(
                    .refresh, to: session, text: refresh, expiresAt: expiry(of: refresh), requestSentAt: sentAt,
                    at: now, keptBy: revocation)
            )
        }

        /// Takes leave of every session of a user that is known to be revoked.
        private func settle(_ user: SimulatedUser) {
            for device in user.devices where device.access.map({ $0.revokedFrom != .max }) == true {
                for token in device.leave() { bury(token) }
            }
        }

        private func bury(_ token: TokenRecord) {
            if token.revokedFrom != .max { revoked.add(token, random: &random) }
        }

        private func note(
            _ judgement: Judgement, _ what: String, _ token: TokenRecord?, on node: Int? = nil, sentAt: Int64,
            at now: Int64
        ) {
            guard judgement == .violation || judgement == .falseRejection else { return }
            recorder.recordViolation(at: seconds(at: now))
            figures.found(describe(judgement, what, token, node, sentAt, now))
        }

        private func describe(
            _ judgement: Judgement, _ what: String, _ token: TokenRecord?, _ node: Int?, _ sentAt: Int64, _ now: Int64
        ) -> String {
            var text = judgement == .violation ? "violation" : "false rejection"
            text += ": \(what)"
            if let node { text += " on node \(node + 1)" }
            text += ", sent \(Self.milliseconds(sentAt - began)) ms after the start"
            guard let token else { return text }
            if token.revokedFrom != .max {
                let scope = token.session.standing.revokedFrom <= token.standing.revokedFrom ? "session" : "subject"
                text += ", \(Self.milliseconds(sentAt - token.revokedFrom)) ms after the acknowledgement (\(scope))"
            }
            text += ", \(Self.milliseconds(token.expiresAt - now)) ms before its expiry"
            return text
        }

        private static func milliseconds(_ nanoseconds: Int64) -> Int64 { nanoseconds / 1_000_000 }
    }
#endif
