#if os(Linux)
    extension NodeLoad {
        /// The tokens that an answer carries, in its body or in cookies.
        func pair(
            in answer: HTTPAnswer, of session: SessionRecord, _ logIn: LogInSpan
        ) -> (access: TokenRecord, refresh: TokenRecord)? {
            var texts = (
                access: answer.cookie(NodeRequest.accessCookie), refresh: answer.cookie(NodeRequest.refreshCookie)
            )
            if answer.cookies.isEmpty {
                let body = NodeAnswerBody(answer.body)
                texts = (body.access, body.refresh)
            }
            guard let access = texts.access.flatMap({ TokenText($0) }),
                let refresh = texts.refresh.flatMap({ TokenText($0) })
            else {
                figures.odd("an answer without a pair of tokens")
                return nil
            }
            return (record(.access, access, session, logIn), record(.refresh, refresh, session, logIn))
        }

        private func record(
            _ kind: TokenRecord.Kind, _ text: TokenText, _ session: SessionRecord, _ logIn: LogInSpan
        ) -> TokenRecord {
            TokenRecord(kind, of: session, text: text, logIn: logIn, expiresAt: expiry(of: text))
        }

        /// Takes leave of every session of a user that is known to be revoked.
        func settle(_ user: SimulatedUser) {
            for device in user.devices where device.access?.revocation != nil {
                for token in device.leave() { bury(token) }
            }
        }

        /// Has a token asked for again, if it is revoked.
        func bury(_ token: TokenRecord) {
            if token.revocation != nil { revoked.add(token, random: &random) }
        }

        // MARK: Findings

        /// Records what must not be.
        func note(
            _ judgement: Judgement, _ what: String, _ token: TokenRecord?, on node: Int, sentAt: Int64, at now: Int64
        ) {
            guard judgement.isViolation || judgement == .falseRejection else { return }
            if case .violation(let rule) = judgement { control.found(rule) } else { control.foundFalseRejection() }
            recorder.recordViolation(at: seconds(at: now))
            figures.found(describe(judgement, what, token, node, sentAt, now))
        }

        private func describe(
            _ judgement: Judgement, _ what: String, _ token: TokenRecord?, _ node: Int, _ sentAt: Int64, _ now: Int64
        ) -> String {
            var text = "false rejection"
            if case .violation(let rule) = judgement { text = "violation (\(rule.description))" }
            text += ": \(what) on node \(node + 1), sent \(Self.milliseconds(sentAt - began)) ms after the start"
            guard let token else { return text }
            if let revocation = token.revocation {
                text += ", \(Self.milliseconds(sentAt - revocation.acknowledged.at)) ms after the acknowledgement"
            }
            text += ", \(Self.milliseconds(token.expiresAt - now)) ms before its expiry"
            return text
        }

        private static func milliseconds(_ nanoseconds: Int64) -> Int64 { nanoseconds / 1_000_000 }
    }
#endif
