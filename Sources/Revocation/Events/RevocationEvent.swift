public import Contract

/// What ``RevocationList/revocations(limit:)`` hands out.
public enum RevocationEvent: Sendable, Equatable {
    /// A revocation was made, or has grown: a later expiry, a later cut-off.
    case revoked(ObservedRevocation)
    /// Others may have been made that are not handed out: the copy was made anew, or this was not read fast enough.
    /// Whoever keeps something by tokens checks all of it again.
    case missed
}

/// A revocation, as it has arrived in this process.
public struct ObservedRevocation: Sendable, Equatable {
    public let kind: Scope.Kind
    /// `jti`, `sid`, `sub`, `client_id` or `kid`; its digest if it was too long (WireContract.md, *Keys*); nil for all.
    public let identifier: String?
    /// The label of its issuer; nil for none.
    public let issuerLabel: String?
    /// Why; nil for a cut-off.
    public let reason: Reason?
    /// Unix milliseconds, of a cut-off.
    public let cutOff: Int64?

    /// Identifiers byte for byte, as keys are.
    public static func == (one: ObservedRevocation, other: ObservedRevocation) -> Bool {
        one.kind == other.kind && one.identifier.map { ExactString($0) } == other.identifier.map { ExactString($0) }
            && one.issuerLabel == other.issuerLabel && one.reason == other.reason && one.cutOff == other.cutOff
    }

    init(_ stored: StoredRevocation) {
        kind = stored.kind
        identifier = stored.identifier
        issuerLabel = stored.label
        reason = stored.reason
        cutOff = stored.cutOff
    }
}
