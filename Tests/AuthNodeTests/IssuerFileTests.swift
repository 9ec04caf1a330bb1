import Foundation
import Logging
import Revocation
import RevocationHTTP
import Testing

@testable import AuthNode

@Suite struct IssuerFileTests {
    private let directory = try! TemporaryDirectory()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func file(_ members: String) throws(NodeError) -> IssuerFile {
        let text = #"[{"issuer":"https://a.example","audience":"shop","jwks":"a","label":"a"\#(members)}]"#
        try! Data(text.utf8).write(to: URL(filePath: directory.file("issuers")))
        return try IssuerFile(directory.file("issuers"), logger: logger)
    }

    /// An issuer that asks no denylist refreshes a revoked session's tokens until that session ends: so long is the
    /// revocation kept, however short our own tokens live.
    @Test(
        arguments: [
            ("", 30 * 86_400), (#","session":86400"#, 86_400), (#","session":31536000"#, 31_536_000),
            (#","session":60,"lifetime":7200"#, 7_200),
        ] as [(String, Int)])
    func revocationsAreKeptForTheLongestSession(members: String, seconds: Int) throws {
        let file = try file(members)
        #expect(file.terms.map(\.lifetime) == [.seconds(seconds)])
    }

    @Test(arguments: [
        #","session":0"#, #","session":34560000"#, #","session":"day""#, #","lifetime":0"#, #","lead":31"#,
        #","lead":1e40"#, #","lead":-1"#, #","session":9e18"#, #","lifetime":9223372036854775807"#,
        #","label":"b""#,
    ])
    func whatCannotBeMeantIsRefused(members: String) {
        #expect(throws: NodeError.self) { try file(members) }
    }
}
