/// One check of one token: the keys to look up in one round trip, and the verdict of their values. `CheckDecision`
/// decides it.
///
/// Two checks are equal if the same store gives them the same verdict.
public struct Check: Sendable, Hashable {
    /// Those of the namespace.
    package let beginnings: KeyBeginnings
    /// nil if the token has none.
    package let identifier: String?
    package let session: String?
    package let subject: String?
    package let client: String?
    package let key: String?
    /// The time that cut-offs are compared with.
    let logInTime: Int64?
    /// Whether the look-up also reads the terms, because the denylist had none.
    package let readsTerms: Bool

    public init(_ token: borrowing TokenClaims, in namespace: Namespace, readsTerms: Bool = false) {
        func present(_ claim: String?) -> String? { claim.flatMap { $0.isEmpty ? nil : $0 } }
        beginnings = namespace.beginnings
        identifier = present(token.identifier)
        session = present(token.session)
        subject = present(token.subject)
        client = present(token.client)
        key = present(token.key)
        logInTime = token.logInTime
        self.readsTerms = readsTerms
    }

    /// The keys of one `MGET`: the token's scopes, the terms if they are read, then the epoch.
    public var keys: [String] {
        let namespace = Namespace(beginnings)
        return scopes.map { namespace.text(of: $0) } + (readsTerms ? [Terms.key] : []) + [Epoch.key]
    }

    /// The terms among the values of ``keys``, if they were read and exist.
    package func terms(in values: [[UInt8]?]) -> [UInt8]? {
        readsTerms && values.count == keyCount ? values[keyCount - 2] : nil
    }

    /// The number of ``keys``.
    public var keyCount: Int {
        (identifier == nil ? 0 : 1) + (session == nil ? 0 : 1) + (subject == nil ? 0 : 1) + (client == nil ? 0 : 1)
            + (key == nil ? 0 : 1) + (readsTerms ? 1 : 0) + 2
    }

    /// In the order of ``keys``.
    var scopes: [Scope] {
        var scopes: [Scope] = []
        if let identifier { scopes.append(.token(identifier)) }
        if let session { scopes.append(.session(session)) }
        if let subject { scopes.append(.subject(subject)) }
        if let client { scopes.append(.client(client)) }
        if let key { scopes.append(.key(key)) }
        scopes.append(.all)
        return scopes
    }

    /// Byte for byte, as the keys are: equal texts may have different bytes (Unicode's canonical equivalence).
    public static func == (one: Check, other: Check) -> Bool {
        func same(_ one: String?, _ other: String?) -> Bool {
            guard let one, let other else { return one == nil && other == nil }
            return one.utf8.elementsEqual(other.utf8)
        }
        return one.logInTime == other.logInTime && same(one.identifier, other.identifier)
            && same(one.session, other.session) && same(one.subject, other.subject)
            && same(one.client, other.client) && same(one.key, other.key)
            && same(one.beginnings.prefix, other.beginnings.prefix)
    }

    /// One identifier distinguishes nearly all checks.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(identifier ?? session ?? subject ?? client)
    }

    /// The contents of the store's reply.
    public enum Findings: Sendable {
        /// None of the ``keys`` but the epoch's, which holds the pinned one.
        case nothing
        /// One value for each key, nil if the store has none.
        case values([[UInt8]?])
    }

    /// The verdict of the findings. A scope that is revoked decides, whatever else is wrong.
    /// - Parameters:
    ///   - findings: the contents of the store's reply.
    ///   - pinnedEpoch: the epoch that this process has pinned.
    ///   - now: the store's clock as far as known, Unix milliseconds.
    public func verdict(_ findings: Findings, pinnedEpoch: [UInt8], now: Int64) -> Verdict {
        switch findings {
        case .nothing: verdictOfNothing
        case .values(let values): verdict(values: values, pinnedEpoch: pinnedEpoch, now: now)
        }
    }

    /// The verdict of the values of ``keys``. A scope that is revoked decides, whatever else is wrong.
    /// - Parameters:
    ///   - values: one for each key, nil if the store has none.
    ///   - pinnedEpoch: the epoch that this process has pinned.
    ///   - now: the store's clock as far as known, Unix milliseconds.
    public func verdict(values: [[UInt8]?], pinnedEpoch: [UInt8], now: Int64) -> Verdict {
        guard values.count == keyCount, let epoch = values.last else { return .unknown(wrongCount(values)) }
        var decision = CheckDecision(logInTime: logInTime, isIdentified: isIdentified, now: now)
        for (scope, value) in zip(scopes, values) {
            if let value, decision.takes(value.span.bytes, of: scope.kind) { break }
        }
        return decision.verdict(epochMismatch: Epoch.mismatch(epoch, pinned: pinnedEpoch))
    }

    /// Whether a revocation could name the token or its log-in. Its key and the scope of all also cover other users'
    /// tokens.
    package var isIdentified: Bool { identifier != nil || session != nil || subject != nil || client != nil }

    /// The verdict if no scope is revoked.
    private var verdictOfNothing: Verdict {
        CheckDecision(logInTime: logInTime, isIdentified: isIdentified, now: 0).verdict(epochMismatch: nil)
    }

    func wrongCount(_ values: [[UInt8]?]) -> UnknownCause {
        UnknownCause(.malformedReply, "the store answered \(values.count) values to \(keyCount) keys")
    }
}

/// The one place that decides on a token, from the values of its scopes, one at a time: those of a reply (``Check``) or
/// of a follower's copy. Allocates nothing for a token that is clear.
package struct CheckDecision {
    private let logInTime: Int64?
    private let isIdentified: Bool
    private let now: Int64
    private var reason: Reason?
    private var implausible: UnknownCause?

    /// - Parameters:
    ///   - logInTime: the time that cut-offs are compared with; nil falls under any.
    ///   - isIdentified: whether a revocation could name the token (``TokenClaims/isIdentified``).
    ///   - now: the store's clock as far as known, Unix milliseconds.
    package init(logInTime: Int64?, isIdentified: Bool, now: Int64) {
        self.logInTime = logInTime
        self.isIdentified = isIdentified
        self.now = now
    }

    /// - Returns: whether the token is revoked by this value: nothing else counts then.
    package mutating func takes(_ value: RawSpan, of kind: Scope.Kind) -> Bool {
        switch kind.finding(value, logInTime: logInTime, now: now) {
        case .revoked(let reason):
            self.reason = reason
            return true
        case .implausible(let cause): implausible = cause
        case .irrelevant: break
        }
        return false
    }

    /// Clear only if a revocation could name the token.
    /// - Parameter epochMismatch: why the values are not the pinned store's.
    package consuming func verdict(epochMismatch: UnknownCause?) -> Verdict {
        if let reason { return .revoked(reason) }
        if let cause = epochMismatch ?? implausible { return .unknown(cause) }
        guard isIdentified else {
            return .unknown(UnknownCause(.unidentifiable, "the token has none of jti, sid, sub and client_id"))
        }
        return .clear
    }
}

extension Scope.Kind {
    fileprivate enum Finding {
        case revoked(Reason)
        case implausible(UnknownCause)
        /// A cut-off before the log-in.
        case irrelevant
    }

    /// The meaning of a scope's value for a token.
    /// - Parameter logInTime: nil falls under any cut-off.
    fileprivate func finding(_ value: RawSpan, logInTime: Int64?, now: Int64) -> Finding {
        guard isCutOff else { return .revoked(Reason(stored: value)) }
        guard CutOff.implausibility(of: value, now: now) == nil, let cutOff = CutOff.parse(value) else {
            return .implausible(
                UnknownCause(.implausibleCutOff, "the store holds an implausible cut-off for \(word)"))
        }
        return (logInTime ?? .min) <= cutOff ? .revoked(Reason(cutOff: self)) : .irrelevant
    }

    /// The verdict on a scope itself: revoked for any cut-off.
    /// - Parameters:
    ///   - value: that of the scope's key; nil if the store has none.
    ///   - epoch: that of the same reply.
    ///   - now: the store's clock as far as known, Unix milliseconds.
    package func verdict(value: [UInt8]?, epoch: [UInt8]?, pinnedEpoch: [UInt8], now: Int64) -> Verdict {
        let finding = value.map { self.finding($0.span.bytes, logInTime: nil, now: now) } ?? Finding.irrelevant
        if case .revoked(let reason) = finding { return .revoked(reason) }
        if let cause = Epoch.mismatch(epoch, pinned: pinnedEpoch) { return .unknown(cause) }
        if case .implausible(let cause) = finding { return .unknown(cause) }
        return .clear
    }
}
