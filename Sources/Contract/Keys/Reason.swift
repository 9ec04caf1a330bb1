/// Why a token or session was revoked: the value of its key. Up to 128 bytes of text.
public struct Reason: Sendable, Hashable {
    public let text: String
    /// The scope whose cut-off refuses the token; nil for a reason from the denylist.
    public let cutOff: Scope.Kind?

    public static let logout = Reason(known: "logout")
    public static let compromised = Reason(known: "compromised")
    public static let admin = Reason(known: "admin")
    /// Of a message of an identity provider that was carried out, and must not be again.
    package static let usedMessage = Reason(known: "used")

    private init(known text: String) {
        self.text = text
        cutOff = nil
    }

    /// The reason for a token whose log-in time is at or before the cut-off of a scope.
    package init(cutOff kind: Scope.Kind) {
        text = "issued before the cut-off of \(kind.word)"
        cutOff = kind
    }

    /// A custom reason.
    /// - Throws: ``ContractError/Code/invalidReason`` unless `text` has 1 to 128 bytes without control characters. It
    ///   must not begin with `rotated:`, because such a token may still be exchanged.
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

    /// The reason in a stored value of any form: a revocation counts even if its reason cannot be read.
    ///
    /// A ``Rotation`` becomes `rotated` only, so that a reason written again is never a rotation.
    package init(stored bytes: some Collection<UInt8>) { self.init(stored: Array(bytes).span.bytes) }

    /// The same of a value in the store's memory.
    package init(stored value: RawSpan) {
        text = Self.isRotated(value) ? "rotated" : value.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        cutOff = nil
    }

    /// Whether a value is `rotated:<ms>:<successor jti>` (``Rotation``), which yields to any other reason.
    public static func isRotated(_ value: RawSpan) -> Bool { value.starts(with: Rotation.mark) }
}
