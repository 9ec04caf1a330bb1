public import Foundation
import JWTKit

/// Public keys by `kid`, each good for one algorithm only: a token's header never chooses how it is verified.
public struct VerificationKeys: Sendable {
    private let algorithms: [String: any JWTAlgorithm]

    /// What cannot be used is passed over (RFC 7517 §5): another type of key, one that is for encryption, one without
    /// `kid`. A key without `alg` gets its curve's, or RS256.
    /// - Parameter jwks: a JSON Web Key Set (RFC 7517 §5).
    /// - Throws: ``VerificationKeysError`` if it cannot be read, no key of it can be used, or two share a `kid`.
    public init(jwks: Data) async throws(VerificationKeysError) {
        guard let set = try? JSONDecoder().decode(KeySet.self, from: jwks) else {
            throw VerificationKeysError(message: "the key set is not a JSON Web Key Set")
        }
        var algorithms: [String: any JWTAlgorithm] = [:]
        for case let key? in set.keys.map(\.key) {
            guard let identifier = key.keyIdentifier?.string, let algorithm = await key.usableAlgorithm else {
                continue
            }
            guard algorithms.updateValue(algorithm, forKey: identifier) == nil else {
                throw VerificationKeysError(message: "two keys of the key set have the same kid")
            }
        }
        guard !algorithms.isEmpty else {
            throw VerificationKeysError(
                message: "no key of the key set can be used: each needs kid, and kty EC, OKP or RSA")
        }
        self.algorithms = algorithms
    }

    /// Whether a key has that `kid`.
    func contains(_ identifier: String) -> Bool { algorithms[identifier] != nil }

    /// The algorithm bound to a key, or nil if no key has that `kid`.
    func algorithm(for identifier: String) -> (any JWTAlgorithm)? { algorithms[identifier] }

    private struct KeySet: Decodable {
        let keys: [Entry]

        struct Entry: Decodable {
            /// nil if it is not understood, or not for signatures.
            let key: JWK?

            private enum CodingKeys: CodingKey { case use }

            init(from decoder: any Decoder) throws {
                let use = try? decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .use)
                key = use ?? "sig" == "sig" ? try? JWK(from: decoder) : nil
            }
        }
    }
}

/// A key set that cannot be used.
public struct VerificationKeysError: Error, Sendable, CustomStringConvertible {
    public let message: String

    public init(message: String) {
        self.message = message
    }

    public var description: String { message }
}

extension JWK {
    fileprivate var usableAlgorithm: (any JWTAlgorithm)? {
        get async {
            guard isLongEnough, let identifier = keyIdentifier, let name = algorithm?.rawValue ?? usualAlgorithm,
                let collection = try? await JWTKeyCollection().add(jwk: self)
            else { return nil }
            return try? await collection.getKey(for: identifier, alg: name)
        }
    }

    /// RSA needs 2,048 bits (RFC 7518 §3.3).
    private var isLongEnough: Bool {
        keyType != .rsa || Base64URL.decode((modulus ?? "").utf8).map { $0.count >= 256 } ?? false
    }

    private var usualAlgorithm: String? {
        switch curve?.rawValue {
        case "P-256": "ES256"
        case "P-384": "ES384"
        case "P-521": "ES512"
        case "Ed25519": "EdDSA"
        default: keyType == .rsa ? "RS256" : nil
        }
    }
}
