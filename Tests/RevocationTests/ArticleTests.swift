import Contract
import Foundation
import Revocation
import Testing

/// The documentation's examples are compiled, and do what the articles say.
struct ArticleTests {
    @Test func everyExampleIsCompiledHere() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let articles = tests.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Revocation/Revocation.docc")
        let compiled = try String(contentsOf: tests.appending(path: "ArticleExamples.swift"), encoding: .utf8)
        var count = 0
        // RevocationHTTPTests compiles the one article that needs RevocationHTTP.
        for name in try FileManager.default.contentsOfDirectory(atPath: articles.path)
        where name.hasSuffix(".md") && name != "ProtectingRoutes.md" {
            let text = try String(contentsOf: articles.appending(path: name), encoding: .utf8)
            for block in text.components(separatedBy: "```swift\n").dropFirst() {
                #expect(compiled.contains("\n" + block.components(separatedBy: "```")[0]), "\(name)")
                count += 1
            }
        }
        #expect(count == compiled.components(separatedBy: "\nfunc ").count - 1)
    }

    @Test func whatIsRevokedAndUndone() async throws {
        let list = try denylist(of: "memory:")
        func claims(_ kind: TokenClaims.Kind, _ identifier: String) async throws -> TokenClaims {
            let now = try await issueTime(for: "alice", of: list)
            return TokenClaims(
                kind: kind, issuer: "https://login.example", subject: "alice", session: identifier,
                identifier: identifier, issuedAt: now, expiresAt: now + 900_000)
        }
        let first = try await claims(.access, "first")
        #expect(await mayPass(first, list))
        try await logOut(first, of: list)
        #expect(await !mayPass(first, list))

        let second = try await claims(.access, "second")
        try await logOutEverywhere("alice", of: list)
        #expect(await !mayRead(second, list))
        let third = try await claims(.refresh, "third")
        #expect(try await refresh(third, list) != nil)
        #expect(try await refresh(third, list) == nil)
        #expect(try await undo("alice", of: list).count == 1)
        await list.close()
    }
}
