import Contract
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Revocation
import RevocationHTTP
import Testing

/// The Swift of the article on protecting routes, compiled and run.
@Suite struct ArticleTests {
    @Test func theExampleIsTheFileThatIsCompiledHere() throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent()
        let article = directory.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Revocation/Revocation.docc/ProtectingRoutes.md")
        let example = try String(contentsOf: directory.appending(path: "ArticleExample.swift"), encoding: .utf8)
        #expect(try String(contentsOf: article, encoding: .utf8).contains("```swift\n\(example)```\n"))
    }

    private func aStreamEndsWithItsToken() async throws {
        let (forge, list) = (TokenForge(), try RevocationList("memory:"))
        let router = Router(context: ShopContext.self)
        addPrices(
            to: router, gate: TokenGate(verifier: try await forge.verifier(), denylist: list), denylist: list)
        let token = "Bearer \(try forge.token())"
        let text = try await Application(router: router).test(.router) { client in
            async let stream = client.execute(uri: "/prices", method: .get, headers: [.authorization: token])
            let deadline = ContinuousClock.now + .seconds(20)
            while list.openTokens == 0 {
                try #require(ContinuousClock.now < deadline, "no stream is open")
                try await Task.sleep(for: .milliseconds(2))
            }
            try await list.revoke(.session("s-1"))
            return String(buffer: try await stream.body)
        }
        #expect(text.hasPrefix("data: 42\n\n"))
    }

    @Test func theExampleDoesWhatItSays() async throws {
        let router = Router(context: ShopContext.self)
        try addRoutes(to: router, denylist: try RevocationList("memory:"))
        let status = try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/orders", method: .get).status
        }
        #expect(status == .unauthorized)
        try await aStreamEndsWithItsToken()

        let forge = TokenForge()
        let verifier = try await forge.verifier()
        let token = "Bearer \(try forge.token())"
        let clear = TokenGate(verifier: verifier, denylist: RecordingDenylist(.clear))
        #expect(try await customer(authorization: token, gate: clear) == "alice")
        let revoked = TokenGate(verifier: verifier, denylist: RecordingDenylist(.revoked(.logout)))
        let refusal = await #expect(throws: Refusal.self) { try await customer(authorization: token, gate: revoked) }
        #expect(refusal?.status == .unauthorized)
        #expect(refusal?.allHeaders[.wwwAuthenticate]?.contains("invalid_token") == true)
        #expect(refusal.map { String(decoding: $0.body, as: UTF8.self).contains("has been revoked") } == true)
    }
}
