import Foundation
import Logging
import Revocation
import RevocationHTTP
import TestSupport
import Testing

@testable import AuthNode

@Suite struct IssuerFileTests {
    private let directory = try! TemporaryFolder()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func file(_ members: String) throws(NodeError) -> IssuerFile {
        let text = #"[{"issuer":"https://a.example","audience":"shop","jwks":"a","label":"a"\#(members)}]"#
        try! Data(text.utf8).write(to: URL(filePath: directory.file("issuers")))
        return try IssuerFile(directory.file("issuers"), logger: logger)
    }

    /// An issuer that asks no denylist refreshes a revoked session's tokens until that session ends, and the last of
    /// them lives on: so long is the revocation kept, however short our own tokens live.
    @Test(
        arguments: [
            ("", 60 * 86_400, 30 * 86_400), (#","session":86400"#, 2 * 86_400, 86_400),
            (#","session":31536000"#, 395 * 86_400, 30 * 86_400), (#","session":60,"lifetime":7200"#, 7_260, 7_200),
            (#","lifetime":3600"#, 30 * 86_400 + 3_600, 3_600),
        ] as [(String, Int, Int)])
    func revocationsAreKeptUntilTheLastTokenOfTheLongestSession(members: String, kept: Int, lifetime: Int) throws {
        let file = try file(members)
        #expect(file.terms.map(\.lifetime) == [.seconds(kept)])
        // Nor is a token accepted that lives for longer than a session's last.
        #expect(file.issuers.map(\.longestLifetime) == [.seconds(lifetime)])
    }

    @Test(arguments: [
        #","session":0"#, #","session":34560000"#, #","session":"day""#, #","lifetime":0"#, #","lead":31"#,
        #","lead":1e40"#, #","lead":-1"#, #","session":9e18"#, #","lifetime":9223372036854775807"#,
        #","session":31968001"#, #","session":31968000,"lifetime":2505601"#,
        #","label":"b""#, #","types":["dpop+jwt"]"#, #","types":[]"#, #","types":"JWT""#, #","types":["rt+jwt"]"#,
        #","algorithms":["HS256"]"#, #","algorithms":["none"]"#, #","algorithms":[]"#, #","require":{"a":1}"#,
        #","required":{"token_use":"access"}"#, #","claims":{"jti":"uti"}"#, #","metadata":"https://a.example/m""#,
        #","clients":"app""#,
    ])
    func whatCannotBeMeantIsRefused(members: String) {
        #expect(throws: NodeError.self) { try file(members) }
    }

    /// A misspelt `require` would let other tokens pass.
    @Test func anUnknownMemberIsNamed() {
        let error = #expect(throws: NodeError.self) { try file(#","requires":{}"#) }
        #expect(error?.message.hasSuffix("an issuer has no member 'requires'") == true)
    }

    @Test(arguments: [
        #"{"issuer":"a","label":"a","jwks":"a"}"#, #"{"issuer":"a","label":"a","jwks":"a","audience":[]}"#,
        #"{"issuer":"a","label":"a","jwks":"a","audience":[],"clients":[]}"#,
        #"{"issuer":"a","label":"a","audience":"a"}"#, #"{"label":"a","jwks":"a","audience":"a"}"#,
    ])
    func anIssuerSaysForWhomItsTokensAre(entry: String) throws {
        try Data("[\(entry)]".utf8).write(to: URL(filePath: directory.file("issuers")))
        #expect(throws: NodeError.self) { try IssuerFile(directory.file("issuers"), logger: logger) }
    }
}
