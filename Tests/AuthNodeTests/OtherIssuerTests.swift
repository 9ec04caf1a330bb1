import AuthNode
import Contract
import Crypto
import Foundation
import HTTPTypes
import HummingbirdTesting
import RevocationHTTP
import TestSupport
import Testing

/// Tokens of another issuer, with any identifiers that it likes.
@Suite struct OtherIssuerTests {
    private static let issuer = "https://login.example"
    private static let labels = ["revoked": "own", issuer: "login"]
    private let key = P256.Signing.PrivateKey()
    private let directory = try! TemporaryFolder()

    private var jwk: String {
        let coordinates = key.publicKey.rawRepresentation
        let (x, y) = (Base64URL.encode(coordinates.prefix(32)), Base64URL.encode(coordinates.suffix(32)))
        return #"{"kty":"EC","crv":"P-256","kid":"k","x":"\#(x)","y":"\#(y)"}"#
    }

    private func node() async throws -> TestNode {
        let jwks = #"{"keys":[{"kty":"oct","k":"AAAA"},\#(jwk)]}"#
        try Data(jwks.utf8).write(to: URL(filePath: directory.file("jwks.json")))
        let keys = KeySetCache(try KeySetLocation(directory.file("jwks.json")))
        return try await TestNode(
            issuers: [TrustedIssuer(name: Self.issuer, audience: "shop", keys: keys)], labels: Self.labels)
    }

    private func token(
        type: String = "at+jwt", subject: String = "alice", identifier: String = "t", session: String? = nil,
        kid: String = "k", party: String? = nil, notBefore: Int64? = nil, issuedAt: Int64 = TestNode.start / 1000 - 1
    ) throws -> String {
        var claims: [String: Any] = [
            "iss": Self.issuer, "aud": type == "at+jwt" ? "shop" : Self.issuer, "sub": subject, "jti": identifier,
            "client_id": "app", "iat": issuedAt, "exp": TestNode.start / 1000 + 600,
        ]
        claims["sid"] = session
        claims["azp"] = party
        if let notBefore { claims["nbf"] = notBefore }
        let input =
            Base64URL.encode(#"{"typ":"\#(type)","alg":"ES256","kid":"\#(kid)"}"#.utf8) + "."
            + Base64URL.encode(try JSONSerialization.data(withJSONObject: claims))
        return input + "." + Base64URL.encode(try key.signature(for: Data(input.utf8)).rawRepresentation)
    }

    @Test func itsTokenOpensTheResourceUntilItIsLoggedOut() async throws {
        try await node().test { client in
            let token = try token()
            #expect(try await client.me(token).status == .ok)
            #expect(try await client.logout(token).status == .ok)
            #expect(try await client.me(token).status == .unauthorized)
        }
    }

    /// It passes in a while.
    @Test(arguments: [true, false]) func aTokenThatIsNotValidYetCanBeEnded(isIssuedAhead: Bool) async throws {
        let node = try await node()
        try await node.test { client in
            let later = TestNode.start / 1000 + 8
            let token =
                isIssuedAhead ? try token(issuedAt: later) : try token(notBefore: later)
            #expect(try await client.me(token).status == .unauthorized)
            let answer = try await client.logout(token)
            #expect(try answer.json()["revoked"] as? Bool == true)
            node.clock.wall += 10_000
            #expect(try await client.me(token).status == .unauthorized)
            #expect(try await client.me(try self.token(identifier: "another", notBefore: later)).status == .ok)
        }
    }

    /// Keys that were asked for a moment ago, and cannot be again yet.
    private struct JustAsked: KeySource {
        let known: VerificationKeys

        func keys(for identifier: String?) -> VerificationKeys { known }

        func keys(
            for identifier: String?, until suffices: (VerificationKeys) -> Bool
        ) async throws(TokenRejection) -> VerificationKeys {
            guard suffices(known) else { throw TokenRejection(.keysUnavailable, "not yet") }
            return known
        }
    }

    @Test func aTokenWhoseKeyIsNotKnownYetMayBeGenuine() async throws {
        let file = ClientFile(directory.file("clients"))
        let secret = try file.add("app")
        let keys = JustAsked(known: try await VerificationKeys(jwks: Data(#"{"keys":[]}"#.utf8)))
        let node = try await TestNode(
            clients: try file.load(), issuers: [TrustedIssuer(name: Self.issuer, audience: "shop", keys: keys)],
            labels: Self.labels)
        try await node.test { client in
            let token = try token(kid: "new")
            let revocation = try await client.post(
                "/oauth2/revoke", "token=\(token)&client_id=app&client_secret=\(secret)")
            for answer in [revocation, try await client.logout(token)] {
                #expect(answer.status == .serviceUnavailable)
                #expect(answer.headers[.retryAfter] == "1")
            }
        }
    }

    /// Another node may be told which claim is the client, or accept the key's algorithm.
    @Test(arguments: ["k", "of another algorithm"]) func whatOnlyThisNodeRefusesIsNotAtAnEnd(kid: String) async throws {
        let file = ClientFile(directory.file("clients"))
        let secret = try file.add("app")
        let jwks = Data("{\"keys\":[\(jwk)]}".utf8)
        let keys = KeySetCache { () async throws(VerificationKeysError) in jwks }
        let node = try await TestNode(
            clients: try file.load(), issuers: [TrustedIssuer(name: Self.issuer, audience: "shop", keys: keys)],
            labels: Self.labels)
        try await node.test { client in
            let token = try token(kid: kid, party: "web")
            let revocation = try await client.post(
                "/oauth2/revoke", "token=\(token)&client_id=app&client_secret=\(secret)")
            #expect(revocation.status == .badRequest && revocation.text.contains("NOT revoked"))
            #expect(try await client.logout(token).status.kind != .successful)
        }
    }

    @Test func itsSubjectIsNotOurs() async throws {
        try await node().test { client in
            let own = try await client.token()
            // Nor is its session traded for one of ours, though our user's password be right. Nothing happens then.
            for session in [nil, "s"] {
                let foreign = try token(session: session)
                let kept = try await client.post(
                    "/logout-everywhere", #"{"keep_current":true,"password":"correct horse"}"#, bearer(foreign))
                #expect(kept.status == .badRequest)
                #expect(try await client.me(foreign).status == .ok)
            }
            let foreign = try token()
            #expect(try await client.post("/logout-everywhere", "", bearer(foreign)).status == .ok)
            #expect(try await client.me(foreign).status == .unauthorized)
            #expect(try await client.me(own).status == .ok)
        }
    }

    @Test func itsRefreshTokensAreNotOurs() async throws {
        try await node().test { client in
            let token = try token(type: "rt+jwt")
            #expect(try await client.refresh(token).status == .badRequest)
            #expect(try await client.logout(token).status == .unauthorized)
        }
    }

    /// Each is a name of its own: revoking one leaves the others alone.
    @Test func craftedIdentifiersStayApart() async throws {
        let names = [
            "a", "a:b", "own:jti:a", "jti:a", "sha256:" + String(repeating: "0", count: 64), "a\u{0}", "a\r\nX: y", "é",
            String(repeating: "a", count: 300), String(repeating: "a", count: 301), " ", "*",
        ]
        try await node().test { client in
            for (index, name) in names.enumerated() {
                #expect(try await client.logout(try token(identifier: name)).status == .ok)
                for (other, name) in names.enumerated() {
                    let status = try await client.me(try token(identifier: name)).status
                    #expect(status == (other <= index ? .unauthorized : .ok))
                }
            }
        }
    }

    @Test(arguments: [
        ("a b", "a%20b"), ("a\r\nX-Auth-Client: root", "a%0D%0AX-Auth-Client:%20root"), ("100%", "100%25"),
        ("é", "%C3%A9"), ("\u{0}", "%00"),
    ])
    func aCraftedSubjectIsOneHeader(subject: String, header: String) async throws {
        try await node().test { client in
            let token = try token(subject: subject)
            let answer = try await client.execute(uri: "/auth", method: .get, headers: bearer(token))
            #expect(answer.status == .ok)
            #expect(HTTPField.Name("X-Auth-Subject").map { answer.headers[values: $0] } == [header])
            #expect(HTTPField.Name("X-Auth-Client").map { answer.headers[values: $0] } == ["app"])
        }
    }

    @Test func whatIsOversizedIsRefused() async throws {
        try await node().test { client in
            let token = try token(identifier: String(repeating: "a", count: 100_000))
            #expect(try await client.me(token).status == .unauthorized)
            #expect(try await client.logout(token).status == .unauthorized)
            #expect(try await client.post("/refresh", #"{"refresh_token":"\#(token)"}"#).status == .contentTooLarge)
        }
    }

    @Test func withoutItsKeysNothingIsKnown() async throws {
        let keys = KeySetCache(try KeySetLocation(directory.file("nowhere.json")))
        let node = try await TestNode(
            issuers: [TrustedIssuer(name: Self.issuer, audience: "shop", keys: keys)], labels: Self.labels)
        try await node.test { client in
            let (own, foreign) = (try await client.token(), try token())
            #expect(try await client.me(foreign).status == .serviceUnavailable)
            #expect(try await client.me(own).status == .ok)
        }
    }
}
