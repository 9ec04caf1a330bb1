/// Why something was revoked: the value of a token's or session's key. Up to 128 bytes of text.
public struct Reason: Sendable, Hashable {
    public let text: String
    /// The scope whose cut-off refuses the token; nil for a reason that was written down.
    public let cutOff: Scope.Kind?

    public static let logout = Reason(known: "logout")
    public static let compromised = Reason(known: "compromised")
    public static let admin = Reason(known: "admin")

    private init(known text: String) {
        self.text = text
        cutOff = nil
    }

    /// Of a token whose log-in time is at or before the cut-off of a scope.
    package init(cutOff kind: Scope.Kind) {
        text = "issued before the cut-off of \(kind.word)"
        cutOff = kind
    }

    /// A reason of one's own.
    /// - Throws: ``ContractError/Code/invalidReason`` unless `text` has 1 to 128 bytes, none of them a control
    ///   character. Nor does it begin with `rotated:`: a token that says so may still be exchanged.
    public init(_ text: String) throws(ContractError) {
        guard (1...Limits.maximumGuardedValueBytes).contains(text.utf8.count),
            !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            throw ContractError(.invalidReason, "a reason is 1 to 128 bytes of text without control characters")
        }
        guard !Self.isRotated(text.utf8.span.bytes) else {
            throw ContractError(
                .invalidReason, "a reason does not begin with '\(Rotation.mark)', which says that a token was exchanged"
            )
        }
        self.text = text
        cutOff = nil
    }

    /// What a store holds, whatever it is: a revocation counts even if its reason cannot be read.
    ///
    /// A ``Rotation`` becomes `rotated` and nothing more, so that no reason is one if it is written down again.
    package init(stored bytes: some Collection<UInt8>) {
        let isRotated = bytes.starts(with: "\(Rotation.mark)".utf8)
        text = isRotated ? "rotated" : String(decoding: bytes, as: UTF8.self)
        cutOff = nil
    }

    /// Whether a value is `rotated:<ms>:<successor jti>` (``Rotation``), which yields to any other reason.
    public static func isRotated(_ value: RawSpan) -> Bool { value.starts(with: Rotation.mark) }
}
