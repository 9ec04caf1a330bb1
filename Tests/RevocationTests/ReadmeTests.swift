import Foundation
import Revocation
import Testing

/// The README's Swift, compiled and run.
struct ReadmeTests {
    /// The README's blocks of Swift; their label has nothing behind it.
    private static func blocks() throws -> [String] {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let readme = try String(contentsOf: package.appendingPathComponent("README.md"), encoding: .utf8)
        return readme.components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    }

    @Test func theExampleIsTheFileThatIsCompiledHere() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("ReadmeExample.swift")
        #expect(try Self.blocks() == [String(contentsOf: file, encoding: .utf8)])
    }

    @Test func theExampleDoesWhatItSays() async throws {
        try await makeDenylist().close()
        let denylist = try RevocationList("memory:")
        let now = Int64(Date.now.timeIntervalSince1970 * 1000)
        let token = TokenClaims(
            issuer: "example", subject: "alice", session: "s1", identifier: "t1", issuedAt: now,
            expiresAt: now + 900_000)
        #expect(await mayGoOn(token, denylist: denylist))
        try await logOut(token, denylist: denylist)
        #expect(await !mayGoOn(token, denylist: denylist))
        await denylist.close()
    }
}
