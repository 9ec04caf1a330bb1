import Contract
import Crypto
import CryptoExtras
import Foundation
import Logging
import RevocationHTTP
import TestSupport
import Testing

@testable import AuthNode

/// The entries that the article *Other issuers* has for well-known providers, with tokens as these make them. Keys and
/// values are made up.
@Suite struct IssuerPresetTests {
    private static let now: Int64 = 1_800_000_000
    private static let key = try! _RSA.Signing.PrivateKey(keySize: .bits2048)

    /// A provider's tokens: the accepted one with what is read of it, and others that it signs too.
    struct Provider: Sendable, CustomTestStringConvertible {
        let label: String
        let header: String
        let claims: String
        var subject: String
        var session: String?
        var token: String?
        var client: String?
        /// Since `now`, in seconds.
        var logIn: Int64
        /// Members of other tokens of the provider, nil for those that they lack: each is refused.
        let others: [[String: String?]]

        var testDescription: String { label }
    }

    static let providers = [
        Provider(
            label: "keycloak", header: #""typ":"JWT","#,
            claims: """
                "exp":1800000300,"iat":1800000000,"auth_time":1799990000,"jti":"onrtac:5d4c1b3f-6a2e","typ":"Bearer",\
                "iss":"https://sso.example/realms/shop","aud":["shop-api","account"],"azp":"shop-web","acr":"1",\
                "sub":"5c1e1a0e-9d0f-4c8e","sid":"a7f1-session","allowed-origins":["https://shop.example"],\
                "realm_access":{"roles":["offline_access"]},"resource_access":{"account":{"roles":["manage-account"]}},\
                "scope":"openid email profile","email_verified":true,"preferred_username":"alice"
                """,
            subject: "5c1e1a0e-9d0f-4c8e", session: "a7f1-session", token: "onrtac:5d4c1b3f-6a2e", client: "shop-web",
            logIn: -10_000,
            others: [
                ["typ": #""ID""#, "aud": #""shop-web""#], ["typ": #""ID""#], ["typ": #""Refresh""#],
                ["events": #"{"http://schemas.openid.net/event/backchannel-logout":{}}"#, "typ": #""Logout""#],
                ["events": #"{"http://schemas.openid.net/event/backchannel-logout":{}}"#],
            ]),
        Provider(
            label: "cognito", header: "",
            claims: """
                "sub":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","cognito:groups":["buyers"],"version":2,\
                "iss":"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE",\
                "client_id":"1h57kf5cpq17m0eml12EXAMPLE","origin_jti":"o-1111","event_id":"64f5","token_use":"access",\
                "scope":"phone openid email","auth_time":1799999000,"exp":1800003600,"iat":1800000000,"jti":"j-2222",\
                "username":"alice"
                """,
            subject: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", session: "o-1111", token: "j-2222",
            client: "1h57kf5cpq17m0eml12EXAMPLE", logIn: -1000,
            others: [
                ["token_use": #""id""#], ["token_use": #""id""#, "aud": #""1h57kf5cpq17m0eml12EXAMPLE""#],
                ["client_id": #""another""#], ["client_id": nil], ["aud": #""https://other.example""#],
            ]),
        Provider(
            label: "entra", header: #""typ":"JWT","#,
            claims: """
                "aud":"00001111-aaaa-2222-bbbb-3333cccc4444","ver":"2.0","azpacr":"0","rh":"0.AXYA","aio":"AXQAi/8IAAAA",\
                "iss":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",\
                "iat":1799999700,"nbf":1799999700,"exp":1800004200,"azp":"11112222-bbbb-3333-cccc-4444dddd5555",\
                "name":"Alice","oid":"o-alice","preferred_username":"alice@shop.example","scp":"access_as_user",\
                "sid":"s-entra","sub":"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",\
                "tid":"aaaabbbb-0000-cccc-1111-dddd2222eeee","uti":"fqiBqXLPj0eQa82S-IYFAA"
                """,
            subject: "o-alice", session: "s-entra", token: "fqiBqXLPj0eQa82S-IYFAA",
            client: "11112222-bbbb-3333-cccc-4444dddd5555", logIn: -300,
            others: [
                ["azp": nil, "scp": nil, "nonce": #""n""#], ["aud": #""00000003-0000-0000-c000-000000000000""#],
                ["ver": #""1.0""#, "iss": #""https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/""#],
                ["iss": #""https://login.microsoftonline.com/bbbbcccc-0000-cccc-1111-dddd2222eeee/v2.0""#],
            ]),
        Provider(
            label: "auth0", header: #""typ":"JWT","#,
            claims: """
                "iss":"https://shop.eu.auth0.com/","sub":"auth0|64f5c0ffee","iat":1800000000,"exp":1800086400,\
                "aud":["https://api.shop.example","https://shop.eu.auth0.com/userinfo"],"azp":"Yf3CL1ent",\
                "scope":"openid profile","https://shop.example/sid":"s-auth0"
                """,
            subject: "auth0|64f5c0ffee", session: "s-auth0", client: "Yf3CL1ent", logIn: 0,
            others: [
                ["aud": #""Yf3CL1ent""#, "azp": nil, "sid": #""s""#], ["iss": #""https://shop.eu.auth0.com""#],
            ]),
        Provider(
            label: "firebase", header: #""typ":"JWT","#,
            claims: """
                "name":"Alice","iss":"https://securetoken.google.com/shop-example","aud":"shop-example",\
                "auth_time":1799000000,"user_id":"Ux3a","sub":"Ux3a","iat":1800000000,"exp":1800003600,\
                "email":"alice@shop.example","email_verified":true,\
                "firebase":{"identities":{"email":["alice@shop.example"]},"sign_in_provider":"password"}
                """,
            subject: "Ux3a", logIn: -1_000_000,
            others: [
                ["aud": #""other-example""#], ["iss": #""https://session.firebase.google.com/shop-example""#],
                ["exp": "1800003601"],
            ]),
    ]

    private let directory = try! TemporaryFolder()

    private func jwks() throws -> String {
        let numbers = try Self.key.publicKey.getKeyPrimitives()
        // Without alg, as Microsoft's. Keycloak's set has one for encryption beside it.
        let (n, e) = (Base64URL.encode(numbers.modulus), Base64URL.encode(numbers.publicExponent))
        return """
            {"keys":[{"kty":"RSA","use":"enc","alg":"RSA-OAEP","kid":"e","n":"\(n)","e":"\(e)"},\
            {"kty":"RSA","use":"sig","kid":"k","n":"\(n)","e":"\(e)","x5t":"x","x5c":["MIIC"]}]}
            """
    }

    private func sign(_ header: String, _ claims: String) throws -> String {
        let input =
            Base64URL.encode("{\(header)\"kid\":\"k\",\"alg\":\"RS256\"}".utf8) + "."
            + Base64URL.encode(claims.utf8)
        let signature = try Self.key.signature(
            for: SHA256.hash(data: Data(input.utf8)), padding: .insecurePKCS1v1_5)
        return input + "." + Base64URL.encode(signature.rawRepresentation)
    }

    /// What the article says, with keys in a file.
    private func entry(_ label: String) throws -> String {
        let article = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/RevokedServer/RevokedServer.docc/OtherIssuers.md")
        let blocks = try String(contentsOf: article, encoding: .utf8).components(separatedBy: "```json\n").dropFirst()
        let texts = blocks.compactMap { $0.components(separatedBy: "\n```").first }
        #expect(texts.count == Self.providers.count)
        let text = try #require(texts.first { $0.contains("\"label\": \"\(label)\"") })
        return text.dropLast() + ",\"jwks\":\"\(directory.file("jwks"))\"}"
    }

    private func verifier(_ label: String) throws -> TokenVerifier {
        try Data(try jwks().utf8).write(to: URL(filePath: directory.file("jwks")))
        try Data("[\(try entry(label))]".utf8).write(to: URL(filePath: directory.file("issuers")))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let file = try IssuerFile(directory.file("issuers"), logger: logger)
        return TokenVerifier(issuers: file.issuers, clock: WallClock { Self.now * 1000 })
    }

    @Test(arguments: providers) func itsAccessTokenIsRead(provider: Provider) async throws {
        let claims = try await verifier(provider.label).verify(
            try sign(provider.header, "{\(provider.claims)}"), kinds: [.access, .refresh])
        #expect(claims.kind == .access)
        #expect(claims.subject == provider.subject)
        #expect(claims.session == provider.session)
        #expect(claims.identifier == provider.token)
        #expect(claims.client == provider.client)
        #expect(claims.key == "k")
        #expect(claims.logInTime == (Self.now + provider.logIn) * 1000)
    }

    /// A command that is given the token names the same things.
    @Test(arguments: providers) func aCommandReadsTheSameIdentifiers(provider: Provider) throws {
        try Data("[\(try entry(provider.label))]".utf8).write(to: URL(filePath: directory.file("issuers")))
        let token = try sign(provider.header, "{\(provider.claims)}")
        let names = try IssuerFile.claimNames(in: directory.file("issuers"))
        let claims = try TokenClaims(unverified: token, names: names)
        #expect(claims.subject == provider.subject && claims.session == provider.session)
        #expect(claims.identifier == provider.token && claims.client == provider.client)
    }

    @Test(arguments: providers) func itsOtherTokensAreRefused(provider: Provider) async throws {
        let verifier = try verifier(provider.label)
        let data = Data("{\(provider.claims)}".utf8)
        for other in provider.others {
            var members = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            for (name, value) in other {
                members[name] = try value.map {
                    try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
                }
            }
            let claims = String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self)
            let token = try sign(provider.header, claims)
            let rejection = await #expect(throws: TokenRejection.self, "\(other)") { try await verifier.verify(token) }
            #expect(
                rejection.map { [.wrongType, .wrongAudience, .wrongIssuer, .tooLongLived].contains($0.code) } == true,
                "\(other): \(String(describing: rejection))")
        }
        let refresh = try sign(#""typ":"rt+jwt","#, "{\(provider.claims)}")
        await #expect(throws: TokenRejection.self) { try await verifier.verify(refresh, kinds: [.access, .refresh]) }
    }
}
