/// Where the public keys of an issuer come from.
public protocol KeySource: Sendable {
    /// The keys of the moment; a source that can ask again does so before it says that it does not know `identifier`.
    /// - Parameter identifier: the token's `kid`; nil if it has none.
    /// - Throws: ``TokenRejection/Code/keysUnavailable`` if nothing is known of the issuer's keys. A set that is empty
    ///   is no error: all keys have been withdrawn.
    func keys(for identifier: String?) async throws(TokenRejection) -> VerificationKeys

    /// Keys that suffice, or else all that there are, read since this call began: for saying for good that none of them
    /// has signed a token. A key may have been published a moment ago.
    /// - Parameter suffices: whether the keys are what was looked for.
    /// - Throws: ``TokenRejection/Code/keysUnavailable`` also if they do not suffice and cannot be read now.
    func keys(
        for identifier: String?, until suffices: (VerificationKeys) -> Bool
    ) async throws(TokenRejection) -> VerificationKeys

    /// Whether ``keys(for:until:)`` asks the issuer itself. Otherwise a key that is missing may have been given to
    /// another server already.
    var asksIssuer: Bool { get }

    /// What an operator should know of the source.
    var status: KeySourceStatus { get }
}

extension KeySource {
    /// For keys that are handed out.
    public var asksIssuer: Bool { false }

    /// For keys that cannot change.
    public var status: KeySourceStatus { KeySourceStatus() }
}

/// What is known of an issuer's keys.
public struct KeySourceStatus: Sendable, Equatable {
    /// The keys that tokens are verified with; nil while nothing is known.
    public var keyCount: Int?
    /// Their names: a `kid` or a thumbprint each. Empty while nothing is known.
    public var identifiers: Set<String>
    /// What is wrong and what to do, for people. Empty if all is well.
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
