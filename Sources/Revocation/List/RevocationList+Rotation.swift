public import Contract
import Logging
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension RevocationList {
    /// Exchanges a refresh token, in one atomic step on the denylist itself: `SET revoked:jti:<old>
    /// rotated:<ms>:<successor> NX GET EX <ttl>`. The same round trip looks up every scope of the old token. A pair is
    /// issued only if both agree.
    ///
    /// Of many concurrent presenters of one token, exactly one wins. A later use revokes the session with all its
    /// tokens. Within ``RevocationConfiguration/rotationGrace`` a second presenter gets the same successor.
    ///
    /// A concurrent revocation wins. The session's revocation ends the new pair. So does any cut-off that ends the old
    /// token, because the pair keeps its log-in time.
    /// - Parameter token: the verified claims of a refresh token.
    /// - Throws: ``RevocationError/Code/unrevocableToken`` unless it is a refresh token with `jti`, `sid`, `exp` and
    ///   `iat` or `auth_time`,
    ///   ``RevocationError/Code/unknownIssuer``.
    public func rotate(_ token: TokenClaims) async throws(RevocationError) -> RotationOutcome {
        let outcome = try await exchange(token)
        metrics.rotated(outcome)
        return outcome
    }

    private func exchange(_ token: TokenClaims) async throws(RevocationError) -> RotationOutcome {
        guard token.kind == .refresh, let identifier = token.identifier, !identifier.isEmpty,
            let session = token.session, !session.isEmpty, let expiresAt = token.expiresAt,
            token.logInTime != nil
        else {
            throw RevocationError(
                .unrevocableToken, "only a refresh token with jti, sid, exp and iat can be exchanged")
        }
        let pinnedEpoch: PinnedEpoch
        do throws(UnknownCause) { pinnedEpoch = try await pinnedEpochWithTerms() } catch { return .unknown(error) }
        let issuer = try issuer(token.issuer, of: pinnedEpoch)
        let key = try issuer.namespace.revocationKey(for: .token(identifier))
        let successor = unsettled.withLock { $0.take(key) } ?? UUID().uuidString.lowercased()
        do throws(UnknownCause) {
            let check = try check(of: token, issuer)
            let outcome = try await rotate(token, check, pinnedEpoch, to: successor, expiresAt: expiresAt)
            guard case .reused = outcome else { return outcome }
            return await end(session, issuer: token.issuer)
        } catch {
            unsettled.withLock { $0.keep(successor, for: key) }
            react(to: error)
            return .unknown(error)
        }
    }

    private func rotate(
        _ token: TokenClaims, _ check: Check, _ pinnedEpoch: PinnedEpoch, to successor: String, expiresAt: Int64
    ) async throws(UnknownCause) -> RotationOutcome {
        try await requireAgreeingClock()
        let now = try await asking { () async throws(StoreFailure) in try await storeTime() }
        guard let secondsToLive = Lifetime.secondsToLive(expiresAt: expiresAt, now: now) else {
            return .revoked(.expired)
        }
        let rotation = Rotation(time: now, successor: successor)
        let entry = RevocationEntry(
            key: check.keys[0], kind: .token, value: rotation.value, secondsToLive: secondsToLive)
        let claim = try await asking { () async throws(StoreFailure) in
            // Its lifetime is calculated from the token alone.
            try await backend.claim(entry, thenLookUp: check.keys).value(from: pinnedEpoch, needsTerms: false)
        }
        let decision = check.rotation(
            existing: claim.existing, values: claim.after.values, claim: rotation,
            grace: configuration.rotationGrace.milliseconds,
            pinnedEpoch: pinnedEpoch.epoch, now: claim.after.time.lowerBound)
        guard let times = token.refreshedTimes(now: claim.after.time.lowerBound) else {
            throw UnknownCause(.unidentifiable, "the token has no times")
        }
        func pair(_ successor: String) -> RotationOutcome.Successor {
            .init(identifier: successor, issuedAt: times.issuedAt, authenticatedAt: times.authenticatedAt)
        }
        switch decision {
        case .won(let successor): return .rotated(pair(successor))
        case .repeated(let successor): return .repeated(pair(successor))
        case .reused: return .reused
        case .revoked(let reason): return .revoked(reason)
        case .unknown(let cause): throw cause
        }
    }

    /// Revokes the session of a token that was used twice.
    private func end(_ session: String, issuer: String) async -> RotationOutcome {
        do throws(RevocationError) {
            try await revoke(.session(session), reason: .reused, issuer: issuer)
            logger.warning("a refresh token was used again: its session is revoked")
            return .reused
        } catch {
            logger.error("a refresh token was used again, and its session could NOT be revoked")
            return .unknown(UnknownCause(.storeError, error.message))
        }
    }
}

extension Reason {
    /// The reason of a session whose refresh token was used twice.
    public static let reused = Reason(stored: "refresh token reused".utf8)
    fileprivate static let expired = Reason(stored: "expired".utf8)
}
