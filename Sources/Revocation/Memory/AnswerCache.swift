import Contract

/// Answers of the store and revocations of this process, for when the store need not or cannot be asked. Bounded;
/// forgetting only ever leads to refusal.
struct AnswerCache: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Answers of each kind. Up to twice as many are kept.
    static let capacity = 20_000

    private struct Revoked: Sendable {
        let reason: Reason
        let askedAt: Instant
    }

    private struct Clear: Sendable {
        let askedAt: Instant
        let epoch: [UInt8]
    }

    /// An entry that this process wrote, or tried to.
    private struct Written: Sendable {
        /// nil until it is acknowledged.
        var value: String?
        var at: Instant
    }

    private var revoked = TwoGenerationCache<Check, Revoked>(capacity: Self.capacity)
    /// When the last of them was asked about.
    private var latestRevoked: Instant?
    private var clear = TwoGenerationCache<Check, Clear>(capacity: Self.capacity)
    private var written: [ExactString: Written] = [:]
    /// What this process has tried to write, and was not acknowledged (yet).
    private var attempts: [ExactString: Written] = [:]
    private var latestAttempt: Instant?
    /// When writes of this process were last forgotten.
    private var forgottenAt: Instant?
    /// When the store had last lost its memory, or was another one.
    private var epochEndedAt: Instant?
    /// For how long an attempt counts: whoever tried has been told by then, and tries again.
    static let attemptLifetime = Duration.seconds(60)

    // MARK: Revoked

    /// Whether any revoked answer is at most `lifetime` old.
    func hasRevocation(lifetime: Duration, now: Instant) -> Bool {
        latestRevoked.map { now - $0 < lifetime } ?? false
    }

    /// The reason of a revoked answer at most `lifetime` old.
    func revocation(of check: Check, lifetime: Duration, now: Instant) -> Reason? {
        guard let known = revoked[check], now - known.askedAt < lifetime else { return nil }
        return known.reason
    }

    /// The reason of a revoked answer of any age.
    func revocation(of check: Check) -> Reason? { revoked[check]?.reason }

    /// The reason of a revocation that this process wrote and the store acknowledged.
    func ownRevocation(of check: Check, now: Int64) -> Reason? {
        guard !written.isEmpty else { return nil }
        guard
            case .revoked(let reason) = check.verdict(
                values: check.keys.map { written[ExactString($0)]?.value.map { Array($0.utf8) } }, pinnedEpoch: [],
                now: now)
        else { return nil }
        return reason
    }

    var hasAttempts: Bool { !attempts.isEmpty }

    /// What the revocations say that this process is writing, or could not write: clear if they do not concern a check.
    mutating func verdictOfAttempts(on check: Check, epoch: [UInt8], now: Instant) -> Verdict {
        if let latestAttempt, now - latestAttempt >= Self.attemptLifetime { attempts = [:] }
        guard !attempts.isEmpty else { return .clear }
        let values = check.keys.dropLast().map { attempts[ExactString($0)]?.value.map { Array($0.utf8) } }
        return check.verdict(values: values + [epoch], pinnedEpoch: epoch, now: .max / 2)
    }

    mutating func learnRevoked(_ check: Check, _ reason: Reason, askedAt: Instant) {
        revoked[check] = Revoked(reason: reason, askedAt: askedAt)
        latestRevoked = max(latestRevoked ?? askedAt, askedAt)
        clear[check] = nil
    }

    // MARK: Clear

    mutating func learnClear(_ check: Check, epoch: [UInt8], askedAt: Instant) {
        clear[check] = Clear(askedAt: askedAt, epoch: epoch)
    }

    /// Whether a token was proven clear at most `age` ago, under this epoch, and this process revoked nothing since
    /// that matches.
    func isClear(_ check: Check, epoch: [UInt8]?, age: Duration, now: Instant) -> Bool {
        guard let known = clear[check], known.epoch == epoch, now - known.askedAt <= age else { return false }
        return stillCounts(check, askedAt: known.askedAt)
    }

    /// Whether a clear answer counts, however old it is: this process revoked nothing since that matches, nor tried to,
    /// and the epoch has not ended.
    func stillCounts(_ check: Check, askedAt: Instant) -> Bool {
        func isBefore(_ event: Instant?) -> Bool { event.map { $0 < askedAt } ?? true }
        return isBefore(epochEndedAt) && isBefore(forgottenAt)
            && check.keys.allSatisfy { isBefore(written[ExactString($0)]?.at) }
    }

    /// The store has lost its memory, or another epoch was accepted: no clear answer counts any more.
    mutating func epochEnded(at now: Instant) {
        clear.removeAll()
        epochEndedAt = now
    }

    // MARK: Writing

    /// Called before a write, and again once it is acknowledged: a look-up in between may have missed it.
    mutating func wrote(_ entries: some Collection<RevocationEntry>, isAcknowledged: Bool, at now: Instant) {
        makeRoom(for: entries.count, at: now)
        for entry in entries {
            func update(_ written: inout Written) {
                // Concurrent writes of one key may end out of order.
                if written.at < now { written.at = now }
                if isAcknowledged { written.value = entry.value }
            }
            let key = ExactString(entry.key)
            update(&written[key, default: Written(value: nil, at: now)])
            attempts[key] = isAcknowledged ? nil : Written(value: entry.value, at: now)
        }
        if !isAcknowledged { latestAttempt = now }
    }

    private mutating func makeRoom(for count: Int, at now: Instant) {
        guard written.count + count > Self.capacity else { return }
        written.removeAll()
        attempts.removeAll()
        clear.removeAll()
        forgottenAt = now
    }

    /// Whether this process may have written, or tried to, what concerns a check.
    /// - Parameter time: on the scale of ``SentTime/milliseconds``.
    func mayHaveWritten(_ check: Check, since time: Int64) -> Bool {
        func isSince(_ instant: Instant?) -> Bool { instant.map { SentTime($0).milliseconds >= time } ?? false }
        return isSince(forgottenAt) || check.keys.contains { isSince(written[ExactString($0)]?.at) }
    }

    /// A write was not acknowledged. A look-up since it was sent may have missed it, so it counts from now.
    mutating func failed(_ keys: [String], at now: Instant) {
        makeRoom(for: keys.count, at: now)
        for key in keys.map({ ExactString($0) }) {
            written[key, default: Written(value: nil, at: now)].at = now
            attempts[key, default: Written(value: "", at: now)].at = now
        }
        latestAttempt = now
    }

    /// Revocations were undone.
    mutating func restored(_ keys: [String]) {
        for key in keys {
            written[ExactString(key)] = nil
            attempts[ExactString(key)] = nil
        }
        revoked.removeAll()
        clear.removeAll()
    }
}
