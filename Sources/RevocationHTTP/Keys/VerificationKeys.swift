import Contract
public import Foundation
import JSON
import JWTKit

/// Public keys, each for fixed algorithms: a token's header never chooses how it is verified.
public struct VerificationKeys: Sendable {
    /// The most keys of a set.
    static let maximumKeys = 100
    /// The most keys with the same `kid` and algorithm: a signature is tried with each.
    private static let maximumAlternatives = 4

    /// A key with an algorithm.
    struct Key: Sendable {
        /// Its `kid`, or its thumbprint (RFC 7638) if it has none: the name by which the key is revoked.
        let identifier: String
        let thumbprint: String
        /// The names of the algorithm in a token's header.
        let names: [String]
        let algorithm: any JWTAlgorithm

        func isSame(as other: Key) -> Bool {
            thumbprint == other.thumbprint && names == other.names && identifier.isExactly(other.identifier)
        }
    }

    /// By `kid`. Several keys may share one if they differ in type (RFC 7517 §4.5).
    private let named: [ExactString: [Key]]
    /// With and without `kid`.
    private let all: [Key]

    /// Keys that cannot be used are skipped (RFC 7517 §5): of another type, or for encryption. A key without `alg` gets
    /// its curve's algorithm. For RSA those of `algorithms`, or RS256. The set may be empty: then every key has been
    /// withdrawn.
    /// - Parameters:
    ///   - jwks: a JSON Web Key Set (RFC 7517 §5).
    ///   - algorithms: those accepted (RFC 7518 §3.1, RFC 8037); nil for all.
    /// - Throws: ``VerificationKeysError`` for anything else, or more than 100 keys.
    public init(jwks: Data, algorithms: Set<String>? = nil) async throws(VerificationKeysError) {
        guard let set = try? StrictJSON.decode(KeySet.self, from: jwks) else {
            throw VerificationKeysError(message: "the key set is not a JSON Web Key Set")
        }
        guard set.keys.count <= Self.maximumKeys else {
            throw VerificationKeysError(message: "the key set has more than \(Self.maximumKeys) keys")
        }
        var named: [ExactString: [Key]] = [:]
        var all: [Key] = []
        for jwk in set.keys.compactMap(\.key) {
            for key in await jwk.keys(accepting: algorithms) where !all.contains(where: key.isSame) {
                all.append(key)
                if jwk.kid != nil { named[ExactString(key.identifier), default: []].append(key) }
            }
        }
        self.named = named
        self.all = all
    }

    /// The names of all keys: the `kid`, or the thumbprint of a key without one.
    public var identifiers: Set<String> { Set(all.map(\.identifier)) }

    /// Whether a token that names this key, or none, could be verified.
    func contains(_ identifier: String?) -> Bool {
        identifier.map { named[ExactString($0)] != nil } ?? !all.isEmpty
    }

    /// Whether keys of this name have no other anywhere: it is a thumbprint (RFC 7638).
    func areUnique(_ identifier: String) -> Bool {
        named[ExactString(identifier)]?.allSatisfy { $0.thumbprint.isExactly(identifier) } ?? false
    }

    /// Whether a key is still among these, for the tokens that it has signed.
    /// - Parameter identifier: the tokens' `kid`; nil for tokens without one.
    func hold(_ key: Key, for identifier: String?) -> Bool {
        let keys = candidates(for: identifier, algorithm: key.names[0])
        return (identifier != nil || keys.count == 1) && keys.contains { $0.isSame(as: key) }
    }

    /// The keys of an algorithm that may have signed a token with this `kid`, or without one.
    private func candidates(for identifier: String?, algorithm: String) -> ArraySlice<Key> {
        let keys = identifier.map { named[ExactString($0)] ?? [] } ?? all
        return keys.filter { $0.names.contains(algorithm) }.prefix(Self.maximumAlternatives)
    }

    /// The key that signed a token, with the algorithm of the key that `kid` names. Without `kid` it must be clear
    /// which key is meant: the only one of its algorithm.
    func signer(of token: TokenParts) throws(TokenRejection) -> Key {
        guard contains(token.header.kid) else {
            throw TokenRejection(.unknownKey, "the token is signed with an unknown key")
        }
        let candidates = candidates(for: token.header.kid, algorithm: token.header.alg ?? "")
        guard !candidates.isEmpty else {
            throw TokenRejection(
                .wrongAlgorithm, "the token names another algorithm than its key has",
                isFinal: !JSONWebKey.algorithms.contains(token.header.alg ?? ""))
        }
        guard token.header.kid != nil || candidates.count == 1 else {
            throw TokenRejection(.unknownKey, "the token names no key, and several have its algorithm")
        }
        let signer = candidates.first { (try? $0.algorithm.verify(token.signature, signs: token.signed)) == true }
        guard let signer else {
            throw TokenRejection(.badSignature, "the token's signature is wrong", isFinal: true)
        }
        return signer
    }

    private struct KeySet: Decodable {
        let keys: [Entry]

        struct Entry: Decodable {
            /// nil for what is no key.
            let key: JSONWebKey?

            init(from decoder: any Decoder) throws { key = try? JSONWebKey(from: decoder) }
        }
    }
}

/// A key set that cannot be used.
public struct VerificationKeysError: Error, Sendable, CustomStringConvertible {
    public let message: String
    /// Whether there is nothing at that URL.
    let isAbsence: Bool

    public init(message: String) {
        self.init(message: message, isAbsence: false)
    }

    init(message: String, isAbsence: Bool) {
        self.message = message
        self.isAbsence = isAbsence
    }

    public var description: String { message }
}
