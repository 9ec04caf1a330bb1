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
        var acknowledgement = Acknowledgement.revoked(secondsToLive: 60)
        var skew: Int64 = 0
    }

    private let state = Mutex(State())

    var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }

    var acknowledgement: Acknowledgement {
        get { state.withLock { $0.acknowledgement } }
        set { state.withLock { $0.acknowledgement = newValue } }
    }

    /// What the node's clock is said to be ahead of the store's, in milliseconds.
    var skew: Int64 {
        get { state.withLock { $0.skew } }
        set { state.withLock { $0.skew = newValue } }
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
        return acknowledgement
    }

    func readiness() async -> Readiness {
        guard skew == 0 else { return .clockSkewed(milliseconds: skew) }
        return isAway
            ? .notReady(UnknownCause(.unreachable, "no connection to the store"))
            : .ready(warnings: ["not a real store"])
    }
}
