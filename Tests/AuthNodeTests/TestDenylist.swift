import Contract
import NIOPosix
import Revocation
import RevocationHTTP
import Synchronization
import TestSupport

@testable import AuthNode

/// The real denylist, in memory, that can be out of reach.
final class TestDenylist: NodeDenylist, SessionStore, TokenWatching {
    private struct State {
        var isAway = false
        var lookups = 0
        var recordsWritten = 0
        var exchangesToLose = 0
        var lookupsOnEventLoops = 0
        var skew: Int64 = 0
        var acknowledgement: Acknowledgement?
        var revocationsLeft: Int?
        var longestRevocation: Int64?

        mutating func takeRevocation() -> Bool {
            guard let left = revocationsLeft else { return true }
            revocationsLeft = max(0, left - 1)
            return left > 0
        }
    }

    private let state = Mutex(State())
    private let list: RevocationList
    private let clock: TestClock

    init(clock: TestClock, configure: (inout RevocationConfiguration) -> Void = { _ in }) throws {
        self.clock = clock
        var configuration = RevocationConfiguration()
        // Its clocks stand still but for what a test, or a pause, moves: nothing depends on how fast the machine is.
        let (start, boot) = (ContinuousClock.now, clock.boot)
        configuration.wallClock = { clock.wall }
        configuration.bootClock = { start + .milliseconds(clock.boot - boot) }
        configuration.pause = { clock.advance($0) }
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

    /// How many more revocations by name are acknowledged before it is out of reach for all others; nil for any.
    var revocationsLeft: Int? {
        get { state.withLock { $0.revocationsLeft } }
        set { state.withLock { $0.revocationsLeft = newValue } }
    }

    /// The store refuses a token's revocation that lasts longer, in seconds; nil for what it says itself.
    var longestRevocation: Int64? {
        get { state.withLock { $0.longestRevocation } }
        set { state.withLock { $0.longestRevocation = newValue } }
    }

    var lookups: Int { state.withLock { $0.lookups } }

    var recordsWritten: Int { state.withLock { $0.recordsWritten } }

    /// How many exchanges of a record find that another node was first.
    var exchangesToLose: Int {
        get { state.withLock { $0.exchangesToLose } }
        set { state.withLock { $0.exchangesToLose = newValue } }
    }

    /// Those by tasks that run on an event loop.
    var lookupsOnEventLoops: Int { state.withLock { $0.lookupsOnEventLoops } }

    private static let absence = UnknownCause(.unreachable, "no connection to the store")
    private static let failure = RevocationError(.unreachable, "no connection to the store")

    func withToken<Result: Sendable>(
        _ token: TokenClaims, policy: FailurePolicy,
        _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await list.withToken(token, policy: policy, body)
    }

    /// How many streams are open.
    var openTokens: Int { list.openTokens }

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
        guard !isAway, state.withLock({ $0.takeRevocation() }) else { throw Self.failure }
        if case .token(_, let expiresAt) = request, let longestRevocation,
            (expiresAt - clock.wall) / 1_000 + Limits.marginMilliseconds / 1_000 > longestRevocation
        {
            throw RevocationError(.storeError, "it lasts longer than the daemon's setting max-revocation allows")
        }
        return try await list.revoke(request, reason: reason, issuer: issuer)
    }

    func verdict(of scope: Scope, issuer: String?) async -> Verdict {
        isAway ? .unknown(Self.absence) : await list.verdict(of: scope, issuer: issuer)
    }

    func lifetimes(of issuer: String) async throws(UnknownCause) -> RevocationLifetimes {
        guard !isAway else { throw Self.absence }
        let lifetimes = try await list.lifetimes(of: issuer)
        return RevocationLifetimes(
            token: lifetimes.token, revocation: longestRevocation.map { $0 * 1_000 } ?? lifetimes.revocation)
    }

    func issueTime(for token: TokenClaims) async throws(UnknownCause) -> Int64 {
        guard !isAway else { throw Self.absence }
        return try await list.issueTime(for: token)
    }

    func rotate(_ token: TokenClaims) async throws(RevocationError) -> RotationOutcome {
        isAway ? .unknown(Self.absence) : try await list.rotate(token)
    }

    func sessionRecord(of subject: String, issuer: String) async throws(RevocationError) -> [UInt8]? {
        guard !isAway else { throw Self.failure }
        return try await list.sessionRecord(of: subject, issuer: issuer)
    }

    func exchangeSessionRecord(
        of subject: String, issuer: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(RevocationError) -> Bool {
        guard !isAway else { throw Self.failure }
        let isLost = state.withLock { state in
            state.exchangesToLose -= 1
            return state.exchangesToLose >= 0
        }
        guard !isLost else { return false }
        state.withLock { $0.recordsWritten += 1 }
        return try await list.exchangeSessionRecord(
            of: subject, issuer: issuer, held, for: new, secondsToLive: secondsToLive)
    }

    func readiness() async -> Readiness {
        guard skew == 0 else { return .clockSkewed(milliseconds: skew) }
        return isAway ? .notReady(Self.absence) : .ready(warnings: ["not a real store"])
    }
}
