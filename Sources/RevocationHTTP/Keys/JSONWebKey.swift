import Foundation
import JWTKit

import struct Crypto.SHA256

/// A public key as its issuer publishes it (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). Private members are not read.
struct JSONWebKey: Decodable {
    let kid: String?
    private let kty: String
    private let alg: String?
    private let use: String?
    private let operations: [String]?
    private let crv: String?
    private let n: String?
    private let e: String?
    private let x: String?
    private let y: String?

    private enum CodingKeys: String, CodingKey {
        case kid, kty, alg, use, crv, n, e, x, y
        case operations = "key_ops"
    }

    /// The key with each algorithm that it verifies; empty if it cannot be used.
    /// - Parameter accepted: the algorithms accepted; nil for all.
    func keys(accepting accepted: Set<String>?) async -> [VerificationKeys.Key] {
        guard use ?? "sig" == "sig", operations?.contains("verify") ?? true, let thumbprint else { return [] }
        var keys: [VerificationKeys.Key] = []
        for names in algorithms(accepting: accepted) {
            guard accepted.map({ !$0.isDisjoint(with: names) }) ?? true, let algorithm = await algorithm(names[0])
            else { continue }
            keys.append(
                .init(identifier: kid ?? thumbprint, thumbprint: thumbprint, names: names, algorithm: algorithm))
        }
        return keys
    }

    /// The algorithms of the key, each with all its names.
    private func algorithms(accepting accepted: Set<String>?) -> [[String]] {
        let usual: [[String]] =
            switch (kty, crv) {
            case ("EC", "P-256"): [["ES256"]]
            case ("EC", "P-384"): [["ES384"]]
            case ("EC", "P-521"): [["ES512"]]
            // RFC 9864 §2.2 names the curve.
            case ("OKP", "Ed25519"): [["EdDSA", "Ed25519"]]
            case ("RSA", _) where isOfBearableLength: Self.rsa.filter { accepted?.contains($0) ?? true }.map { [$0] }
            default: []
            }
        if let alg { return usual.filter { $0.contains(alg) } }
        return kty == "RSA" && accepted == nil ? usual.filter { $0 == ["RS256"] } : usual
    }

    /// All that a server can accept.
    static let algorithms = Set(["ES256", "ES384", "ES512", "EdDSA", "Ed25519"] + rsa)

    private static let rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]

    /// RSA needs 2,048 bits (RFC 7518 §3.3). With more than 8,192 a signature takes too long.
    private var isOfBearableLength: Bool {
        Base64URL.decode((n ?? "").utf8).map { (256...1024).contains($0.drop { $0 == 0 }.count) } ?? false
    }

    private func algorithm(_ name: String) async -> (any JWTAlgorithm)? {
        let (algorithm, identifier) = (JWK.Algorithm(rawValue: name), JWKIdentifier(string: ""))
        let jwk: JWK =
            switch kty {
            case "RSA": .rsa(algorithm, identifier: identifier, modulus: n, exponent: e)
            case "EC": .ecdsa(algorithm, identifier: identifier, x: x, y: y, curve: crv.flatMap { .init(rawValue: $0) })
            default: .octetKeyPair(algorithm, identifier: identifier, x: x, y: nil, curve: .ed25519)
            }
        guard let keys = try? await JWTKeyCollection().add(jwk: jwk) else { return nil }
        return try? await keys.getKey(for: identifier, alg: name)
    }

    /// RFC 7638 §3, RFC 8037 §2: SHA-256 of the required members in lexical order, without white space.
    private var thumbprint: String? {
        let members: [(String, String?)] =
            switch kty {
            case "RSA": [("e", e), ("kty", kty), ("n", n)]
            case "EC": [("crv", crv), ("kty", kty), ("x", x), ("y", y)]
            case "OKP": [("crv", crv), ("kty", kty), ("x", x)]
            default: [("kty", nil)]
            }
        var texts: [String] = []
        for (name, value) in members {
            // Base64url only, which JSON need not escape.
            guard let value, value.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x22 && $0 != 0x5C && $0 < 0x7F }) else {
                return nil
            }
            texts.append("\"\(name)\":\"\(value)\"")
        }
        return Base64URL.encode(SHA256.hash(data: Data("{\(texts.joined(separator: ","))}".utf8)))
    }
}
