import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Revocation
import RevocationHTTP
import TestSupport
import Testing

@testable import AuthNode

/// `GET /events`: a stream that ends with its token.
@Suite(.timeLimit(.minutes(1))) struct EventStreamTests {
    private static func open(_ token: String, _ client: any TestClientProtocol) async throws -> TestResponse {
        try await client.execute(uri: "/events", method: .get, headers: [.authorization: "Bearer \(token)"])
    }

    private func waitFor(_ count: Int, _ node: TestNode) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while node.denylist.openTokens != count {
            try #require(ContinuousClock.now < deadline, "\(node.denylist.openTokens) are open")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test(arguments: [false, true]) func itEndsWhenItsUserLogsOut(everywhere: Bool) async throws {
        let node = try await TestNode()
        try await node.test { client in
            let (token, other) = (try await client.token(), try await client.pair("bob").access)
            async let stream = Self.open(token, client)
            async let another = Self.open(other, client)
            try await waitFor(2, node)
            // One user of the two.
            let path = everywhere ? "/logout-everywhere" : "/logout"
            #expect(try await client.post(path, "", [.authorization: "Bearer \(token)"]).status == .ok)
            let answer = try await stream
            #expect(answer.status == .ok && answer.headers[.contentType] == "text/event-stream; charset=utf-8")
            #expect(answer.headers[.cacheControl] == "no-store")
            let end = "event: open\ndata: {}\n\nevent: end\ndata: {\"because\":\"revoked\"}\n\n"
            #expect(answer.text == end)
            #expect(node.denylist.openTokens == 1)
            #expect(try await Self.open(token, client).status == .unauthorized)
            #expect(try await client.logout(other).status == .ok)
            #expect(try await another.text == end)
        }
    }

    @Test func onlyTheBearerOfATokenGetsOne() async throws {
        let node = try await TestNode()
        try await node.test { client in
            #expect(try await client.execute(uri: "/events", method: .get).status == .unauthorized)
            #expect(try await Self.open("x", client).status == .unauthorized)
            let (token, refresh) = try await client.pair()
            #expect(try await Self.open(refresh, client).status == .unauthorized)
            let bearer: HTTPFields = [.authorization: "Bearer \(token)"]
            #expect(try await client.execute(uri: "/events", method: .head, headers: bearer).status == .ok)
            #expect(try await client.execute(uri: "/events", method: .put, headers: bearer).status == .methodNotAllowed)
            node.denylist.isAway = true
            #expect(try await Self.open(token, client).status == .serviceUnavailable)
            #expect(node.denylist.openTokens == 0)
        }
    }

    @Test func aSubjectHasSoManyAtOnce() throws {
        let places = StreamPlaces(connections: 100)
        var taken = try (0..<StreamPlaces.maximumOfOne).map { _ in try places.take(for: "alice") }
        #expect(throws: Refusal.self) { try places.take(for: "alice") }
        taken += try (0..<18).map { try places.take(for: "\($0)") }
        let full = #expect(throws: Refusal.self) { try places.take(for: "bob") }
        #expect(full?.status == .serviceUnavailable && places.count == 50)
        taken.removeFirst()
        taken.append(try places.take(for: "alice"))
        taken = []
        #expect(places.count == 0)
    }
}
