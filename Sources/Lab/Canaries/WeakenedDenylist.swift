import AuthNode
import Contract
import Foundation
import Revocation
import RevocationHTTP

/// A node's denylist without one of its protections. Only canaries build it.
final class WeakenedDenylist: NodeDenylist {
    /// How long reading a cut-off's time and writing it are apart, where that matters.
    private static let delay: Duration = .milliseconds(20)

    private let weakness: Weakness?
    private let current: RevocationList
    /// Where it writes, if not where it checks.
    private let writes: RevocationList?

    /// - Parameter other: another store.
    init(_ weakness: Weakness?, url: String, other: String, configuration: RevocationConfiguration) throws {
        self.weakness = weakness
        let omitted = weakness?.omitted
        current = try RevocationList(url, configuration: configuration, omitting: omitted)
        writes =
            switch weakness {
            case .writesElsewhere: try RevocationList(other, configuration: configuration, omitting: omitted)
            case .forgetsOwnRevocations: try RevocationList(url, configuration: configuration, omitting: omitted)
            default: nil
            }
    }

    /// The store's time.
    var estimatedTime: Int64 { current.estimatedTime }

    func close() async {
        await current.close()
        await writes?.close()
    }

    func prepare() async throws { try await current.prepare() }

    func readiness() async -> Readiness { await current.readiness() }

    // MARK: Checks

    func verdict(of scope: Scope, issuer: String?) async -> Verdict {
        await current.verdict(of: scope, issuer: issuer)
    }

    func verdict(for token: TokenClaims) async -> Verdict {
        let verdict = await current.verdict(for: seen(token))
        switch (weakness, verdict) {
        case (.ignoresAll, .revoked(let reason)) where reason.text.hasSuffix(" all"): return .clear
        default: return verdict
        }
    }

    func admission(of token: TokenClaims, policy: FailurePolicy) async -> Admission {
        switch policy {
        case .lastKnown:
            let policy = weakness == .knowsForTooLong ? FailurePolicy.lastKnown(for: .seconds(60)) : policy
            return await current.admission(of: seen(token), policy: policy)
        case .copy: return await current.admission(of: seen(token), policy: policy)
        case .allow, .deny:
            switch await verdict(for: token) {
            case .clear: return .admitted(.proven)
            case .revoked(let reason): return .revoked(reason)
            case .unknown(let cause): return policy == .allow ? .admitted(.allowed) : .refused(cause)
            }
        }
    }

    /// What is left of a token.
    private func seen(_ token: TokenClaims) -> TokenClaims {
        var token = token
        switch weakness {
        case .ignoresTokens: token.identifier = nil
        case .ignoresSessions: token.session = nil
        case .ignoresSubjects: token.subject = nil
        case .ignoresClients: token.client = nil
        case .ignoresKeys: token.key = nil
        case .ignoresLogInTime: token.authenticatedAt = nil
        case .acceptsLongLived: token.expiresAt = token.issuedAt.map { $0 + 60_000 }
        default: break
        }
        return token
    }

    // MARK: Revocations

    func revoke(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
    ) async throws(RevocationError) -> Acknowledgement {
        switch weakness {
        case .acknowledgesUnwritten: return .revoked(secondsToLive: 60)
        case .readsTimeEarly, .ignoresLogInTime, .ignoresLead, .replacesCutOffs:
            guard scopes.contains(.subject), let subject = token.subject else { break }
            let rest = scopes.subtracting([.subject])
            if !rest.isEmpty { _ = try await current.revoke(token, reason: reason, scopes: rest) }
            return try await revoke(.subject(subject), reason: reason, issuer: token.issuer)
        default: break
        }
        return try await (writes ?? current).revoke(token, reason: reason, scopes: scopes)
    }

    func revoke(
        _ request: RevocationRequest, reason: Reason, issuer: String?
    ) async throws(RevocationError) -> Acknowledgement {
        guard case .subject(let subject, .now) = request else {
            if weakness == .acknowledgesUnwritten { return .revoked(secondsToLive: 60) }
            return try await (writes ?? current).revoke(request, reason: reason, issuer: issuer)
        }
        let now = Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
        switch weakness {
        case .acknowledgesUnwritten: return .revoked(secondsToLive: 60)
        case .readsTimeEarly:
            return try await current.revoke(
                .subject(subject, issuedBefore: .at(now - 2_000)), reason: reason, issuer: issuer)
        case .ignoresLead:
            return try await current.revoke(.subject(subject, issuedBefore: .at(now)), reason: reason, issuer: issuer)
        case .ignoresLogInTime:
            try? await Task.sleep(for: Self.delay)
            return try await current.revoke(.subject(subject, issuedBefore: .at(now)), reason: reason, issuer: issuer)
        case .replacesCutOffs:
            let acknowledgement = try await current.revoke(request, reason: reason, issuer: issuer)
            _ = try await current.restore([.subject(subject)], issuer: issuer)
            _ = try await current.revoke(
                .subject(subject, issuedBefore: .at(now - 3_600_000)), reason: reason, issuer: issuer)
            return acknowledgement
        default: return try await (writes ?? current).revoke(request, reason: reason, issuer: issuer)
        }
    }

    // MARK: Log-ins and refreshes

    func issueTime(for token: TokenClaims) async throws(UnknownCause) -> Int64 {
        let time = try await current.issueTime(for: token)
        return weakness == .mintsBehindCutOffs ? time - 5_000 : time
    }

    func rotate(_ token: TokenClaims) async throws(RevocationError) -> RotationOutcome {
        switch weakness {
        case .rotatesInTwoSteps:
            switch await current.verdict(for: token) {
            case .unknown(let cause): return .unknown(cause)
            case .revoked(let reason): return .revoked(reason)
            case .clear: break
            }
            try? await Task.sleep(for: Self.delay)
            _ = try await current.revoke(token, reason: .logout, scopes: [.token])
            let now = Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
            return .rotated(
                .init(
                    identifier: UUID().uuidString.lowercased(), issuedAt: now,
                    authenticatedAt: token.logInTime ?? now))
        default:
            let outcome = try await current.rotate(seenForRotation(token))
            if case .reused = outcome, weakness == .sparesReusedSessions, let session = token.session {
                _ = try await current.restore([.session(session)], issuer: token.issuer)
            }
            return outcome
        }
    }

    /// A refresh token needs its identifiers to be exchanged.
    private func seenForRotation(_ token: TokenClaims) -> TokenClaims {
        var token = token
        if weakness == .ignoresLogInTime { token.authenticatedAt = nil }
        return token
    }
}
