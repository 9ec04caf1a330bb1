#if os(Linux)
    import Foundation

    /// Asks the store itself for revocations, without a node in between.
    enum RevocationAudit {
        struct Outcome: Sendable {
            var asked = 0
            /// Acknowledged, not expired, and not there.
            var missing = 0
        }

        /// A revoked token falls under a key of its own, its session's or its signer's, or under a cut-off.
        static func ask(for tokens: [RevokedToken], port: Int) async throws -> Outcome {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        with: Result { () throws(LoadFailure) in try outcome(for: tokens, port: port) }.mapError { $0 })
                }
            }
        }

        private static func outcome(for tokens: [RevokedToken], port: Int) throws(LoadFailure) -> Outcome {
            let store = try ControlConnection(port: port)
            var outcome = Outcome()
            for token in tokens {
                outcome.asked += 1
                if try !holds(token, store) { outcome.missing += 1 }
            }
            return outcome
        }

        private static func holds(_ token: RevokedToken, _ store: ControlConnection) throws(LoadFailure) -> Bool {
            for key in ["jti:\(token.identifier)", "sid:\(token.session)", "kid:\(token.key)"] {
                if try store.call("EXISTS", token.prefix + key) == "1" { return true }
            }
            for key in ["sub:\(token.subject)", "client:\(token.client)", "all"] {
                let cutOff = try store.call("GET", token.prefix + key).flatMap { Int64($0) }
                if let cutOff, token.logInTime <= cutOff { return true }
            }
            return false
        }
    }
#endif
