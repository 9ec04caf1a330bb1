import Contract
import Revocation
import RevocationHTTP
import Synchronization

/// Answers what it was told to and counts how often it was asked.
final class RecordingDenylist: RevocationChecking {
    private let answer: Verdict
    private let count = Mutex(0)
    private let tokens = Mutex<[TokenClaims]>([])

    init(_ answer: Verdict) {
        self.answer = answer
    }

    var lookups: Int { count.withLock { $0 } }

    /// The tokens that were revoked.
    var revoked: [TokenClaims] { tokens.withLock { $0 } }

    func verdict(for token: TokenClaims) async -> Verdict {
        count.withLock { $0 += 1 }
        return answer
    }

    func revoke(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
    ) async throws(RevocationError) -> Acknowledgement {
        tokens.withLock { $0.append(token) }
        return .revoked(secondsToLive: 60)
    }

    func readiness() async -> Readiness { .ready(warnings: []) }
}
