import Contract
public import Foundation
import JWTKit

import struct Crypto.SHA256

/// Public keys, each good for one algorithm only: a token's header never chooses how it is verified.
public struct VerificationKeys: Sendable {
    /// Keys that share a `kid` and an algorithm, at most: a signature is tried with each.
    private static let maximumAlternatives = 4

    /// A key that verifies signatures.
    struct Key: Sendable {
        /// Its `kid`, or its thumbprint (RFC 7638) if it has none: the name by which it is revoked.
        let identifier: String
        let algorithm: any JWTAlgorithm
    }

    /// By `kid`. Several may share one if they differ in type (RFC 7517 §4.5).
    private let named: [ExactString: [Key]]
    /// Keys without `kid`.
    private let unnamed: [Key]

    /// What cannot be used is passed over (RFC 7517 §5): another type of key, one that is for encryption. A key without
    /// `alg` gets its curve's, or RS256. The set may be empty: then every key has been withdrawn.
    /// - Parameter jwks: a JSON Web Key Set (RFC 7517 §5).
    /// - Throws: ``VerificationKeysError`` if it is none.
    public init(jwks: Data) async throws(VerificationKeysError) {
        guard let set = try? StrictJSON.decode(KeySet.self, from: jwks) else {
            throw VerificationKeysError(message: "the key set is not a JSON Web Key Set")
        }
        var named: [ExactString: [Key]] = [:]
        var unnamed: [Key] = []
        for entry in set.keys where entry.isForSignatures {
            guard let jwk = entry.key, let identifier = jwk.keyIdentifier?.string ?? jwk.thumbprint,
                let algorithm = await jwk.usableAlgorithm(identifier)
            else { continue }
            let key = Key(identifier: identifier, algorithm: algorithm)
            if jwk.keyIdentifier == nil {
                unnamed.append(key)
            } else {
                named[ExactString(identifier), default: []].append(key)
            }
        }
        self.named = named
        self.unnamed = unnamed
    }

    /// The names of all keys: their `kid`s, thumbprints of those that have none.
    public var identifiers: Set<String> { Set(named.keys.map(\.text)).union(unnamed.map(\.identifier)) }

    /// Whether a token that names this key, or none, could be verified.
    func contains(_ identifier: String?) -> Bool {
        identifier.map { named[ExactString($0)] != nil } ?? !unnamed.isEmpty
    }

    /// The keys that a token with this `kid` may be signed with.
    /// - Parameter identifier: nil for a token that names none: it is signed with a key that has no name either.
    func candidates(for identifier: String?) -> [Key] {
        guard let identifier else { return unnamed }
        return named[ExactString(identifier)] ?? []
    }

    /// Those of the candidates that have this algorithm. Of the keys without a name none, unless it is the only one.
    func candidates(for identifier: String?, algorithm: String) -> [Key] {
        let fitting = candidates(for: identifier).filter { $0.algorithm.name == algorithm }
        guard identifier != nil else { return fitting.count == 1 ? fitting : [] }
        return Array(fitting.prefix(Self.maximumAlternatives))
    }

    private struct KeySet: Decodable {
        let keys: [Entry]

        struct Entry: Decodable {
            let isForSignatures: Bool
            /// nil if it is not understood.
            let key: JWK?

            private enum CodingKeys: CodingKey { case use }

            init(from decoder: any Decoder) throws {
                let use = try? decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .use)
                isForSignatures = use ?? "sig" == "sig"
                key = try? JWK(from: decoder)
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
    /// The key's algorithm with the key in it; nil if it cannot be used.
    fileprivate func usableAlgorithm(_ identifier: String) async -> (any JWTAlgorithm)? {
        var key = self
        key.keyIdentifier = JWKIdentifier(string: identifier)
        guard isLongEnough, let name = algorithm?.rawValue ?? usualAlgorithm,
            let collection = try? await JWTKeyCollection().add(jwk: key)
        else { return nil }
        return try? await collection.getKey(for: JWKIdentifier(string: identifier), alg: name)
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

    /// RFC 7638 §3, RFC 8037 §2: SHA-256 of the required members in lexical order, without white space.
    fileprivate var thumbprint: String? {
        let members: [(String, String?)] =
            switch keyType {
            case .rsa: [("e", exponent), ("kty", "RSA"), ("n", modulus)]
            case .ecdsa: [("crv", curve?.rawValue), ("kty", "EC"), ("x", x), ("y", y)]
            default: [("crv", curve?.rawValue), ("kty", "OKP"), ("x", x)]
            }
        var texts: [String] = []
        for (name, value) in members {
            // Base64url only: nothing that JSON would have to escape.
            guard let value, value.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x22 && $0 != 0x5C && $0 < 0x7F }) else {
                return nil
            }
            texts.append("\"\(name)\":\"\(value)\"")
        }
        return Base64URL.encode(SHA256.hash(data: Data("{\(texts.joined(separator: ","))}".utf8)))
    }
}
