import Foundation
import RevocationHTTP
import Testing

@testable import AuthNode

@Suite struct IdentityProviderFileTests {
    private let stage = EventStage()

    @Test func aShortEntryAcceptsLogOutsOnly() async throws {
        let provider = try await stage.providers(#""state":null"#)[0]
        #expect(provider.ways == [.logout])
        #expect(provider.revokes == EventStage.issuer)
        #expect(provider.subjects.formats == ["iss_sub", "opaque"])
        #expect(provider.issuesTokens)
        #expect(provider.poll == nil)
    }

    @Test func aLongEntryIsRead() async throws {
        let provider = try await stage.providers(
            """
            "accepts":["events"],"revokes":"revoked","subjects":["email"],"authorization":"Bearer x",
            "stream":"s","state":"v","poll":{"endpoint":"https://ssf.example/poll","authorization":"Bearer y",
            "interval":30,"wait":true}
            """)[0]
        #expect(provider.ways == [.events])
        #expect(provider.revokes == "revoked")
        #expect(provider.poll?.configuration.interval == .seconds(30))
        #expect(provider.poll?.configuration.waits == true)
    }

    /// A transmitter of events need not issue tokens.
    @Test func itMayHaveKeysOfItsOwn() async throws {
        let file = """
            [{"issuer":"https://ssf.example","audience":["a","b"],"jwks":"keys.json","accepts":["events"],
            "revokes":"revoked","subjects":["email"]}]
            """
        let provider = try await stage.providers(file: file)[0]
        #expect(!provider.issuesTokens)
        #expect(provider.issuer.audiences == ["a", "b"])
    }

    /// Nothing is known of the tokens of others; our own name their session. The sessions of others are none of ours.
    @Test func tokensNameSessionsIfItIsSaidOrThisNodeIsTheProvider() async throws {
        for (issuer, members, expected) in [
            (EventStage.issuer, "", false), (EventStage.issuer, #","tokensNameSessions":true"#, true),
            (EventStage.issuer, #","accepts":["events"],"revokes":"revoked","subjects":["email"]"#, false),
            ("revoked", #","jwks":"keys.json""#, true),
        ] {
            let entry = #"{"issuer":"\#(issuer)","audience":"a"\#(members)}"#
            let provider = try await stage.providers(file: "[\(entry)]")[0]
            #expect(provider.subjects.tokensNameSessions == expected, "\(entry)")
        }
    }

    /// `iss_sub` would name a subject that no token has.
    @Test func ofTokensWithAnotherSubjectTheFormatsAreSaid() async throws {
        var issuer = try await stage.trustedIssuer()
        issuer.claimNames.subject = "oid"
        let issuers = [issuer]
        await #expect(throws: NodeError.self) {
            try await stage.providers(#""accepts":["logout"]"#, issuers: issuers)
        }
        let provider = try await stage.providers(#""subjects":["iss_sub"]"#, issuers: issuers)[0]
        #expect(provider.subjects.formats == ["iss_sub"])
    }

    @Test(arguments: [
        "", "{}", "[1]", #"[{"issuer":"https://login.example"}]"#, #"[{"audience":"a"}]"#,
        entry(#""audience":[]"#), entry(#""audience":"""#), entry(#""audience":"a","accepts":[]"#),
        entry(#""audience":"a","accepts":["all"]"#), entry(#""audience":"a","accepts":["logout","logout"]"#),
        entry(#""audience":"a","revokes":"https://unknown.example""#),
        entry(#""audience":"a","revokes":"revoked""#), entry(#""audience":"a","subjects":["name"]"#),
        entry(#""audience":"a","events":{"urn:a":"delete"}"#),
        entry(#""audience":"a","poll":{"endpoint":"https://ssf.example"}"#),
        entry(#""audience":"a","accepts":["events"],"poll":{"endpoint":"http://ssf.example"}"#),
        entry(#""audience":"a","accepts":["events"],"poll":{"endpoint":"https://ssf.example","interval":0}"#),
        // Misspelt: anyone could send, and a refused poll would be asked again without a credential.
        entry(#""audience":"a","authorisation":"Bearer x""#),
        entry(#""audience":"a","accepts":["events"],"poll":{"endpoint":"https://ssf.example","token":"x"}"#),
        entry(#""audience":"a","lead":31"#), entry(#""audience":"a","lead":-1"#),
        entry(#""audience":"a","jwks":"http://ssf.example/keys""#),
        // Without keys, and without a word of what it calls our users.
        #"[{"issuer":"urn:a","audience":"a","accepts":["events"],"revokes":"revoked","subjects":["email"]}]"#,
        entry(#""audience":"a","accepts":["events"],"revokes":"revoked""#),
        "[" + entry(#""audience":"a""#).dropFirst().dropLast() + "," + entry(#""audience":"a""#).dropFirst(),
    ])
    func aBadFileIsRefused(text: String) async throws {
        await #expect(throws: NodeError.self) { try await stage.providers(file: text) }
    }

    private static func entry(_ members: String) -> String { #"[{"issuer":"\#(EventStage.issuer)",\#(members)}]"# }
}
