import struct Crypto.SHA256

/// The prefix of every key of one issuer: `revoked:`, or `revoked:<label>:` where several issuers are trusted.
public struct Namespace: Hashable, Sendable {
    /// The prefix of the default namespace, and of all guarded keys.
    public static let defaultPrefix = "revoked:"

    public var prefix: String { beginnings.prefix }
    package let beginnings: KeyBeginnings

    /// The namespace of the only issuer.
    /// - Parameter prefix: ends in a colon.
    public init(prefix: String = Self.defaultPrefix) {
        beginnings = KeyBeginnings(prefix: prefix)
    }

    init(_ beginnings: KeyBeginnings) { self.beginnings = beginnings }

    /// The namespace of one issuer among several.
    /// - Parameters:
    ///   - prefix: that of all guarded keys; ends in a colon.
    ///   - issuerLabel: 1 to 32 of `a-z 0-9 -`, and none of the scopes' words.
    /// - Throws: ``ContractError/Code/invalidIssuerLabel``.
    public init(prefix: String = Self.defaultPrefix, issuerLabel: String) throws(ContractError) {
        guard GuardedKey.isLabel(issuerLabel.utf8.span.bytes) else {
            throw ContractError(
                .invalidIssuerLabel,
                "an issuer's label is 1 to 32 of a-z, 0-9 and -, and none of jti, sid, sub, client, kid, all")
        }
        self.init(prefix: prefix + issuerLabel + ":")
    }

    /// Byte for byte, as keys are.
    public static func == (one: Namespace, other: Namespace) -> Bool { one.prefix.isExactly(other.prefix) }

    public func hash(into hasher: inout Hasher) { hasher.combine(ExactString(prefix)) }

    /// The key of a scope (WireContract.md, *Keys*).
    /// - Throws: ``ContractError/Code/emptyIdentifier``: unrelated tokens would share a key without an identifier.
    public func key(for scope: Scope) throws(ContractError) -> String {
        guard scope.identifier?.isEmpty != true else {
            throw ContractError(.emptyIdentifier, "the \(scope.kind.word) of a revocation must not be empty")
        }
        return text(of: scope)
    }

    /// The key of a scope whose identifier, if it has one, is not empty.
    func text(of scope: Scope) -> String {
        prefix + scope.kind.word + (scope.identifier.map { ":" + Self.bounded($0) } ?? "")
    }

    private static let digestMark: StaticString = "sha256:"

    /// Whether keys contain an identifier's digest instead: if it is longer than 256 bytes or looks like a digest.
    package static func needsDigest(_ identifier: RawSpan) -> Bool {
        identifier.byteCount > Limits.maximumIdentifierBytes || identifier.starts(with: digestMark)
    }

    /// The identifier itself, byte for byte, or its digest.
    package static func bounded(_ identifier: String) -> String {
        guard needsDigest(identifier.utf8.span.bytes) else { return identifier }
        let digits = Array("0123456789abcdef".utf8)
        let hexadecimal = SHA256.hash(data: Array(identifier.utf8)).flatMap {
            [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
        }
        return "\(digestMark)" + String(decoding: hexadecimal, as: UTF8.self)
    }
}

/// The beginnings of all keys of one namespace, built once.
package final class KeyBeginnings: Sendable {
    let prefix: String
    /// All that follows, in one piece of memory.
    package let text: [UInt8]
    package let token: Range<Int>
    package let session: Range<Int>
    package let subject: Range<Int>
    package let client: Range<Int>
    package let key: Range<Int>
    /// The whole key of the scope of all.
    package let all: Range<Int>
    /// The end of a look-up: the whole key of the scope of all, and the epoch's, as RESP's bulk strings.
    package let allAndEpoch: Range<Int>
    /// The same with the terms' key between the two.
    package let allTermsAndEpoch: Range<Int>

    init(prefix: String) {
        var text: [UInt8] = []
        func range(of words: String...) -> Range<Int> {
            let start = text.count
            for word in words { text += word.utf8 }
            return start..<text.count
        }
        func bulk(_ key: String) -> String { "$\(key.utf8.count)\r\n\(key)\r\n" }
        token = range(of: prefix, Scope.Kind.token.word, ":")
        session = range(of: prefix, Scope.Kind.session.word, ":")
        subject = range(of: prefix, Scope.Kind.subject.word, ":")
        client = range(of: prefix, Scope.Kind.client.word, ":")
        key = range(of: prefix, Scope.Kind.key.word, ":")
        all = range(of: prefix, Scope.Kind.all.word)
        allAndEpoch = range(of: bulk(prefix + Scope.Kind.all.word), bulk(Epoch.key))
        allTermsAndEpoch = range(of: bulk(prefix + Scope.Kind.all.word), bulk(Terms.key), bulk(Epoch.key))
        self.prefix = prefix
        self.text = text
    }
}
