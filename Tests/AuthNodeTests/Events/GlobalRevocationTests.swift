import Crypto
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import AuthNode

/// draft-parecki-oauth-global-token-revocation, as Okta's Universal Logout sends it.
@Suite struct GlobalRevocationTests {
    private static let email = #""accepts":["revocation"],"subjects":["email","iss_sub"]"#
    private let stage = EventStage()

    @Test func allTokensOfAUserEnd() async throws {
        let node = try await stage.node(Self.email)
        try await node.test { client in
            let tokens = try ["s-1", "s-2"].map { try stage.accessToken("alice@example.com", session: $0) }
            let bob = try stage.accessToken("bob@example.com", session: "s-3")
            let subject = ["format": "email", "email": "alice@example.com"]
            let answer = try await client.revokeUser(subject, try stage.requestToken())
            #expect(answer.status == .noContent)
            #expect(answer.body.readableBytes == 0)
            for token in tokens { #expect(try await client.me(token).status == .unauthorized) }
            #expect(try await client.me(bob).status == .ok)
            node.clock.wall += 5_000
            let later = try stage.accessToken("alice@example.com", issuedAt: EventStage.seconds + 4)
            #expect(try await client.me(later).status == .ok)
            // The same token again ends nothing, so it is not acknowledged.
            let repeated = try await client.revokeUser(subject, try stage.requestToken())
            #expect(repeated.status == .unauthorized)
            #expect(repeated.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
            #expect(try await client.me(later).status == .ok)
        }
    }

    /// A caller may keep its token for several users.
    @Test func oneTokenServesForSeveralUsers() async throws {
        try await stage.node(Self.email).test { client in
            let token = try stage.requestToken()
            for name in ["alice", "bob"] {
                #expect(try await client.revokeUser(stage.user(name), token).status == .noContent)
                #expect(try await client.me(try stage.accessToken(name)).status == .unauthorized)
            }
        }
    }

    /// The users of a provider log in to our own issuer.
    @Test func itMayEndTokensOfOurOwn() async throws {
        let entry = #""accepts":["revocation"],"subjects":["opaque"],"revokes":"revoked""#
        try await stage.node(entry).test { client in
            let (alice, bob) = (try await client.pair("alice"), try await client.pair("bob"))
            let answer = try await client.revokeUser(["format": "opaque", "id": "alice"], try stage.requestToken())
            #expect(answer.status == .noContent)
            #expect(try await client.me(alice.access).status == .unauthorized)
            #expect(try await client.refresh(alice.refresh).status != .ok)
            #expect(try await client.me(bob.access).status == .ok)
            #expect(try await client.me(try stage.accessToken()).status == .ok)
        }
    }

    /// The metadata are those of our own issuer, whose tokens have to be those that end.
    @Test(arguments: [
        (#""accepts":["revocation"],"revokes":"https://own.example","subjects":["opaque"]"#, true),
        (#""accepts":["events"],"revokes":"https://own.example","subjects":["opaque"]"#, false),
        (#""accepts":["revocation"]"#, false),
    ])
    func theMetadataSayWhere(members: String, isSaid: Bool) async throws {
        var settings = TestNode.settings
        settings.issuer = "https://own.example"
        let entry = #"{"issuer":"\#(EventStage.issuer)","audience":"\#(EventStage.audience)",\#(members)}"#
        let node = try await TestNode(
            settings: settings, issuers: [try await stage.trustedIssuer()],
            providers: try await stage.providers(file: "[\(entry)]", own: settings.issuer),
            labels: [settings.issuer: "own", EventStage.issuer: "login"])
        try await node.test { client in
            let answer = try await client.execute(uri: "/.well-known/oauth-authorization-server", method: .get)
            let endpoint = try answer.json()["global_token_revocation_endpoint"] as? String
            #expect(endpoint == (isSaid ? "https://own.example/global-token-revocation" : nil))
        }
    }

    @Test func anUnauthenticatedCallerIsRefused() async throws {
        try await stage.node(Self.email).test { client in
            let subject = stage.user()
            #expect(try await client.revokeUser(subject, nil).status == .unauthorized)
            let claims = try TokenParts(try stage.requestToken()).claims
            let type = "global-token-revocation+jwt"
            let tokens = [
                "a", try stage.token(type: type, claims: claims, key: P256.Signing.PrivateKey()),
                try stage.token(type: type, claims: claims, header: ["alg": "none"]),
                try stage.requestToken(["iss": "https://evil.example"]), try stage.requestToken(["aud": "shop"]),
                try stage.requestToken(["exp": EventStage.seconds - 1]), try stage.requestToken(["exp": Absent()]),
                try stage.requestToken(["iat": EventStage.seconds + 60]), try stage.requestToken(["jti": Absent()]),
                try stage.requestToken(type: "JWT"), try stage.requestToken(type: nil), try stage.logoutToken(),
                try stage.accessToken(),
            ]
            for token in tokens {
                let answer = try await client.revokeUser(subject, token)
                #expect(answer.status == .unauthorized)
                #expect(answer.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
            }
            #expect(try await client.me(try stage.accessToken()).status == .ok)
        }
    }

    @Test func anotherTypeMayBeConfigured() async throws {
        let entry = #""accepts":["revocation"],"requestTypes":["JWT"]"#
        try await stage.node(entry).test { client in
            #expect(try await client.revokeUser(stage.user(), try stage.requestToken()).status == .unauthorized)
            let token = try stage.requestToken(type: "JWT")
            #expect(try await client.revokeUser(stage.user(), token).status == .noContent)
        }
    }

    @Test func aMalformedRequestIs400() async throws {
        try await stage.node(Self.email).test { client in
            var headers: HTTPFields = [.contentType: "application/json"]
            headers[.authorization] = "Bearer \(try stage.requestToken())"
            for body in [
                "", "x", "[]", "{}", #"{"sub_id":"alice"}"#, #"{"sub_id":{}}"#, #"{"sub_id":{"format":"email"}}"#,
            ] {
                #expect(try await client.post("/global-token-revocation", body, headers).status == .badRequest)
            }
            let session: JSONObject = ["format": "complex", "session": ["format": "opaque", "id": "s-1"]]
            // A token is not all of a user's.
            let token: JSONObject = ["format": "jwt_id", "iss": EventStage.issuer, "jti": "t"]
            for subject: JSONObject in [
                ["format": "opaque", "id": "alice"], ["format": "strange", "id": "alice"], session, token,
                ["format": "aliases", "identifiers": [token]],
            ] {
                let answer = try await client.revokeUser(subject, try stage.requestToken())
                #expect(answer.status == .badRequest)
            }
            #expect(try await client.me(try stage.accessToken()).status == .ok)
        }
    }

    @Test func anotherIssuersUsersAreNotItsOwn() async throws {
        try await stage.node(Self.email).test { client in
            let subject = ["format": "iss_sub", "iss": "revoked", "sub": "alice"]
            let own = try await client.token()
            #expect(try await client.revokeUser(subject, try stage.requestToken()).status == .forbidden)
            #expect(try await client.me(own).status == .ok)
        }
    }

    @Test func whileTheStoreIsAwayItMayBeSentAgain() async throws {
        let node = try await stage.node(Self.email)
        try await node.test { client in
            let token = try stage.requestToken()
            for left in [0, 1] {
                node.denylist.revocationsLeft = left
                let answer = try await client.revokeUser(stage.user(), token)
                #expect(answer.status == .serviceUnavailable)
                #expect(answer.headers[.retryAfter] == "1")
            }
            node.denylist.revocationsLeft = nil
            #expect(try await client.revokeUser(stage.user(), token).status == .noContent)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
        }
    }
}
