import Crypto
import CryptoExtras
import Foundation
import RevocationHTTP

/// A key of any algorithm, with what it signs.
struct SigningForge {
    static let algorithms = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]
    /// One for all tests: making it takes long.
    private static let rsa = try! _RSA.Signing.PrivateKey(keySize: .bits2048)

    let algorithm: String
    private let p256 = P256.Signing.PrivateKey()
    private let p384 = P384.Signing.PrivateKey()
    private let p521 = P521.Signing.PrivateKey()
    private let edwards = Curve25519.Signing.PrivateKey()

    /// The public key as a JSON Web Key.
    /// - Parameter members: further ones, such as `kid` and `alg`.
    func jwk(_ members: [String: String] = [:]) throws -> String {
        func curve(_ name: String, _ raw: Data) -> [String: String] {
            let half = raw.count / 2
            return [
                "kty": "EC", "crv": name, "x": Base64URL.encode(raw.prefix(half)),
                "y": Base64URL.encode(raw.suffix(half)),
            ]
        }
        let key: [String: String]
        switch algorithm {
        case "ES256": key = curve("P-256", p256.publicKey.rawRepresentation)
        case "ES384": key = curve("P-384", p384.publicKey.rawRepresentation)
        case "ES512": key = curve("P-521", p521.publicKey.rawRepresentation)
        case "EdDSA":
            let x = Base64URL.encode(edwards.publicKey.rawRepresentation)
            key = ["kty": "OKP", "crv": "Ed25519", "x": x]
        default:
            let numbers = try Self.rsa.publicKey.getKeyPrimitives()
            key = [
                "kty": "RSA", "n": Base64URL.encode(numbers.modulus), "e": Base64URL.encode(numbers.publicExponent),
            ]
        }
        let json = try JSONSerialization.data(withJSONObject: key.merging(members) { $1 })
        return String(decoding: json, as: UTF8.self)
    }

    /// A token with this header and these claims.
    func sign(_ header: String, _ claims: String) throws -> String {
        let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(claims.utf8)
        return input + "." + Base64URL.encode(try signature(Data(input.utf8)))
    }

    private func signature(_ input: Data) throws -> Data {
        let padding: _RSA.Signing.Padding = algorithm.hasPrefix("PS") ? .PSS : .insecurePKCS1v1_5
        return switch algorithm {
        case "ES256": try p256.signature(for: input).rawRepresentation
        case "ES384": try p384.signature(for: input).rawRepresentation
        case "ES512": try p521.signature(for: input).rawRepresentation
        case "EdDSA": try edwards.signature(for: input)
        case "RS256", "PS256": try Self.rsa.signature(for: SHA256.hash(data: input), padding: padding).rawRepresentation
        case "RS384", "PS384": try Self.rsa.signature(for: SHA384.hash(data: input), padding: padding).rawRepresentation
        default: try Self.rsa.signature(for: SHA512.hash(data: input), padding: padding).rawRepresentation
        }
    }
}
