package import Contract
package import Logging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What everyone does: `SETEX` at log-out, `EXISTS` at each request; no epoch, no audit, no merging, no margin. What its
/// store forgets, it lets through. It is here to show that the load harness sees that, and for nothing else.
package final class NaiveDenylist: Sendable {
    /// How well it is made.
    package enum Mode: String, Sendable, CaseIterable {
        /// As well as can be without any of what it lacks.
        case losesRevocations = "loses-revocations"
        /// Entries of access tokens end one second before their tokens: a planted mistake.
        case losesRevocationsEarly = "loses-revocations-early"
    }

    private let backend: RedisBackend
    private let mode: Mode
    private let longestAccessLifetime: Int64
    private let longestRefreshLifetime: Int64

    /// - Parameter url: `redis://…`
    package init(
        _ url: String, mode: Mode, accessTokenLifetime: Duration, refreshTokenLifetime: Duration, logger: Logger
    ) throws(RevocationError) {
        guard case .server(let location, let access) = try StoreURL(url) else {
            throw RevocationError(.invalidURL, "what everyone does needs one server: redis://host:port")
        }
        var configuration = RevocationConfiguration()
        configuration.acceptedEvictionPolicies = [
            "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random",
            "volatile-ttl", "unknown",
        ]
        configuration.acceptsReplica = true
        backend = try RedisBackend(location, access, configuration: configuration, logger: logger)
        self.mode = mode
        longestAccessLifetime = accessTokenLifetime.secondsRoundedUp
        longestRefreshLifetime = refreshTokenLifetime.secondsRoundedUp
    }

    package func close() async { await backend.close() }

    package func readiness() async -> Readiness {
        .ready(warnings: ["stock glue: what the store forgets is let through"])
    }

    package func verdict(for token: TokenClaims) async -> Verdict {
        let keys = [token.identifier.map(Self.tokenKey), token.session.map { sessionKey($0, token.kind) }]
        do throws(StoreFailure) {
            let replies = try await send([
                Command("EXISTS", keys.compactMap { $0 }), Command("GET", Self.subjectKey(token)),
            ])
            if case .integer(let count) = replies[0], count > 0 { return .revoked(.logout) }
            if case .error = replies[0] { throw StoreFailure(unexpected: replies[0]) }
            if let cutOff = try replies[1].value().flatMap({ Int64(String(decoding: $0, as: UTF8.self)) }),
                (token.logInTime ?? 0) <= cutOff
            {
                return .revoked(.logout)
            }
            return .clear
        } catch {
            return .unknown(UnknownCause(error))
        }
    }

    package func revoke(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
    ) async throws(RevocationError) -> Acknowledgement {
        let now = Self.now()
        var commands: [Command] = []
        let left = max(1, ((token.expiresAt ?? now) - now + 999) / 1000)
        if scopes.contains(.token), let identifier = token.identifier {
            commands.append(setex(Self.tokenKey(identifier), mode == .losesRevocationsEarly ? left - 1 : left))
        }
        if scopes.contains(.session), let session = token.session {
            let access = token.kind == .access ? left : longestAccessLifetime
            switch mode {
            case .losesRevocations: commands.append(setex(sessionKey(session, .access), longestRefreshLifetime))
            case .losesRevocationsEarly:
                commands.append(setex(sessionKey(session, .access), access - 1))
                commands.append(setex(sessionKey(session, .refresh), longestRefreshLifetime))
            }
        }
        if scopes.contains(.subject) {
            commands.append(setex(Self.subjectKey(token), longestRefreshLifetime, String(now)))
        }
        do throws(StoreFailure) {
            for reply in try await send(commands) where reply != .ok { throw StoreFailure(unexpected: reply) }
        } catch {
            throw RevocationError(error)
        }
        return .revoked(secondsToLive: left)
    }

    package func revoke(
        _ request: RevocationRequest, reason: Reason, issuer: String?
    ) async throws(RevocationError) -> Acknowledgement {
        throw RevocationError(.unrevocableToken, "stock glue revokes tokens only")
    }

    package func verdict(of scope: Scope, issuer: String?) async -> Verdict { .clear }

    package func issueTime(for token: TokenClaims) async throws(UnknownCause) -> Int64 {
        // Not in the millisecond of a cut-off that was just set.
        try? await Task.sleep(for: .milliseconds(2))
        guard case .clear = await verdict(for: token) else { throw UnknownCause(.unreachable, "the store is away") }
        return Self.now()
    }

    package func rotate(_ token: TokenClaims) async throws(RevocationError) -> RotationOutcome {
        guard let identifier = token.identifier, let session = token.session else {
            throw RevocationError(.unrevocableToken, "only a refresh token with jti and sid can be exchanged")
        }
        let key = "used:" + identifier
        switch await verdict(for: token) {
        case .revoked(let reason): return .revoked(reason)
        case .unknown(let cause): return .unknown(cause)
        case .clear: break
        }
        do throws(StoreFailure) {
            let reply = try await send([
                Command("SET", key, "1", "NX", "EX", String(longestRefreshLifetime))
            ])[0]
            if reply == .ok {
                let successor = UUID().uuidString.lowercased()
                return .rotated(
                    .init(identifier: successor, issuedAt: Self.now(), authenticatedAt: token.logInTime ?? 0))
            }
            guard reply == .null else { throw StoreFailure(unexpected: reply) }
            let commands = [TokenClaims.Kind.access, .refresh].map {
                setex(sessionKey(session, $0), longestRefreshLifetime)
            }
            for reply in try await send(commands) where reply != .ok { throw StoreFailure(unexpected: reply) }
            return .reused
        } catch {
            return .unknown(UnknownCause(error))
        }
    }

    /// Nobody asks who has answered.
    private func send(_ commands: [Command]) async throws(StoreFailure) -> [Reply] {
        try await backend.send(commands).unproven { $0 }
    }

    private func setex(_ key: String, _ seconds: Int64, _ value: String = "1") -> Command {
        Command("SETEX", key, String(max(1, seconds)), value)
    }

    private static func tokenKey(_ identifier: String) -> String { "blacklist:" + identifier }

    /// One key for both kinds of token, but where an access token's entry is to end early.
    private func sessionKey(_ session: String, _ kind: TokenClaims.Kind) -> String {
        mode == .losesRevocationsEarly && kind == .refresh
            ? "blacklist:refresh:" + session : "blacklist:session:" + session
    }

    private static func subjectKey(_ token: TokenClaims) -> String { "blacklist:user:" + (token.subject ?? "") }

    private static func now() -> Int64 { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }
}
