/// A source of an issuer's public keys.
public protocol KeySource: Sendable {
    /// The present keys. A source that can read them again does so before it answers without `identifier`.
    /// - Parameter identifier: the token's `kid`; nil if it has none.
    /// - Throws: ``TokenRejection/Code/keysUnavailable`` if nothing is known of the issuer's keys. An empty set is not
    ///   an error: all keys have been withdrawn.
    func keys(for identifier: String?) async throws(TokenRejection) -> VerificationKeys

    /// Keys that suffice, or all keys as read since this call began. With those, a caller can say for good that none of
    /// them has signed a token, although a key may have been published a moment ago.
    /// - Parameter suffices: whether keys include the one needed.
    /// - Throws: ``TokenRejection/Code/keysUnavailable`` also if they do not suffice and cannot be read now.
    func keys(
        for identifier: String?, until suffices: (VerificationKeys) -> Bool
    ) async throws(TokenRejection) -> VerificationKeys

    /// Whether ``keys(for:until:)`` asks the issuer. Otherwise another server may already have a key that is missing
    /// here.
    var asksIssuer: Bool { get }

    /// The source's status, for an operator.
    var status: KeySourceStatus { get }
}

extension KeySource {
    /// For fixed keys.
    public var asksIssuer: Bool { false }

    /// For fixed keys.
    public var status: KeySourceStatus { KeySourceStatus() }
}

/// The status of an issuer's keys.
public struct KeySourceStatus: Sendable, Equatable {
    /// The number of keys that verify tokens; nil while unknown.
    public var keyCount: Int?
    /// Their names: a `kid` or a thumbprint each. Empty while unknown.
    public var identifiers: Set<String>
    /// What is wrong and what to do, for an operator. Empty if all is well.
    public var problems: [String]

    public init(keyCount: Int? = nil, identifiers: Set<String> = [], problems: [String] = []) {
        self.keyCount = keyCount
        self.identifiers = identifiers
        self.problems = problems
    }
}

extension VerificationKeys: KeySource {
    public func keys(for identifier: String?) -> VerificationKeys { self }

    /// They cannot change.
    public func keys(for identifier: String?, until suffices: (VerificationKeys) -> Bool) -> VerificationKeys { self }

    public var status: KeySourceStatus { KeySourceStatus(keyCount: identifiers.count, identifiers: identifiers) }
}
