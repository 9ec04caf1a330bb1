import Foundation
import RevocationHTTP

import struct Crypto.SHA256

/// A public key as a JSON Web Key (RFC 7517 §4, RFC 8037 §2).
package struct PublicKey: Sendable, Encodable {
    /// `kid`: the key's thumbprint (RFC 7638).
    package let identifier: String
    private let keyType: String
    private let curve: String
    private let algorithm: String
    private let use = "sig"
    private let x: String
    private let y: String?

    private enum CodingKeys: String, CodingKey {
        case identifier = "kid"
        case keyType = "kty"
        case curve = "crv"
        case algorithm = "alg"
        case use, x, y
    }

    init(es256X x: Data, y: Data) {
        self.init(keyType: "EC", curve: "P-256", algorithm: "ES256", x: x, y: y)
    }

    init(ed25519 x: Data) {
        self.init(keyType: "OKP", curve: "Ed25519", algorithm: "EdDSA", x: x, y: nil)
    }

    private init(keyType: String, curve: String, algorithm: String, x: Data, y: Data?) {
        self.keyType = keyType
        self.curve = curve
        self.algorithm = algorithm
        self.x = Base64URL.encode(x)
        self.y = y.map { Base64URL.encode($0) }
        // The members that RFC 7638 §3.2 and RFC 8037 §2 require, in lexical order, without white space.
        var members = "\"crv\":\"\(curve)\",\"kty\":\"\(keyType)\",\"x\":\"\(self.x)\""
        if let y = self.y { members += ",\"y\":\"\(y)\"" }
        identifier = Base64URL.encode(SHA256.hash(data: Data("{\(members)}".utf8)))
    }
}

/// The contents of `/.well-known/jwks.json` (RFC 7517 §5).
package struct PublicKeySet: Sendable, Encodable {
    package let keys: [PublicKey]

    package init(keys: [PublicKey]) {
        self.keys = keys
    }

    /// The document's JSON.
    func json() throws -> Data { try JSONEncoder().encode(self) }
}
