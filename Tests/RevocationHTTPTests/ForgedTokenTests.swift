import Contract
import Crypto
import Foundation
import Testing

@testable import RevocationHTTP

/// What an outsider sends who knows everything but the private keys. RFC 8725 has most of it.
@Suite struct ForgedTokenTests {
    /// An attack: a token made of a good one's parts.
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: TokenRejection.Code
        let token: @Sendable (Stage) throws -> String

        init(_ name: String, _ code: TokenRejection.Code, _ token: @escaping @Sendable (Stage) throws -> String) {
            testDescription = name
            self.code = code
            self.token = token
        }
    }

    /// Two issuers whose keys have the same `kid`, and a stranger.
    struct Stage: Sendable {
        let us = SigningForge(algorithm: "ES256")
        let them = SigningForge(algorithm: "RS256")
        let stranger = SigningForge(algorithm: "ES256")

        func header(_ members: [String: String] = [:]) -> String {
            let usual = ["typ": #""at+jwt""#, "alg": #""ES256""#, "kid": #""k""#]
            return "{" + usual.merging(members) { $1 }.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
        }

        func claims(_ changes: [String: String?] = [:]) -> String { TokenForge().claims(changes) }
        func good() throws -> String { try us.sign(header(), claims()) }

        /// Signs with a secret.
        func mac(_ secret: Data, _ header: String) -> String {
            let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(claims().utf8)
            let code = HMAC<SHA256>.authenticationCode(for: Data(input.utf8), using: SymmetricKey(data: secret))
            return input + "." + Base64URL.encode(code)
        }

        /// The good token with another signature.
        func resigned(_ signature: [UInt8]) throws -> String {
            let input = try good().split(separator: ".").prefix(2).joined(separator: ".")
            return input + "." + Base64URL.encode(signature)
        }

        func verifier() async throws -> TokenVerifier {
            func keys(_ forge: SigningForge) async throws -> VerificationKeys {
                let jwk = try forge.jwk(["kid": "k", "alg": forge.algorithm])
                return try await VerificationKeys(jwks: Data("{\"keys\":[\(jwk)]}".utf8))
            }
            return TokenVerifier(
                issuers: [
                    TrustedIssuer(name: "us", audience: "shop", keys: try await keys(us)),
                    TrustedIssuer(name: "them", audience: "shop", keys: try await keys(them)),
                ], clock: WallClock { TokenForge.now })
        }
    }

    static let algorithms: [Attack] = [
        .init("unsigned", .wrongAlgorithm) { try $0.us.sign($0.header(["alg": #""none""#]), $0.claims()) },
        .init("unsigned, nOnE", .wrongAlgorithm) {
            Base64URL.encode($0.header(["alg": #""nOnE""#]).utf8) + "." + Base64URL.encode($0.claims().utf8) + "."
        },
        .init("the signature left out", .badSignature) {
            try $0.good().split(separator: ".").prefix(2).joined(separator: ".") + "."
        },
        .init("the public key as a secret", .wrongAlgorithm) {
            $0.mac(Data(try $0.us.jwk().utf8), $0.header(["alg": #""HS256""#]))
        },
        .init("an empty secret", .wrongAlgorithm) { $0.mac(Data(), $0.header(["alg": #""HS256""#])) },
        .init("a code where a signature is due", .badSignature) { $0.mac(Data(), $0.header()) },
        .init("another algorithm of the same key", .wrongAlgorithm) {
            try $0.us.sign($0.header(["alg": #""ES384""#]), $0.claims())
        },
        .init("PKCS #1 for PSS", .wrongAlgorithm) {
            try $0.them.sign($0.header(["alg": #""PS256""#]), $0.claims(["iss": #""them""#]))
        },
        .init("several algorithms", .malformed) {
            try $0.us.sign($0.header(["alg": #"["ES256","none"]"#]), $0.claims())
        },
        // CVE-2022-21449: r = s = 0.
        .init("an empty signature of 64 bytes", .badSignature) { try $0.resigned(Array(repeating: 0, count: 64)) },
        .init("a signature of all ones", .badSignature) { try $0.resigned(Array(repeating: 255, count: 64)) },
        .init("a long signature", .badSignature) { try $0.resigned(Array(repeating: 1, count: 4096)) },
    ]

    static let keys: [Attack] = [
        .init("a key in the header", .badSignature) {
            try $0.stranger.sign($0.header(["jwk": try $0.stranger.jwk(["kid": "k"])]), $0.claims())
        },
        .init("a key in the header, of another name", .unknownKey) {
            try $0.stranger.sign(
                $0.header(["jwk": try $0.stranger.jwk(["kid": "x"]), "kid": #""x""#]), $0.claims())
        },
        .init("the place of a key", .badSignature) {
            try $0.stranger.sign($0.header(["jku": #""https://evil.example/jwks""#]), $0.claims())
        },
        .init("a certificate", .badSignature) {
            let header = $0.header(["x5u": #""https://evil.example/c.pem""#, "x5c": #"["MIIC"]"#])
            return try $0.stranger.sign(header, $0.claims())
        },
        .init("a file as kid", .unknownKey) {
            try $0.stranger.sign($0.header(["kid": #""../../../../dev/null""#]), $0.claims())
        },
        .init("a query as kid", .unknownKey) {
            try $0.stranger.sign($0.header(["kid": #""k' UNION SELECT 'x""#]), $0.claims())
        },
        .init("a URL as kid", .unknownKey) {
            try $0.stranger.sign($0.header(["kid": #""http://127.0.0.1/k""#]), $0.claims())
        },
        .init("a kid with an end", .unknownKey) { try $0.us.sign($0.header(["kid": #""k\u0000""#]), $0.claims()) },
        .init("an empty kid", .unknownKey) { try $0.us.sign($0.header(["kid": #""""#]), $0.claims()) },
        .init("a kid that is a list", .malformed) { try $0.us.sign($0.header(["kid": #"["k"]"#]), $0.claims()) },
        .init("another issuer's name", .wrongAlgorithm) { try $0.us.sign($0.header(), $0.claims(["iss": #""them""#])) },
        .init("another issuer's name and algorithm", .badSignature) {
            try $0.us.sign($0.header(["alg": #""RS256""#]), $0.claims(["iss": #""them""#]))
        },
        .init("two issuers", .malformed) { try $0.us.sign($0.header(), $0.claims(["iss": #"["us","them"]"#])) },
        .init("a foreign issuer and ours behind it", .malformed) {
            try $0.stranger.sign($0.header(), "{\"iss\":\"them\"," + $0.claims().dropFirst())
        },
    ]

    static let forms: [Attack] = [
        .init("five segments, as if encrypted", .malformed) { try $0.good() + ".AAAA.AAAA" },
        .init("one segment", .malformed) { _ in "AAAA" },
        .init("JSON serialisation", .malformed) {
            let parts = try $0.good().split(separator: ".")
            return "{\"payload\":\"\(parts[1])\",\"protected\":\"\(parts[0])\",\"signature\":\"\(parts[2])\"}"
        },
        .init("a token within a token", .malformed) {
            try $0.us.sign($0.header(["cty": #""JWT""#]), try $0.good())
        },
        .init("claims outside of the token", .malformed) { try $0.us.sign($0.header(["b64": "false"]), "") },
        .init("an extension", .unsupportedExtension) {
            try $0.us.sign($0.header(["crit": #"["b64"]"#, "b64": "false"]), $0.claims())
        },
        .init("no extensions, but a list of them", .unsupportedExtension) {
            try $0.us.sign($0.header(["crit": "[]"]), $0.claims())
        },
        .init("padding", .malformed) { try $0.good() + "==" },
        .init("a line break", .malformed) { try $0.good() + "\n" },
        .init("plain base64", .malformed) {
            try $0.good().replacing("-", with: "+").replacing("_", with: "/") + "+/"
        },
        .init("a name twice", .malformed) { try $0.us.sign($0.header(), "{\"exp\":9e9," + $0.claims().dropFirst()) },
        .init("a name twice, escaped", .malformed) {
            try $0.us.sign($0.header(), "{\"e\\u0078p\":9e9," + $0.claims().dropFirst())
        },
        .init("a header's name twice", .malformed) {
            try $0.us.sign("{\"alg\":\"none\"," + $0.header().dropFirst(), $0.claims())
        },
        .init("deep nesting", .malformed) {
            let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
            return try $0.us.sign($0.header(), $0.claims(["deep": deep]))
        },
        .init("many members", .malformed) {
            let many = Dictionary(uniqueKeysWithValues: (0..<260).map { ("m\($0)", "0" as String?) })
            return try $0.us.sign($0.header(), $0.claims(many))
        },
        .init("UTF-16", .malformed) {
            let input = Base64URL.encode($0.claims().data(using: .utf16) ?? Data())
            return Base64URL.encode($0.header().utf8) + "." + input + ".AAAA"
        },
    ]

    static let times: [Attack] = [
        ("1e400", .unusableClaims), ("1e300", .unusableClaims), ("9223372036854775808", .unusableClaims),
        ("-1", .unusableClaims),
        ("99999999999999999999999999", .unusableClaims), ("253402300800", .unusableClaims),
        (#""9999999999""#, .unusableClaims),
        ("true", .unusableClaims), ("[9999999999]", .unusableClaims), ("NaN", .malformed), ("Infinity", .malformed),
        ("0x7fffffff", .malformed), ("null", .withoutExpiry), ("0", .expired), ("-0", .expired), ("0.0", .expired),
    ].map { (value: String, code: TokenRejection.Code) in
        Attack("exp is \(value)", code) { try $0.us.sign($0.header(), $0.claims(["exp": value])) }
    }

    @Test(arguments: algorithms + keys + forms + times) func aForgedTokenIsRefused(attack: Attack) async throws {
        let stage = Stage()
        let verifier = try await stage.verifier()
        #expect(try await verifier.verify(try stage.good()).subject == "alice")
        let token = try attack.token(stage)
        let rejection = await #expect(throws: TokenRejection.self) { try await verifier.verify(token) }
        #expect(rejection?.code == attack.code)
        // Nor does it end anything.
        guard [.expired, .withoutExpiry].contains(attack.code) == false else { return }
        await #expect(throws: TokenRejection.self) { try await verifier.genuine(token) }
    }

    /// ECDSA has a second signature for each, which anyone can compute. The token is the same: its revocation holds.
    @Test func theOtherSignatureOfATokenIsOfTheSameToken() async throws {
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6,
            0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        let stage = Stage()
        let parts = try stage.good().split(separator: ".")
        var signature = Array(try #require(Base64URL.decode(parts[2].utf8)))
        var borrow = 0
        for index in (0..<32).reversed() {
            let difference = Int(order[index]) - Int(signature[32 + index]) - borrow
            borrow = difference < 0 ? 1 : 0
            signature[32 + index] = UInt8(truncatingIfNeeded: difference)
        }
        let verifier = try await stage.verifier()
        let first = try await verifier.verify(parts.joined(separator: "."))
        let other = try await verifier.verify(
            parts.prefix(2).joined(separator: ".") + "." + Base64URL.encode(signature))
        #expect(first.scopes == other.scopes && first.identifier == "t-1")
    }
}
