import AuthNode
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Revocation
import TestSupport
import Testing

@Suite struct LogoutTests {
    @Test func aLoggedOutTokenIsRefusedOnEveryNodeAndAnotherSessionLives() async throws {
        let node = try await TestNode()
        let sibling = try node.sibling(TestNode.settings)
        try await node.test { first in
            try await sibling.application().test(.router) { second in
                let token = try await first.token()
                let other = try await first.token()
                for client in [first, second] { #expect(try await client.me(token).status == .ok) }
                #expect(try await first.logout(token).status == .ok)
                for client in [first, second] {
                    let refused = try await client.me(token)
                    #expect(refused.status == .unauthorized)
                    #expect(refused.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
                    #expect(try await client.me(other).status == .ok)
                }
            }
        }
    }

    @Test func loggingOutTwiceIsNoError() async throws {
        try await TestNode().test { client in
            let token = try await client.token()
            for _ in 0..<2 {
                #expect(try await client.logout(token).status == .ok)
                #expect(try await client.me(token).status == .unauthorized)
            }
        }
    }

    /// Whichever of the pair is presented, and expired or not: both are at an end.
    @Test(arguments: [true, false], [true, false])
    func eitherTokenOfThePairEndsBoth(presentsRefresh: Bool, isExpired: Bool) async throws {
        let node = try await TestNode()
        try await node.test { client in
            let pair = try await client.pair()
            let session = Scope.session(try #require(TokenParts(pair.access).claims["sid"] as? String))
            if isExpired { node.clock.wall += presentsRefresh ? 31 * 86_400_000 : 1_000_000 }
            #expect(await !isRevoked(session, node))
            #expect(try await client.logout(presentsRefresh ? pair.refresh : pair.access).status == .ok)
            // An expired token is refused anyway; what was refreshed from it ends by its session.
            #expect(await isRevoked(session, node))
            #expect(try await client.me(pair.access).status == .unauthorized)
            let refused = try await client.refresh(pair.refresh)
            #expect(refused.status == .badRequest)
            #expect(try refused.json()["error"] as? String == "invalid_grant")
        }
    }

    private func isRevoked(_ scope: Scope, _ node: TestNode) async -> Bool {
        if case .revoked = await node.denylist.verdict(of: scope, issuer: nil) { true } else { false }
    }

    @Test func anExpiredAccessTokenEndsThePairThatCameAfterIt() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let first = try await client.pair()
            node.clock.wall += 1_000_000
            let second = try await client.refresh(first.refresh).pair()
            #expect(try await client.me(first.access).status == .unauthorized)
            #expect(try await client.me(second.access).status == .ok)
            #expect(try await client.logout(first.access).status == .ok)
            #expect(try await client.me(second.access).status == .unauthorized)
            #expect(try await client.refresh(second.refresh).status == .badRequest)
        }
    }

    /// A node may mint for less than others (WireContract.md), and its clock may be wrong while nobody has told it the
    /// time.
    @Test(arguments: [(3_600, 0), (30 * 86_400, -45_000), (30 * 86_400, 90_000_000_000)] as [(Int64, Int64)])
    func anotherNodesTokenCanBeEndedHere(lifetime: Int64, offset: Int64) async throws {
        let node = try await TestNode()
        var settings = TestNode.settings
        settings.refreshTokenLifetime = .seconds(lifetime)
        let sibling = try node.sibling(settings, offset: offset)
        try await node.test { client in
            let pair = try await client.pair()
            try await sibling.application().test(.router) { sibling in
                let answer = try await sibling.logout(pair.refresh)
                #expect(answer.status == .ok)
                #expect(try answer.json()["revoked"] as? Bool == true)
            }
            #expect(try await client.me(pair.access).status == .unauthorized)
            #expect(try await client.refresh(pair.refresh).status == .badRequest)
        }
    }

    @Test func anotherNodesRefreshTokenIsExchangedHere() async throws {
        let node = try await TestNode()
        var settings = TestNode.settings
        settings.refreshTokenLifetime = .seconds(3_600)
        let sibling = try node.sibling(settings)
        try await node.test { client in
            let pair = try await client.pair()
            let new = try await sibling.application().test(.router) { try await $0.refresh(pair.refresh).pair() }
            #expect(try await client.me(new.access).status == .ok)
        }
    }

    @Test func aLogOutThatHadNothingToWriteSaysSo() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let token = try await client.token()
            #expect(try await client.logout(token).json()["revoked"] as? Bool == true)
            node.denylist.acknowledgement = .alreadyExpired
            let answer = try await client.logout(token)
            #expect(answer.status == .ok)
            #expect(try answer.json()["revoked"] as? Bool == false)
            #expect(answer.text.contains("already expired"))
        }
    }

    @Test func anUnacknowledgedLogOutSaysThatTheTokenIsNotRevoked() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let token = try await client.token()
            node.denylist.isAway = true
            let answer = try await client.logout(token)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.retryAfter] == "1")
            #expect(answer.text.contains("NOT revoked"))
        }
    }

    @Test func onlyAGenuineTokenLogsOut() async throws {
        let node = try await TestNode()
        let stranger = try await TestNode()
        let foreign = try await stranger.test { try await $0.token() }
        try await node.test { client in
            let own = try await client.token()
            for token in ["garbage", own + "x"] {
                #expect(try await client.logout(token).status == .unauthorized)
            }
            // Signed with a key that this node has not: another one may have got it already.
            let answer = try await client.logout(foreign)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.text.contains("but another one may"))
            #expect(try await client.execute(uri: "/logout", method: .post).status == .unauthorized)
            let malformed = try await client.execute(
                uri: "/logout", method: .post, headers: [.authorization: "Bearer a b"])
            #expect(malformed.status == .badRequest)
        }
    }
}
