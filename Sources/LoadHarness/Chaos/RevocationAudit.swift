#if os(Linux)
    import Foundation

    /// Asks the store itself for revocations, without a node in between.
    enum RevocationAudit {
        struct Outcome: Sendable {
            var asked = 0
            /// Acknowledged, not expired, and not there.
            var missing = 0
        }

        /// A revoked token falls under its session's key, or under a cut-off of its subject.
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
                if try store.call("EXISTS", "revoked:sid:\(token.session)") == "1" { continue }
                let cutOff = try store.call("GET", "revoked:sub:\(token.subject)").flatMap { Int64($0) }
                if let cutOff, token.issuedAt <= cutOff { continue }
                outcome.missing += 1
            }
            return outcome
        }
    }
#endif
