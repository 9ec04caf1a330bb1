import Contract
import Foundation
import Testing

@testable import RevocationHTTP

/// Which keys of a set verify which tokens.
@Suite struct VerificationKeysTests {
    private let claims = TokenForge().claims()

    /// - Returns: the key that verified a token; nil if it was refused for its key, algorithm or signature.
    private func signer(
        _ jwks: [String], algorithms: Set<String>? = nil, _ token: String
    ) async throws -> String? {
        let set = Data("{\"keys\":[\(jwks.joined(separator: ","))]}".utf8)
        let keys = try await VerificationKeys(jwks: set, algorithms: algorithms)
        let verifier = TokenVerifier(
            keys: keys, issuer: "us", audience: "shop", clock: WallClock { TokenForge.now })
        do throws(TokenRejection) { return try await verifier.verify(token).key } catch {
            #expect([.unknownKey, .wrongAlgorithm, .badSignature].contains(error.code))
            return nil
        }
    }

    private func header(_ algorithm: String, kid: String? = "k") -> String {
        let kid = kid.map { ",\"kid\":\"\($0)\"" } ?? ""
        return "{\"typ\":\"at+jwt\",\"alg\":\"\(algorithm)\"\(kid)}"
    }

    /// A key that says its algorithm verifies with that one, whatever the token says.
    @Test(arguments: SigningForge.algorithms) func aKeyHasOneAlgorithm(algorithm: String) async throws {
        let forge = SigningForge(algorithm: algorithm)
        let key = try forge.jwk(["kid": "k", "alg": algorithm])
        #expect(try await signer([key], try forge.sign(header(algorithm), claims)) == "k")
        for other in SigningForge.algorithms + ["HS256", "none", "Ed448", algorithm.lowercased()]
        where other != algorithm {
            #expect(try await signer([key], try forge.sign(header(other), claims)) == nil, "\(other)")
            // A set that says another algorithm than the key's.
            let wrong = try forge.jwk(["kid": "k", "alg": other])
            #expect(try await signer([wrong], try forge.sign(header(algorithm), claims)) == nil, "\(other)")
        }
        let others = Set(SigningForge.algorithms).subtracting([algorithm])
        #expect(try await signer([key], algorithms: others, try forge.sign(header(algorithm), claims)) == nil)
        #expect(try await signer([key], algorithms: [algorithm], try forge.sign(header(algorithm), claims)) == "k")
    }

    /// Microsoft's keys say none.
    @Test(arguments: SigningForge.algorithms) func aKeyWithoutAnAlgorithmGetsTheUsualOne(algorithm: String) async throws
    {
        let forge = SigningForge(algorithm: algorithm)
        let (key, token) = (try forge.jwk(["kid": "k"]), try forge.sign(header(algorithm), claims))
        let isUsual = ["RS256", "ES256", "ES384", "ES512", "EdDSA"].contains(algorithm)
        #expect(try await signer([key], token) == (isUsual ? "k" : nil))
        #expect(try await signer([key], algorithms: [algorithm, "ES256"], token) == "k")
        #expect(try await signer([key], algorithms: ["other"], token) == nil)
    }

    /// RFC 9864 §2.2.
    @Test func ed25519HasTwoNames() async throws {
        let forge = SigningForge(algorithm: "EdDSA")
        for name in ["EdDSA", "Ed25519"] {
            for key in [try forge.jwk(["kid": "k"]), try forge.jwk(["kid": "k", "alg": name])] {
                #expect(try await signer([key], try forge.sign(header("EdDSA"), claims)) == "k")
                #expect(try await signer([key], try forge.sign(header("Ed25519"), claims)) == "k")
            }
        }
    }

    /// Of the keys without a name the thumbprint stands for one, by which the key is revoked.
    @Test func aTokenWithoutKidIsOfTheOnlyKeyOfItsAlgorithm() async throws {
        let (rsa, curve) = (SigningForge(algorithm: "RS256"), SigningForge(algorithm: "ES256"))
        let token = try curve.sign(header("ES256", kid: nil), claims)
        let thumbprint = try #require(try await signer([try curve.jwk()], token))
        #expect(thumbprint.count == 43)
        #expect(try await signer([try curve.jwk(["kid": "k"])], token) == "k")
        #expect(try await signer([try rsa.jwk(["kid": "k"]), try curve.jwk(["kid": "l"])], token) == "l")
        #expect(try await signer([try rsa.jwk(), try curve.jwk()], token) == thumbprint)
        // The same key twice is one key.
        #expect(try await signer([try curve.jwk(), try curve.jwk()], token) == thumbprint)
        let other = SigningForge(algorithm: "ES256")
        #expect(try await signer([try other.jwk(["kid": "k"]), try curve.jwk(["kid": "l"])], token) == nil)
        #expect(try await signer([try other.jwk(), try curve.jwk()], token) == nil)
    }

    /// RFC 7517 §4.5.
    @Test func keysThatShareAKidAreToldApart() async throws {
        let forges = ["RS256", "ES256", "EdDSA", "ES384"].map(SigningForge.init)
        let keys = try forges.map { try $0.jwk(["kid": "k"]) }
        for forge in forges {
            #expect(try await signer(keys, try forge.sign(header(forge.algorithm), claims)) == "k")
        }
        // Two of the same algorithm: each is tried.
        let twins = [SigningForge(algorithm: "ES256"), SigningForge(algorithm: "ES256")]
        for forge in twins {
            let token = try forge.sign(header("ES256"), claims)
            #expect(try await signer(try twins.map { try $0.jwk(["kid": "k"]) }, token) == "k")
        }
    }

    @Test(arguments: [
        ["use": "enc"], ["key_ops": "encrypt"], ["alg": "RSA-OAEP"], ["kty": "oct"], ["crv": "P-384"], ["x": "AA"],
    ])
    func otherKeysArePassedOver(members: [String: String]) async throws {
        let forge = SigningForge(algorithm: "ES256")
        let good = try forge.jwk(["kid": "k"])
        var odd = try forge.jwk(["kid": "odd"].merging(members) { $1 })
        odd = odd.replacing("\"key_ops\":\"encrypt\"", with: "\"key_ops\":[\"encrypt\"]")
        let keys = try await VerificationKeys(jwks: Data("{\"keys\":[\(odd),\(good),7,null,{\"kid\":7}]}".utf8))
        #expect(keys.identifiers == ["k"])
    }

    @Test func aSetHasAHundredKeysAtMost() async throws {
        let keys = try (0...100).map { try SigningForge(algorithm: "EdDSA").jwk(["kid": "\($0)"]) }
        let most = Data("{\"keys\":[\(keys.dropLast().joined(separator: ","))]}".utf8)
        #expect(try await VerificationKeys(jwks: most).identifiers.count == 100)
        let more = Data("{\"keys\":[\(keys.joined(separator: ","))]}".utf8)
        await #expect(throws: VerificationKeysError.self) { try await VerificationKeys(jwks: more) }
    }
}
