import AuthNode
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@Suite struct LoginTests {
    @Test(arguments: SigningKey.Algorithm.allCases)
    func aLogInGivesATokenThatOpensTheProtectedResource(algorithm: SigningKey.Algorithm) async throws {
        let key = SigningKey(generating: algorithm)
        let node = try await TestNode(keys: [key])
        try await node.test { client in
            let answer = try await client.login(#"{"username":"alice","password":"correct horse"}"#)
            #expect(answer.status == .ok)
            #expect(answer.headers[.cacheControl] == "no-store")
            let body = try answer.json()
            #expect(body["token_type"] as? String == "Bearer")
            #expect(body["expires_in"] as? Int == 900)

            let token = try #require(body["access_token"] as? String)
            let parts = try TokenParts(token)
            #expect(parts.header["typ"] as? String == "at+jwt")
            #expect(parts.header["kid"] as? String == key.publicKey.identifier)
            #expect(parts.header["alg"] as? String == (algorithm == .es256 ? "ES256" : "EdDSA"))
            #expect(
                Set(parts.claims.keys) == ["iss", "aud", "sub", "sid", "jti", "client_id", "iat", "auth_time", "exp"])
            // The store's time runs on beside the wall clock, which stands still.
            let issuedAt = try #require(parts.claims["iat"] as? Double)
            #expect((1_800_000_000.456..<1_800_000_060).contains(issuedAt))
            #expect(parts.claims["auth_time"] as? Double == issuedAt)
            #expect(parts.claims["exp"] as? Double == (issuedAt + 900).rounded(.up))
            for name in ["jti", "sid"] {
                let identifier = try #require(parts.claims[name] as? String)
                #expect(UUID(uuidString: identifier)?.uuidString.lowercased() == identifier)
            }

            let me = try await client.me(token)
            #expect(me.status == .ok)
            #expect(try me.json()["sub"] as? String == "alice")
        }
    }

    /// `sub` is compared byte for byte: a user who logs in by a name can be revoked by it.
    @Test func aNameThatLooksTheSameIsAnother() async throws {
        let node = try await TestNode(names: ["jos\u{E9}"])
        try await node.test { client in
            _ = try await client.pair("jos\u{E9}")
            let answer = try await client.login(#"{"username":"jose\u0301","password":"correct horse"}"#)
            #expect(answer.status == .unauthorized)
        }
    }

    @Test func eachLogInIsASessionOfItsOwn() async throws {
        try await TestNode().test { client in
            let first = try TokenParts(try await client.token())
            let second = try TokenParts(try await client.token())
            #expect(first.claims["jti"] as? String != second.claims["jti"] as? String)
            #expect(first.claims["sid"] as? String != second.claims["sid"] as? String)
        }
    }

    @Test(arguments: [
        #"{"username":"alice","password":"wrong"}"#, #"{"username":"alice","password":""}"#,
        #"{"username":"carol","password":"correct horse"}"#, #"{"username":"","password":""}"#,
        #"{"username":"alice","password":"correct horse "}"#,
    ])
    func aWrongPasswordAndAnUnknownUserLookAlike(body: String) async throws {
        let node = try await TestNode()
        try await node.test { client in
            let answer = try await client.login(body)
            #expect(answer.status == .unauthorized)
            #expect(answer.headers[.wwwAuthenticate] != nil)
            #expect(
                answer.text.contains("invalid_grant") && answer.text.contains("unknown user or wrong password"))
        }
    }

    @Test(arguments: [
        "", "{", "[]", "null", #"{"username":"alice"}"#, #"{"username":1,"password":2}"#, "username=alice",
        String(repeating: "[", count: 8000),
    ])
    func malformedJSONIsABadRequest(body: String) async throws {
        try await TestNode().test { client in
            let answer = try await client.login(body)
            #expect(answer.status == .badRequest)
            #expect(try answer.json()["error"] as? String == "invalid_request")
        }
    }

    @Test func invalidUTF8IsABadRequest() async throws {
        try await TestNode().test { client in
            let body = ByteBuffer(
                bytes: Array(#"{"username":"alice","password":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8))
            let answer = try await client.execute(uri: "/login", method: .post, body: body)
            #expect(answer.status == .badRequest)
        }
    }

    @Test func nothingIsIssuedWhileTheStoreIsAway() async throws {
        let node = try await TestNode()
        node.denylist.isAway = true
        try await node.test { client in
            let answer = try await client.login(#"{"username":"alice","password":"correct horse"}"#)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.retryAfter] != nil)
            #expect(!answer.text.contains("access_token"))
        }
    }

    @Test func aStampedeIsRefusedRatherThanQueued() async throws {
        try await TestNode(rounds: 1 << 13).test { client in
            let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for _ in 0..<48 {
                    group.addTask { try await client.login(#"{"username":"alice","password":"wrong"}"#).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.contains(.serviceUnavailable))
            #expect(statuses.allSatisfy { $0 == .unauthorized || $0 == .serviceUnavailable })
            _ = try await client.token()
        }
    }
}
