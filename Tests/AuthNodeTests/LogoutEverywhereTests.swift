import AuthNode
import Foundation
import HTTPTypes
import HummingbirdTesting
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
            let answer = try await client.post("/logout-everywhere", #"{"keep_current":true}"#, bearer(here.access))
            #expect(answer.status == .ok)
            let kept = try answer.pair()
            #expect(
                try TokenParts(kept.access).claims["sid"] as? String
                    == TokenParts(here.access).claims["sid"] as? String)
            #expect(try await client.me(kept.access).status == .ok)
            for old in [here.access, there.access] { #expect(try await client.me(old).status == .unauthorized) }
            for old in [here.refresh, there.refresh] { #expect(try await client.refresh(old).status == .badRequest) }
            #expect(try await client.me(kept.access).status == .ok)
            #expect(try await client.refresh(kept.refresh).status == .ok)
        }
    }

    @Test func aRevokedTokenEndsNobodysSessions() async throws {
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
