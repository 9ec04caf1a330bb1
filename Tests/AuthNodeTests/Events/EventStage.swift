import Contract
import Crypto
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import Revocation
import RevocationHTTP
import TestSupport
import Testing

@testable import AuthNode

/// Members of a JSON object.
typealias JSONObject = [String: any Sendable]

/// Removes a member.
struct Absent: Sendable {}

/// An identity provider with a key, and a node that listens to it.
struct EventStage {
    static let issuer = "https://login.example"
    /// The `aud` of its messages. That of its access tokens is `shop`.
    static let audience = "client-1"
    static let labels = ["revoked": "own", issuer: "login"]
    static let seconds = TestNode.start / 1000
    static let caep = "https://schemas.openid.net/secevent/caep/event-type/"
    static let risc = "https://schemas.openid.net/secevent/risc/event-type/"

    let key = P256.Signing.PrivateKey()
    private let directory = try! TemporaryFolder()

    // MARK: What it sends

    /// - Parameter header: members that differ from those of a good token; nil removes one.
    func token(
        type: String?, claims: [String: Any], header: [String: String?] = [:], key: P256.Signing.PrivateKey? = nil
    ) throws -> String {
        var members: [String: String] = ["alg": "ES256", "kid": "k"]
        members["typ"] = type
        for (name, value) in header { members[name] = value }
        let input =
            Base64URL.encode(try JSONSerialization.data(withJSONObject: members)) + "."
            + Base64URL.encode(try JSONSerialization.data(withJSONObject: claims))
        let signature = try (key ?? self.key).signature(for: Data(input.utf8)).rawRepresentation
        return input + "." + Base64URL.encode(signature)
    }

    /// The claims of a good log-out token. ``Absent`` removes one.
    func logoutClaims(_ changes: JSONObject = [:]) -> JSONObject {
        changed(
            [
                "iss": Self.issuer, "aud": Self.audience, "iat": Self.seconds - 1, "exp": Self.seconds + 120,
                "jti": "l-1", "sid": "s-1", "events": [LogoutClaims.event: JSONObject()],
            ], changes)
    }

    func logoutToken(_ changes: JSONObject = [:], type: String? = "logout+jwt") throws -> String {
        try token(type: type, claims: logoutClaims(changes))
    }

    /// A good security event token about a subject.
    func event(
        _ type: String, _ subject: JSONObject, _ members: JSONObject = [:], _ changes: JSONObject = [:],
        key: P256.Signing.PrivateKey? = nil
    ) throws -> String {
        let claims = changed(
            [
                "iss": Self.issuer, "aud": Self.audience, "iat": Self.seconds - 1, "jti": "e-1", "sub_id": subject,
                "events": [type: members],
            ], changes)
        return try token(type: "secevent+jwt", claims: claims, key: key)
    }

    /// A token by which it asks to revoke a user's tokens.
    func requestToken(_ changes: JSONObject = [:], type: String? = "global-token-revocation+jwt") throws -> String {
        let claims = changed(
            [
                "iss": Self.issuer, "aud": Self.audience, "iat": Self.seconds - 1, "exp": Self.seconds + 300,
                "jti": "r-1", "sub": "okta",
            ], changes)
        return try token(type: type, claims: claims)
    }

    /// An access token of one of its users.
    func accessToken(
        _ subject: String = "alice", session: String? = "s-1", identifier: String = "t", issuedAt: Int64 = seconds - 5
    ) throws -> String {
        var claims: JSONObject = [
            "iss": Self.issuer, "aud": "shop", "sub": subject, "jti": identifier, "client_id": "app", "iat": issuedAt,
            "exp": Self.seconds + 600,
        ]
        claims["sid"] = session
        return try token(type: "at+jwt", claims: claims)
    }

    func user(_ subject: String = "alice") -> JSONObject {
        ["format": "iss_sub", "iss": Self.issuer, "sub": subject]
    }

    private func changed(_ claims: JSONObject, _ changes: JSONObject) -> JSONObject {
        claims.merging(changes) { _, new in new }.filter { !($0.value is Absent) }
    }

    // MARK: Who listens

    var jwks: String {
        let coordinates = key.publicKey.rawRepresentation
        let (x, y) = (Base64URL.encode(coordinates.prefix(32)), Base64URL.encode(coordinates.suffix(32)))
        return #"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"\#(x)","y":"\#(y)"}]}"#
    }

    /// - Parameter members: of the provider's entry in the file, beside issuer and audience.
    /// - Parameter namesSessions: whether its tokens are said to name their session; nil says nothing.
    func providers(
        _ members: String, namesSessions: Bool? = true, issuers: [TrustedIssuer]? = nil
    ) async throws -> [IdentityProvider] {
        let sessions = namesSessions.map { #""tokensNameSessions":\#($0),"# } ?? ""
        let entry = #"{"issuer":"\#(Self.issuer)","audience":"\#(Self.audience)",\#(sessions)\#(members)}"#
        return try await providers(file: "[\(entry)]", issuers: issuers)
    }

    /// - Parameter own: the issuer of the node's own tokens.
    func providers(
        file: String, own: String = "revoked", issuers: [TrustedIssuer]? = nil
    ) async throws -> [IdentityProvider] {
        let path = directory.file("providers.json")
        try Data(file.utf8).write(to: URL(filePath: path))
        let others = if let issuers { issuers } else { [try await trustedIssuer()] }
        return try IdentityProviderFile(
            path, issuers: .init(own: own, others: others),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).providers
    }

    func trustedIssuer() async throws -> TrustedIssuer {
        TrustedIssuer(name: Self.issuer, audience: "shop", keys: try await VerificationKeys(jwks: Data(jwks.utf8)))
    }

    /// - Parameter keys: of the provider; nil for those that do not change.
    func node(
        _ members: String = #""accepts":["logout","revocation","events"]"#, namesSessions: Bool? = true,
        keys: (any KeySource)? = nil, settings: NodeConfiguration = TestNode.settings
    ) async throws -> TestNode {
        var issuer = try await trustedIssuer()
        if let keys { issuer.keys = keys }
        return try await TestNode(
            settings: settings, issuers: [issuer],
            providers: try await providers(members, namesSessions: namesSessions, issuers: [issuer]),
            labels: Self.labels)
    }
}

extension TestClientProtocol {
    func sendLogout(_ token: String) async throws -> TestResponse {
        try await post("/backchannel-logout", "logout_token=\(token)", [.contentType: Self.form])
    }

    func push(_ token: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        var headers = headers
        headers[.contentType] = "application/secevent+jwt"
        return try await post("/events", token, headers)
    }

    func revokeUser(_ subject: JSONObject, _ token: String?) async throws -> TestResponse {
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[.authorization] = token.map { "Bearer \($0)" }
        let body = try JSONSerialization.data(withJSONObject: ["sub_id": subject])
        return try await post("/global-token-revocation", String(decoding: body, as: UTF8.self), headers)
    }

    static var form: String { "application/x-www-form-urlencoded" }
}

extension TestResponse {
    /// `error` of an OAuth error, or `err` of RFC 8935.
    func errorCode() throws -> String? {
        let body = try json()
        return body["error"] as? String ?? body["err"] as? String
    }
}
