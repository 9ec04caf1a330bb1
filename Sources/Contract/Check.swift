/// One check of one token: the keys to look up in one round trip, and the one place that decides from the answer.
public struct Check: Sendable {
    /// The keys of one `MGET`: the token's scopes, then the epoch.
    public let keys: [String]
    let scopes: [Scope]
    /// `iat`
    public let issuedAt: Int64?

    /// - Throws: ``ContractError`` if the token's claims make no valid keys.
    public init(_ token: TokenClaims, in namespace: Namespace) throws(ContractError) {
        scopes = token.scopes
        issuedAt = token.issuedAt
        var keys: [String] = []
        keys.reserveCapacity(scopes.count + 1)
        for scope in scopes { keys.append(try namespace.key(for: scope)) }
        keys.append(Epoch.key)
        self.keys = keys
    }

    /// What the values of ``keys`` say. Any scope that says revoked wins, whatever else is amiss.
    /// - Parameter values: as many as keys, nil where the store has none.
    /// - Parameter pinnedEpoch: the epoch this verifier believes.
    /// - Parameter now: the store's clock as far as known, Unix milliseconds.
    public func verdict(values: [[UInt8]?], pinnedEpoch: [UInt8], now: Int64) -> Verdict {
        guard values.count == keys.count, let epoch = values.last else { return .unknown(wrongCount(values)) }
        var doubt: UnknownCause?
        for (scope, value) in zip(scopes, values) {
            guard let value else { continue }
            guard scope.kind.isCutOff else { return .revoked(Reason(stored: value)) }
            if CutOff.implausibility(of: value.span.bytes, now: now) != nil {
                doubt = UnknownCause(
                    .implausibleCutOff, "the store holds an implausible cut-off for \(scope.kind.word)")
            } else if let cutOff = CutOff.parse(value.span.bytes), (issuedAt ?? .min) <= cutOff {
                return .revoked(.issuedBeforeCutOff(scope.kind))
            }
        }
        if let cause = Epoch.doubt(epoch, pinned: pinnedEpoch) { return .unknown(cause) }
        if let doubt { return .unknown(doubt) }
        guard scopes.count > 1 else {
            return .unknown(UnknownCause(.unidentifiable, "the token has none of jti, sid, sub and client_id"))
        }
        return .clear
    }

    func wrongCount(_ values: [[UInt8]?]) -> UnknownCause {
        UnknownCause(.malformedReply, "the store answered \(values.count) values to \(keys.count) keys")
    }
}

extension Reason {
    /// The reason of a token that a cut-off revokes.
    static func issuedBeforeCutOff(_ kind: Scope.Kind) -> Reason {
        Reason(stored: "issued before the cut-off of \(kind.word)".utf8)
    }
}
