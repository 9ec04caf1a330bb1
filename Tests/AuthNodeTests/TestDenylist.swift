import AuthNode
import Contract
import NIOPosix
import Revocation
import RevocationHTTP
import Synchronization
import TestSupport

/// The real denylist, in memory, that can be out of reach.
final class TestDenylist: NodeDenylist {
    private struct State {
        var isAway = false
        var lookups = 0
        var lookupsOnEventLoops = 0
        var skew: Int64 = 0
        var acknowledgement: Acknowledgement?
    }

    private let state = Mutex(State())
    private let list: RevocationList

    init(clock: TestClock, configure: (inout RevocationConfiguration) -> Void = { _ in }) throws {
        var configuration = RevocationConfiguration()
        configuration.wallClock = { clock.wall }
        // Its clock stands still but for that.
        configuration.pause = { clock.wall += Int64($0 / .milliseconds(1)) }
        configuration.issuerLeads = ["revoked": .zero]
        configuration.revokedAnswerLifetime = .zero
        configure(&configuration)
        list = try RevocationList("memory:", configuration: configuration)
    }

    var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }

    /// What the node's clock is said to be ahead of the store's, in milliseconds.
    var skew: Int64 {
        get { state.withLock { $0.skew } }
        set { state.withLock { $0.skew = newValue } }
    }

    /// Answered instead of what the list said.
    var acknowledgement: Acknowledgement? {
        get { state.withLock { $0.acknowledgement } }
        set { state.withLock { $0.acknowledgement = newValue } }
    }

    var lookups: Int { state.withLock { $0.lookups } }

    /// Those by tasks that run on an event loop.
    var lookupsOnEventLoops: Int { state.withLock { $0.lookupsOnEventLoops } }

    private static let absence = UnknownCause(.unreachable, "no connection to the store")
    private static let failure = RevocationError(.unreachable, "no connection to the store")

    func verdict(for token: TokenClaims) async -> Verdict {
        let isOnEventLoop = MultiThreadedEventLoopGroup.currentEventLoop != nil
        state.withLock { state in
            state.lookups += 1
            if isOnEventLoop { state.lookupsOnEventLoops += 1 }
        }
        return isAway ? .unknown(Self.absence) : await list.verdict(for: token)
    }

    func revoke(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
    ) async throws(RevocationError) -> Acknowledgement {
        guard !isAway else { throw Self.failure }
        let answer = try await list.revoke(token, reason: reason, scopes: scopes)
        return acknowledgement ?? answer
    }

    func revoke(
        _ request: RevocationRequest, reason: Reason, issuer: String?
    ) async throws(RevocationError) -> Acknowledgement {
        guard !isAway else { throw Self.failure }
        return try await list.revoke(request, reason: reason, issuer: issuer)
    }

    func verdict(of scope: Scope, issuer: String?) async -> Verdict {
        isAway ? .unknown(Self.absence) : await list.verdict(of: scope, issuer: issuer)
    }

    func issueTime(for token: TokenClaims) async throws(UnknownCause) -> Int64 {
        guard !isAway else { throw Self.absence }
        return try await list.issueTime(for: token)
    }

    func rotate(_ token: TokenClaims) async throws(RevocationError) -> RotationOutcome {
        isAway ? .unknown(Self.absence) : try await list.rotate(token)
    }

    func readiness() async -> Readiness {
        guard skew == 0 else { return .clockSkewed(milliseconds: skew) }
        return isAway ? .notReady(Self.absence) : .ready(warnings: ["not a real store"])
    }
}
