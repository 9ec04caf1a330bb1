import AuthNode
import Contract
import Foundation
import HTTPTypes
import HummingbirdTesting
import Revocation
import TestSupport
import Testing

@Suite struct LogoutEverywhereTests {
    @Test func everySessionOfTheSubjectEndsAndANewLogInLives() async throws {
        try await TestNode().test { client in
            let (here, there, other) = (try await client.pair(), try await client.pair(), try await client.pair("bob"))
            #expect(try await client.post("/logout-everywhere", "", bearer(here.access)).status == .ok)
            for pair in [here, there] {
                #expect(try await client.me(pair.access).status == .unauthorized)
                #expect(try await client.refresh(pair.refresh).status == .badRequest)
            }
            #expect(try await client.me(other.access).status == .ok)
            #expect(try await client.me(try await client.token()).status == .ok)
        }
    }

    @Test func everywhereButHere() async throws {
        try await TestNode().test { client in
            let (here, there) = (try await client.pair(), try await client.pair())
            let answer = try await client.keep(here.access, password: "correct horse")
            #expect(answer.status == .ok)
            let kept = try answer.pair()
            #expect(
                try TokenParts(kept.access).claims["sid"] as? String
                    == TokenParts(here.access).claims["sid"] as? String)
            // It is a log-in.
            let claims = try TokenParts(kept.access).claims
            #expect(claims["auth_time"] as? Double == claims["iat"] as? Double)
            #expect(
                try #require(claims["auth_time"] as? Double)
                    > #require(TokenParts(here.access).claims["auth_time"] as? Double))
            #expect(try await client.me(kept.access).status == .ok)
            for old in [here.access, there.access] { #expect(try await client.me(old).status == .unauthorized) }
            for old in [here.refresh, there.refresh] { #expect(try await client.refresh(old).status == .badRequest) }
            #expect(try await client.me(kept.access).status == .ok)
            #expect(try await client.refresh(kept.refresh).status == .ok)
        }
    }

    /// A stolen access token does no more than log out: it is not traded for a session.
    @Test(arguments: [nil, "", "wrong horse", "correct horse "])
    func keepingASessionTakesThePassword(password: String?) async throws {
        try await TestNode().test { client in
            let (here, there) = (try await client.pair(), try await client.pair())
            let answer = try await client.keep(here.access, password: password)
            #expect(answer.status == .unauthorized)
            #expect(try answer.json()["access_token"] == nil)
            #expect(answer.headers[.wwwAuthenticate] != nil)
            // Nothing has happened.
            for pair in [here, there] { #expect(try await client.me(pair.access).status == .ok) }
            for pair in [here, there] { #expect(try await client.refresh(pair.refresh).status == .ok) }
        }
    }

    @Test func onlyTheSubjectsOwnPasswordKeepsItsSession() async throws {
        try await TestNode(passwords: ["bob": "another horse"]).test { client in
            let here = try await client.pair()
            #expect(try await client.keep(here.access, password: "another horse").status == .unauthorized)
            #expect(try await client.me(here.access).status == .ok)
        }
    }

    /// Accounts and subjects are compared byte for byte.
    @Test func anotherSpellingIsAnotherSubject() async throws {
        let key = SigningKey(generating: .es256)
        let (one, other) = ("\u{C5}sa", "A\u{30A}sa")
        let token = try await TestNode(keys: [key], names: [one]).test { try await $0.pair(one).access }
        let node = try await TestNode(keys: [key], names: [other])
        try await node.test { client in
            #expect(try await client.me(token).status == .ok)
            let own = try await client.pair(other).access
            #expect(try TokenParts(own).claims["sub"] as? String == other)
            let answer = try await client.keep(token, password: "correct horse")
            #expect(answer.status == .unauthorized)
            #expect(try answer.json()["access_token"] == nil)
            for token in [token, own] { #expect(try await client.me(token).status == .ok) }
        }
    }

    /// Guesses count as they do at the log-in, and together with those.
    @Test func guessesAreLimited() async throws {
        var settings = TestNode.settings
        settings.loginAttempts = 3
        try await TestNode(settings: settings).test { client in
            let here = try await client.pair()
            for _ in 0..<3 { #expect(try await client.keep(here.access, password: "guess").status == .unauthorized) }
            #expect(try await client.keep(here.access, password: "correct horse").status == .tooManyRequests)
            let login = try await client.login(#"{"username":"alice","password":"correct horse"}"#)
            #expect(login.status == .tooManyRequests)
            // Logging out everywhere is no guess.
            #expect(try await client.post("/logout-everywhere", "", bearer(here.access)).status == .ok)
            #expect(try await client.me(here.access).status == .unauthorized)
        }
    }

    /// With the token alone no user outlives an administrator's revocation, however often they ask.
    @Test func anAdministratorsRevocationIsNotSteppedOver() async throws {
        var settings = TestNode.settings
        settings.adminSecret = String(repeating: "a", count: 40)
        let node = try await TestNode(settings: settings)
        try await node.test { client in
            let pair = try await client.pair()
            node.clock.wall += 10
            let answer = try await client.post(
                "/admin/revoke", #"{"subject":"alice"}"#, bearer(String(repeating: "a", count: 40)))
            #expect(answer.status == .ok)
            for body in [#"{"keep_current":true}"#, #"{"keep_current":true,"password":"correct horse"}"#, ""] {
                let answer = try await client.post("/logout-everywhere", body, bearer(pair.access))
                #expect(answer.status == .unauthorized)
                #expect(answer.headers[.wwwAuthenticate]?.contains("insufficient_user_authentication") == true)
            }
            #expect(try await client.refresh(pair.refresh).status == .badRequest)
        }
    }

    /// The terms give the issuer a lead, as the library's defaults do. A cut-off of now lies ahead by that: it is
    /// waited for.
    @Test func aLeadOfTheIssuerIsWaitedFor() async throws {
        let node = try await TestNode(lead: .seconds(2))
        try await node.test { client in
            let (here, there) = (try await client.pair(), try await client.pair())
            let before = node.clock.wall
            let answer = try await client.keep(here.access, password: "correct horse")
            #expect(answer.status == .ok)
            #expect(node.clock.wall - before >= 2_000)
            #expect(try await client.me(try answer.pair().access).status == .ok)
            for old in [here, there] { #expect(try await client.me(old.access).status == .unauthorized) }
            #expect(try await client.post("/logout-everywhere", "", bearer(try answer.pair().access)).status == .ok)
            #expect(try await client.me(try await client.token()).status == .ok)
        }
    }

    /// The key that would sign is revoked.
    @Test func nothingEndsForALogInThatCannotFollow() async throws {
        let (old, new) = (SigningKey(generating: .es256), SigningKey(generating: .es256))
        let node = try await TestNode(keys: [old, new])
        try await node.test { client in
            let (here, there) = (try await client.pair(), try await client.pair())
            try await node.keys.replace([new, old])
            _ = try await node.denylist.revoke(
                .key(new.publicKey.identifier), reason: .compromised, issuer: "revoked")
            #expect(try await client.keep(here.access, password: "correct horse").status == .serviceUnavailable)
            for pair in [here, there] { #expect(try await client.me(pair.access).status == .ok) }
        }
    }

    /// However often a session was refreshed, and whenever: it dies with its log-in.
    @Test func aSessionIsAsOldAsItsLogIn() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let (login, other) = (try await client.pair(), try await client.pair())
            var pair = login
            for _ in 0..<3 {
                node.clock.wall += 60_000
                pair = try (try await client.refresh(pair.refresh)).pair()
                for token in [pair.access, pair.refresh] {
                    let (old, new) = (try TokenParts(login.access).claims, try TokenParts(token).claims)
                    #expect(new["auth_time"] as? Double == old["auth_time"] as? Double)
                    #expect(try #require(new["iat"] as? Double) > #require(old["iat"] as? Double))
                }
            }
            // As if the cut-off's time had been read before the last refresh.
            let loggedInAt = try [login, other].map {
                try #require(try TokenParts($0.access).claims["auth_time"] as? Double)
            }.reduce(0, max)
            _ = try await node.denylist.revoke(
                .subject("alice", issuedBefore: .at(Int64((loggedInAt * 1_000).rounded()))), reason: .admin, issuer: nil
            )
            for token in [pair.access, other.access] { #expect(try await client.me(token).status == .unauthorized) }
            for token in [pair.refresh, other.refresh] {
                #expect(try await client.refresh(token).status == .badRequest)
            }
        }
    }

    @Test func aRevokedTokenEndsNoSession() async throws {
        try await TestNode().test { client in
            let (stolen, other) = (try await client.pair(), try await client.pair())
            #expect(try await client.logout(stolen.access).status == .ok)
            #expect(try await client.post("/logout-everywhere", "", bearer(stolen.access)).status == .unauthorized)
            #expect(try await client.me(other.access).status == .ok)
        }
    }

    /// Logging in again within the same millisecond: the clock stands still.
    @Test func loggingInAgainAtOnceIsNeitherTooEarlyNorTooLate() async throws {
        try await TestNode().test { client in
            for _ in 0..<20 {
                let old = try await client.pair()
                #expect(try await client.post("/logout-everywhere", "", bearer(old.access)).status == .ok)
                #expect(try await client.me(old.access).status == .unauthorized)
                #expect(try await client.me(try await client.token()).status == .ok)
            }
        }
    }
}

extension TestClientProtocol {
    /// "Everywhere but here".
    fileprivate func keep(_ access: String, password: String?) async throws -> TestResponse {
        let password = password.map { #","password":"\#($0)""# } ?? ""
        return try await post("/logout-everywhere", #"{"keep_current":true\#(password)}"#, bearer(access))
    }
}
