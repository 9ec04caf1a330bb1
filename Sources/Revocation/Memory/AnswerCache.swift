import Contract

/// What this process has learned, for when it need not, or cannot, ask: bounded, and only ever on the side of refusing.
struct AnswerCache: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Answers of each kind; twice as many are kept for a while.
    static let capacity = 20_000

    private struct Revoked: Sendable {
        let reason: Reason
        let askedAt: Instant
    }

    private struct Clear: Sendable {
        let askedAt: Instant
        let epoch: [UInt8]
    }

    /// Something that this process has revoked, or tried to.
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

    // MARK: Revoked

    /// Whether of any token it was said at most `lifetime` ago that it is revoked.
    func hasRevocation(lifetime: Duration, now: Instant) -> Bool {
        latestRevoked.map { now - $0 < lifetime } ?? false
    }

    /// Why a token is revoked, if that was said at most `lifetime` ago.
    func revocation(of check: Check, lifetime: Duration, now: Instant) -> Reason? {
        guard let known = revoked[check], now - known.askedAt < lifetime else { return nil }
        return known.reason
    }

    /// Why a token is revoked, if that was ever said.
    func revocation(of check: Check) -> Reason? { revoked[check]?.reason }

    /// What this process itself has revoked, as the store would have said it.
    func ownRevocation(of check: Check, now: Int64) -> Reason? {
        guard !written.isEmpty else { return nil }
        guard
            case .revoked(let reason) = check.verdict(
                values: check.keys.map { written[ExactString($0)]?.value.map { Array($0.utf8) } }, pinnedEpoch: [],
                now: now)
        else { return nil }
        return reason
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

    /// Whether a token was proven clear at most `age` ago, under this epoch, and nothing was revoked here since.
    func isClear(_ check: Check, epoch: [UInt8]?, age: Duration, now: Instant) -> Bool {
        guard let known = clear[check], known.epoch == epoch, now - known.askedAt <= age else { return false }
        return check.keys.allSatisfy { key in written[ExactString(key)].map { $0.at < known.askedAt } ?? true }
    }

    /// The store has lost its memory: nothing that it said to be clear counts any more.
    mutating func forgetClear() {
        clear.removeAll()
    }

    // MARK: Writing

    /// To be told before something is written and again, with the values, once it is acknowledged: in between, a
    /// question may have been answered that knew nothing of it.
    mutating func wrote(_ entries: some Collection<RevocationEntry>, isAcknowledged: Bool, at now: Instant) {
        if written.count + entries.count > Self.capacity {
            written.removeAll()
            clear.removeAll()
        }
        for entry in entries {
            func update(_ written: inout Written) {
                // Several may write the same key, and come to this out of order.
                if written.at < now { written.at = now }
                if isAcknowledged { written.value = entry.value }
            }
            update(&written[ExactString(entry.key), default: Written(value: nil, at: now)])
        }
    }

    /// Something was undone.
    mutating func restored(_ keys: [String]) {
        for key in keys { written[ExactString(key)] = nil }
        revoked.removeAll()
        clear.removeAll()
    }
}
