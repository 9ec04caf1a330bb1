import AuthNode
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@Suite struct RefreshTests {
    @Test func aRefreshTokenGivesAnotherPairOfTheSameSession() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let first = try await client.pair()
            node.clock.wall += 60_000
            let answer = try await client.refresh(first.refresh)
            #expect(answer.status == .ok)
            #expect(answer.headers[.cacheControl] == "no-store")
            let second = try answer.pair()
            let (old, new) = (try TokenParts(first.refresh), try TokenParts(second.refresh))
            let access = try TokenParts(second.access)
            #expect(new.header["typ"] as? String == "rt+jwt")
            #expect(new.claims["aud"] as? String == "revoked")
            for name in ["sid", "sub", "client_id"] {
                #expect(new.claims[name] as? String == old.claims[name] as? String)
                #expect(access.claims[name] as? String == old.claims[name] as? String)
            }
            #expect(new.claims["jti"] as? String != old.claims["jti"] as? String)
            #expect(new.claims["jti"] as? String != access.claims["jti"] as? String)
            #expect(new.claims["exp"] as? Int == 1_802_592_060)
            #expect(try await client.me(second.access).status == .ok)
            // The access token before stays good until it expires: only the refresh token is used up.
            #expect(try await client.me(first.access).status == .ok)
        }
    }

    /// With `--rotation-grace 0`.
    private func strictNode() async throws -> TestNode {
        var settings = TestNode.settings
        settings.rotationGrace = .zero
        return try await TestNode(settings: settings)
    }

    @Test func aRefreshTokenThatIsUsedTwiceEndsItsSession() async throws {
        try await strictNode().test { client in
            let first = try await client.pair()
            let second = try await client.refresh(first.refresh).pair()
            let answer = try await client.refresh(first.refresh)
            #expect(answer.status == .badRequest)
            #expect(try answer.json()["error"] as? String == "invalid_grant")
            #expect(try await client.me(first.access).status == .unauthorized)
            #expect(try await client.me(second.access).status == .unauthorized)
            #expect(try await client.refresh(second.refresh).status == .badRequest)
        }
    }

    @Test func ofManyPresentationsAtOnceOneWins() async throws {
        try await strictNode().test { client in
            let token = try await client.pair().refresh
            let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for _ in 0..<32 { group.addTask { try await client.refresh(token).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == .ok } == 1)
        }
    }

    /// Two tabs of a browser that refresh at once must not log each other out: the default.
    @Test func withinTheGraceTheSuccessorIsTheSame() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let token = try await client.pair().refresh
            let first = try TokenParts(try await client.refresh(token).pair().refresh)
            let second = try TokenParts(try await client.refresh(token).pair().refresh)
            #expect(first.claims["jti"] as? String == second.claims["jti"] as? String)
            // The store's time may be a little ahead of the wall clock.
            node.clock.wall += 20_000
            #expect(try await client.refresh(token).status == .badRequest)
        }
    }

    @Test func whileTheStoreIsAwayNothingIsUsedUp() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let token = try await client.pair().refresh
            node.denylist.isAway = true
            let answer = try await client.refresh(token)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.retryAfter] == "1")
            node.denylist.isAway = false
            #expect(try await client.refresh(token).status == .ok)
        }
    }

    @Test func eachEndpointAcceptsItsKindOnly() async throws {
        try await TestNode().test { client in
            let pair = try await client.pair()
            #expect(try await client.me(pair.refresh).status == .unauthorized)
            #expect(try await client.post("/logout-everywhere", "", bearer(pair.refresh)).status == .unauthorized)
            let forward = try await client.execute(uri: "/auth", method: .get, headers: bearer(pair.refresh))
            #expect(forward.status == .unauthorized)
            let refused = try await client.refresh(pair.access)
            #expect(refused.status == .badRequest)
            #expect(try refused.json()["error"] as? String == "invalid_grant")
            #expect(try await client.me(pair.access).status == .ok)
        }
    }

    @Test(arguments: ["", "{}", "[]", #"{"refresh_token":7}"#, "refresh_token=a&refresh_token=b", "refresh_token=%ff"])
    func aBodyWithoutOneTokenIsABadRequest(body: String) async throws {
        try await TestNode().test { client in
            let answer = try await client.post("/refresh", body)
            #expect(answer.status == .badRequest)
            #expect(try answer.json()["error"] as? String == "invalid_request")
        }
    }

    @Test func aFormWillDo() async throws {
        try await TestNode().test { client in
            let token = try await client.pair().refresh
            let answer = try await client.post("/refresh", "grant_type=refresh_token&refresh_token=\(token)")
            #expect(answer.status == .ok)
        }
    }
}

func bearer(_ token: String) -> HTTPFields { [.authorization: "Bearer \(token)"] }
