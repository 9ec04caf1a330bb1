import Contract
import Crypto
import Foundation
import RevocationHTTP

/// Makes tokens, good and bad, member by member.
struct TokenForge {
    static let now: Int64 = 1_800_000_000_000
    static let seconds = now / 1000

    var key = P256.Signing.PrivateKey()
    var kid = "key-1"

    /// The members of a good header and of good claims; a test replaces or removes (nil) some.
    func header(_ changes: [String: String?] = [:]) -> String {
        object(["typ": #""at+jwt""#, "alg": #""ES256""#, "kid": "\"\(kid)\""], changes)
    }

    func claims(_ changes: [String: String?] = [:]) -> String {
        object(
            [
                "iss": #""us""#, "aud": #""shop""#, "sub": #""alice""#, "sid": #""s-1""#, "jti": #""t-1""#,
                "client_id": #""app""#, "iat": "\(Self.seconds).123", "exp": "\(Self.seconds + 60)",
            ], changes)
    }

    func token(header: [String: String?] = [:], claims: [String: String?] = [:]) throws -> String {
        try sign(self.header(header), self.claims(claims))
    }

    func sign(_ header: String, _ claims: String, with key: P256.Signing.PrivateKey? = nil) throws -> String {
        let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(claims.utf8)
        let signature = try (key ?? self.key).signature(for: Data(input.utf8))
        return input + "." + Base64URL.encode(signature.rawRepresentation)
    }

    /// The public key as a JSON Web Key.
    var jwk: String {
        let coordinates = key.publicKey.rawRepresentation
        return object(
            [
                "kty": #""EC""#, "crv": #""P-256""#, "kid": "\"\(kid)\"",
                "x": "\"\(Base64URL.encode(coordinates.prefix(32)))\"",
                "y": "\"\(Base64URL.encode(coordinates.suffix(32)))\"",
            ], [:])
    }

    /// RFC 7638: what a key without `kid` is called.
    func thumbprint() async throws -> String {
        let unnamed = jwk.replacing("\"kid\":\"\(kid)\",", with: "")
        return try await VerificationKeys(jwks: Data("{\"keys\":[\(unnamed)]}".utf8)).identifiers.first ?? ""
    }

    func keys() async throws -> VerificationKeys {
        try await VerificationKeys(jwks: Data("{\"keys\":[\(jwk)]}".utf8))
    }

    func verifier(leeway: Duration = .zero, now: Int64 = Self.now) async throws -> TokenVerifier {
        TokenVerifier(
            keys: try await keys(), issuer: "us", audience: "shop", leeway: leeway, clock: WallClock { now })
    }

    private func object(_ members: [String: String], _ changes: [String: String?]) -> String {
        var members = members
        for (name, value) in changes { members[name] = value }
        return "{" + members.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }
}
