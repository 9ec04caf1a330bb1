import AuthNode
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@Suite struct AdministrationTests {
    private static let secret = String(repeating: "s3cret.-", count: 4)

    private func node() async throws -> TestNode {
        var settings = TestNode.settings
        settings.adminSecret = Self.secret
        return try await TestNode(settings: settings)
    }

    @Test func anAdministratorEndsEverySessionOfASubject() async throws {
        try await node().test { client in
            let (alice, bob) = (try await client.pair(), try await client.pair("bob"))
            let answer = try await client.post(
                "/admin/revoke", #"{"subject":"alice","reason":"compromised"}"#, bearer(Self.secret))
            #expect(answer.status == .ok)
            #expect(try await client.me(alice.access).status == .unauthorized)
            #expect(try await client.refresh(alice.refresh).status == .badRequest)
            #expect(try await client.me(bob.access).status == .ok)
            #expect(try await client.me(try await client.token()).status == .ok)
        }
    }

    @Test func noOtherCredentialIsAccepted() async throws {
        try await node().test { client in
            let token = try await client.token()
            for headers in [[:], bearer(token), bearer(Self.secret + "x")] as [HTTPFields] {
                let answer = try await client.post("/admin/revoke", #"{"subject":"alice"}"#, headers)
                #expect(answer.status == .unauthorized)
            }
            #expect(try await client.me(token).status == .ok)
        }
        let status = try await TestNode().test { client in
            try await client.post("/admin/revoke", #"{"subject":"alice"}"#, bearer("")).status
        }
        #expect(status == .notFound)
    }

    @Test(arguments: [
        "", "{}", #"{"subject":""}"#, #"{"subject":"a","client":"b"}"#, #"{"subject":"a","reason":""}"#,
        #"{"session":"a","reason":"rotated:1700000000000:next"}"#,
    ])
    func itMustSayWhat(body: String) async throws {
        try await node().test { client in
            let answer = try await client.post("/admin/revoke", body, bearer(Self.secret))
            #expect(answer.status == .badRequest)
        }
    }

    @Test func whatIsNotAcknowledgedIsSaidNotToBeRevoked() async throws {
        let node = try await node()
        node.denylist.isAway = true
        try await node.test { client in
            let answer = try await client.post("/admin/revoke", #"{"subject":"alice"}"#, bearer(Self.secret))
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.text.contains("NOT revoked"))
        }
    }
}
