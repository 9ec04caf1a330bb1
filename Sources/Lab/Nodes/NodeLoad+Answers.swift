#if os(Linux)
    extension NodeLoad {
        /// An answer, or its loss.
        private struct Reception {
            let answer: TokenAnswer
            var http = HTTPAnswer(status: 0)

            var body: NodeAnswerBody { NodeAnswerBody(http.body) }
        }

        /// Has an answer judged, and goes on with what it says.
        /// - Returns: whether the operation had the answer that it should have.
        func answered(_ operation: NodeOperation, _ outcome: Outcome, _ sent: Sent, at now: Int64) -> Bool {
            let received = reception(operation, outcome)
            switch operation {
            case .logIn(let device, let hasRightPassword):
                device.changesUnderWay -= 1
                return loggedIn(device, received, hasRightPassword, sent, at: now)
            case .check(let token, let route):
                return checked(token, route, received, sent, at: now)
            case .refresh(let device, let presentation):
                device?.changesUnderWay -= 1
                return refreshed(device, presentation, received, at: now)
            case .revoke(let order, let revocation):
                order.device?.changesUnderWay -= 1
                return revoked(order, revocation, received, sent, at: now)
            case .logOutEverywhere(let request, let revocation):
                request.device.changesUnderWay -= 1
                if sent.isProbe {
                    prober.revocationEnded(isAcknowledged: received.answer == .accepted, at: now)
                }
                return loggedOutEverywhere(request, revocation, received, at: now)
            }
        }

        private func reception(_ operation: NodeOperation, _ outcome: Outcome) -> Reception {
            switch outcome {
            case .http(let answer): return reception(operation, answer)
            case .lost(let cause):
                figures.unavailable(cause)
                return Reception(answer: cause.hasPrefix("malformed") ? .other : .unavailable)
            case .side(let answer):
                if answer == .unavailable { figures.unavailable(operation.kind.name) }
                if answer == .other { figures.odd("\(operation.kind.name): an unexpected end") }
                return Reception(answer: answer)
            }
        }

        private func reception(_ operation: NodeOperation, _ answer: HTTPAnswer) -> Reception {
            switch (answer.status, operation) {
            case (200, .check(_, .introspection)):
                let isActive = answer.body.contains(#""active":true"#)
                return Reception(answer: isActive ? .accepted : .refused, http: answer)
            case (401, .check(_, .introspection)), (401, .revoke): break
            case (200, _): return Reception(answer: .accepted, http: answer)
            case (401, _), (400, .refresh): return Reception(answer: .refused, http: answer)
            case (503, _):
                figures.unavailable(NodeAnswerBody(answer.body).cause)
                if !answer.hasRetryAfter { figures.odd("503 without Retry-After") }
                return Reception(answer: .unavailable, http: answer)
            default: break
            }
            figures.odd("\(operation.kind.name): \(answer.status) \(NodeAnswerBody(answer.body).message ?? "")")
            return Reception(answer: .other, http: answer)
        }

        private func loggedIn(
            _ device: SimulatedUser.Device, _ received: Reception, _ hasRightPassword: Bool,
            _ sent: Sent, at now: Int64
        ) -> Bool {
            let judgement = oracle.authenticated(received.answer, hasRightPassword: hasRightPassword)
            note(judgement, "log in", nil, on: sent.node, sentAt: sent.at, at: now)
            guard received.answer == .accepted else { return judgement.isVerdict }
            let session = SessionRecord(of: device.user.subject, at: device.user.issuer)
            let logIn = LogInSpan(sentAt: sent.at, receivedAt: now)
            guard let pair = pair(in: received.http, of: session, logIn) else { return false }
            device.enter(session, pair)
            return true
        }

        private func checked(
            _ token: TokenRecord, _ route: CheckRoute, _ received: Reception, _ sent: Sent,
            at now: Int64
        ) -> Bool {
            let policy = route == .me || route == .auth ? plan.nodes[sent.node].policy : .deny
            let question = Question(node: sent.node, sentAt: sent.at, policy: policy)
            var judgement = oracle.checked(token, received.answer, to: question, at: now)
            if received.answer == .accepted, route == .me,
                !received.http.body.contains(#""sub":"\#(token.text.subject)""#)
            {
                judgement = .other
                oracle.count(judgement)
                figures.odd("an answer that names somebody else")
            }
            if sent.isProbe, received.answer == .refused { prober.refused(token, by: sent.node, at: now) }
            if judgement == .rightlyAccepted {
                control.proven(.acceptance, by: sent.node, sentAt: sent.at, at: now)
            }
            // Without its keys nothing is said about a token, not even that it is refused.
            if judgement.isVerdict, servedIssuers.contains(token.session.issuer.name) {
                control.proven(.servedKeys, by: sent.node, sentAt: sent.at, at: now)
            }
            noteStall(token, received, sent, at: now)
            note(judgement, "\(route.kind.name) (\(token.kind) token)", token, on: sent.node, sentAt: sent.at, at: now)
            audit?.answered(token, judgement, on: sent.node)
            return judgement.isVerdict
        }

        /// While the server of a key set stalls, known keys serve on, and an unknown one is looked for no longer than
        /// that may take.
        private func noteStall(_ token: TokenRecord, _ received: Reception, _ sent: Sent, at now: Int64) {
            guard control.hasKeySetStalled(at: sent.at) else { return }
            figures.checksDuringStalls += 1
            guard !control.wasDisturbed(sent.node, since: sent.at) else { return }
            if received.answer == .unavailable, received.body.cause.contains(Self.lackOfKeys) {
                figures.keylessAnswers += 1
            }
            if token.forbidden == .unknownKey, now - sent.at > Self.longestLookForKey {
                figures.lateAnswersOfUnknownKeys += 1
            }
        }

        private func refreshed(
            _ device: SimulatedUser.Device?, _ presentation: Presentation, _ received: Reception, at now: Int64
        ) -> Bool {
            let (token, question) = (presentation.token, presentation.question)
            let wasUsed = received.answer == .refused && received.body.saysUsedBefore
            // The log-in of a token is that of the one that it was refreshed from.
            let pair = received.answer == .accepted ? pair(in: received.http, of: token.session, token.logIn) : nil
            let judgement = oracle.answered(
                presentation, received.answer, successor: pair?.refresh.text.identifier, wasUsed: wasUsed, at: now)
            note(judgement, "refresh", token, on: question.node, sentAt: question.sentAt, at: now)
            if let pair, let device, device.refresh === token { device.goOn(with: pair) }
            if let device { settle(device.user) }
            return judgement.isVerdict
        }

        private func revoked(
            _ order: RevocationOrder, _ revocation: RevocationUnderWay, _ received: Reception,
            _ sent: Sent, at now: Int64
        ) -> Bool {
            var isAcknowledged = received.answer == .accepted
            if isAcknowledged, order.kind == .logOut || order.kind == .administration,
                !received.http.body.contains(#""revoked":true"#)
            {
                figures.odd("\(order.kind.name): 200 without a revocation")
                isAcknowledged = false
            }
            oracle.ended(revocation, isAcknowledged ? .acknowledged : .unacknowledged, at: now)
            figures.revoked(isAcknowledged: isAcknowledged)
            if isAcknowledged {
                control.acknowledged()
                control.proven(.revocation, by: sent.node, sentAt: sent.at, at: now)
            } else {
                if order.isAside { sideRetries.add(order, at: now) } else { retries.add(order, at: now) }
            }
            if sent.isProbe { prober.revocationEnded(isAcknowledged: isAcknowledged, at: now) }
            if order.isWide {
                for user in order.issuer === issuer ? users : guests.flatMap(\.users) { settle(user) }
            } else if let device = order.device {
                settle(device.user)
            }
            return isAcknowledged
        }

        private func loggedOutEverywhere(
            _ request: LogOutEverywhere, _ revocation: RevocationUnderWay, _ received: Reception, at now: Int64
        ) -> Bool {
            let (device, token) = (request.device, request.token)
            guard request.hasRightPassword else {
                let judgement = oracle.authenticated(received.answer, hasRightPassword: false)
                note(judgement, "log out elsewhere", token, on: revocation.node, sentAt: revocation.sentAt, at: now)
                oracle.ended(revocation, .withoutEffect, at: now)
                return judgement.isVerdict
            }
            var kept: (access: TokenRecord, refresh: TokenRecord)?
            if request.keepsCurrent, received.answer == .accepted {
                let logIn = LogInSpan(sentAt: revocation.sentAt, receivedAt: now, sparedBy: revocation.number)
                kept = pair(in: received.http, of: token.session, logIn)
            }
            let judgement = oracle.answered(revocation, by: token, received.answer, at: now)
            let name = request.keepsCurrent ? "log out elsewhere" : "log out everywhere"
            note(judgement, name, token, on: revocation.node, sentAt: revocation.sentAt, at: now)
            switch received.answer {
            case .refused: break
            case .accepted: figures.revoked(isAcknowledged: true)
            case .unavailable, .other:
                figures.revoked(isAcknowledged: false)
                if plan.administrator != nil {
                    retries.add(.init(.subject(of: token), of: token, by: .administrator, device), at: now)
                }
            }
            if let kept, device.session === token.session {
                let old = device.leave()
                device.enter(token.session, kept)
                for token in old { bury(token) }
            }
            settle(device.user)
            return received.answer == .accepted || received.answer == .refused
        }
    }
#endif
