public import Contract
import Logging
import Synchronization

extension RevocationList {
    /// Whether a token may pass: its verdict, with the failure policy applied to an unknown one.
    /// - Parameters:
    ///   - token: the verified claims of an access token.
    ///   - policy: what happens with an unknown verdict.
    public func admission(of token: TokenClaims, policy: FailurePolicy = .deny) async -> Admission {
        let admission = await decide(token, policy)
        if metrics.areEnabled { metrics.admitted(admission) }
        return admission
    }

    func decide(_ token: TokenClaims, _ policy: FailurePolicy) async -> Admission {
        var remembersClear = false
        if case .lastKnown = policy { remembersClear = true }
        switch await verdict(for: token, remembersClear: remembersClear) {
        case .clear: return .admitted(.proven)
        case .revoked(let reason): return .revoked(reason)
        case .unknown(let cause):
            switch policy {
            case .deny: return .refused(cause)
            case .allow:
                guard cause.isAllowed, !outlivesKnownTerms(token) else { return .refused(cause) }
                logAllowance(cause, "tokens pass unchecked, as the failure policy allows")
                return .admitted(.allowed)
            case .lastKnown(let age):
                return cause.isAbsence && wasClear(token, age) ? .admitted(.lastKnown) : .refused(cause)
            case .copy(let age):
                guard cause.isAbsence, let verdict = copiedVerdict(on: token, noOlderThan: age) else {
                    return .refused(cause)
                }
                if case .revoked(let reason) = verdict { return .revoked(reason) }
                logAllowance(cause, "tokens are checked in a copy that is not fed, as the failure policy allows")
                return .admitted(.copied)
            }
        }
    }

    /// Whether a token lives too long for the last terms read, or for the configuration if none were read. The present
    /// terms may allow it, but they are unknown.
    private func outlivesKnownTerms(_ token: TokenClaims) -> Bool {
        lastTerms?.issuer(token.issuer)?.objection(to: token, now: estimatedTime) != nil
    }

    /// The last terms read, or those of the configuration if none were read.
    var lastTerms: TermsInForce? {
        pinnedEpoch?.terms ?? (try? wanted.inForce(nil, known: pin.withLock { $0.knownTerms }))
    }

    /// Whether an earlier proof still counts while the store is away, under ``FailurePolicy/lastKnown(for:)``: the
    /// store has kept its memory as far as known, and this process has not tried to revoke the token.
    /// - Parameter provenAt: when the token was asked about and found clear.
    func stillCounts(_ token: TokenClaims, provenAt: ContinuousClock.Instant) -> Bool {
        guard let issuer = lastTerms?.issuer(token.issuer) else { return false }
        let check = Check(token, in: issuer.namespace)
        return known.withLock { $0.stillCounts(check, askedAt: provenAt) }
    }

    private func wasClear(_ token: TokenClaims, _ age: Duration) -> Bool {
        guard let pinnedEpoch, let check = try? check(of: token, pinnedEpoch.terms.issuer(token.issuer)) else {
            return false
        }
        let now = configuration.bootClock()
        return known.withLock { $0.isClear(check, epoch: pinnedEpoch.epoch, age: age, now: now) }
    }

    /// At most once a second.
    private func logAllowance(_ cause: UnknownCause, _ warning: String) {
        guard allowances.withLock({ $0.admits(now: configuration.bootClock()) }) else { return }
        logger.warning("\(warning)", metadata: ["cause": "\(cause.code.rawValue)"])
    }
}

/// Admits one event per interval.
struct Throttle: Sendable {
    let interval: Duration
    private var last: ContinuousClock.Instant?

    init(every interval: Duration) {
        self.interval = interval
    }

    mutating func admits(now: ContinuousClock.Instant) -> Bool {
        if let last, now - last < interval { return false }
        last = now
        return true
    }
}
