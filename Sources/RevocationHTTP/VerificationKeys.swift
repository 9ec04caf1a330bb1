public import Foundation
import JWTKit

/// Public keys by `kid`, each good for one algorithm only: a token's header never chooses how it is verified.
public struct VerificationKeys: Sendable {
    private let algorithms: [String: any JWTAlgorithm]

    /// - Parameter jwks: a JSON Web Key Set (RFC 7517 §5). Each key needs a `kid`; one without `alg` gets its curve's.
    /// - Throws: ``VerificationKeysError`` if it cannot be read, or a key lacks `kid` or an algorithm, or two share a `kid`.
    public init(jwks: Data) async throws {
        let keys: [JWK]
        do {
            keys = try JSONDecoder().decode(JWKS.self, from: jwks).keys
        } catch {
            throw VerificationKeysError(message: "the key set is not a JSON Web Key Set of known key types")
        }
        var algorithms: [String: any JWTAlgorithm] = [:]
        for key in keys {
            guard let identifier = key.keyIdentifier else {
                throw VerificationKeysError(message: "a key of the key set has no kid")
            }
            guard let name = key.algorithm?.rawValue ?? key.algorithmOfCurve else {
                throw VerificationKeysError(message: "the key \(identifier.string) names no algorithm (alg)")
            }
            let collection = try await JWTKeyCollection().add(jwk: key)
            let algorithm = try await collection.getKey(for: identifier, alg: name)
            guard algorithms.updateValue(algorithm, forKey: identifier.string) == nil else {
                throw VerificationKeysError(message: "two keys of the key set have the kid \(identifier.string)")
            }
        }
        self.algorithms = algorithms
    }

    /// The algorithm bound to a key, or nil if no key has that `kid`.
    func algorithm(for identifier: String) -> (any JWTAlgorithm)? { algorithms[identifier] }
}

/// A key set that cannot be used.
public struct VerificationKeysError: Error, Sendable, CustomStringConvertible {
    public let message: String
    public var description: String { message }
}

extension JWK {
    /// The only algorithm that our key types have.
    fileprivate var algorithmOfCurve: String? {
        switch curve?.rawValue {
        case "P-256": "ES256"
        case "P-384": "ES384"
        case "P-521": "ES512"
        case "Ed25519": "EdDSA"
        default: nil
        }
    }
}
