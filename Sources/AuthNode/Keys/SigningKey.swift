import Crypto
import CryptoExtras
import Foundation
import JWTKit

/// A private key that signs tokens. It determines the algorithm of every token with its `kid`.
package struct SigningKey: Sendable {
    package enum Algorithm: String, Sendable, CaseIterable {
        case es256
        case eddsa
    }

    private enum Material: Sendable {
        case es256(P256.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    private let material: Material
    /// The public part.
    package let publicKey: PublicKey

    private init(_ material: Material) {
        self.material = material
        switch material {
        case .es256(let key):
            let coordinates = key.publicKey.rawRepresentation
            publicKey = PublicKey(es256X: coordinates.prefix(32), y: coordinates.suffix(32))
        case .ed25519(let key):
            publicKey = PublicKey(ed25519: key.publicKey.rawRepresentation)
        }
    }

    /// A new random key.
    package init(generating algorithm: Algorithm) {
        switch algorithm {
        case .es256: self.init(.es256(P256.Signing.PrivateKey()))
        case .eddsa: self.init(.ed25519(Curve25519.Signing.PrivateKey()))
        }
    }

    /// - Parameter pem: PKCS#8 (RFC 5958) of P-256 or Ed25519, or SEC 1 of P-256.
    /// - Throws: ``NodeError/Code/invalidKeyFile``.
    package init(pem: String) throws(NodeError) {
        if let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) {
            self.init(.es256(key))
        } else if let key = try? Curve25519.Signing.PrivateKey(pemRepresentation: pem) {
            self.init(.ed25519(key))
        } else {
            throw NodeError(.invalidKeyFile, "not a private key of P-256 or Ed25519 in PEM")
        }
    }

    /// The private key as PEM (PKCS#8).
    package var pem: String {
        switch material {
        case .es256(let key): key.pemRepresentation
        case .ed25519(let key): key.pemRepresentation
        }
    }

    /// A collection whose only key is this one.
    func signer() async throws -> JWTKeyCollection {
        let identifier = JWKIdentifier(string: publicKey.identifier)
        return switch material {
        case .es256(let key):
            await JWTKeyCollection().add(ecdsa: try ES256PrivateKey(backing: key), kid: identifier)
        case .ed25519(let key):
            await JWTKeyCollection().add(eddsa: EdDSA.PrivateKey(backing: key), kid: identifier)
        }
    }
}
