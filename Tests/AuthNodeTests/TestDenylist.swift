import Contract
import Revocation
import RevocationHTTP
import Synchronization

/// A denylist in memory that can be out of reach.
final class TestDenylist: RevocationChecking {
    private struct State {
        var identifiers: Set<String> = []
        var sessions: Set<String> = []
        var isAway = false
        var lookups = 0
    }

    private let state = Mutex(State())

    var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }

    var lookups: Int { state.withLock { $0.lookups } }
    var revokedTokens: Set<String> { state.withLock { $0.identifiers } }
    var revokedSessions: Set<String> { state.withLock { $0.sessions } }

    func verdict(for token: TokenClaims) async -> Verdict {
        state.withLock { state in
            state.lookups += 1
            if state.isAway { return .unknown(UnknownCause(.unreachable, "no connection to the store")) }
            let isRevoked =
                token.identifier.map(state.identifiers.contains) == true
                || token.session.map(state.sessions.contains) == true
            return isRevoked ? .revoked(.logout) : .clear
        }
    }

    func revoke(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
    ) async throws(RevocationError) -> Acknowledgement {
        guard !isAway else { throw RevocationError(.unreachable, "no connection to the store") }
        state.withLock { state in
            if scopes.contains(.token), let identifier = token.identifier { state.identifiers.insert(identifier) }
            if scopes.contains(.session), let session = token.session { state.sessions.insert(session) }
        }
        return .revoked(secondsToLive: 60)
    }

    func readiness() async -> Readiness {
        isAway ? .notReady(UnknownCause(.unreachable, "no connection to the store")) : .ready(warnings: ["not a real store"])
    }
}
