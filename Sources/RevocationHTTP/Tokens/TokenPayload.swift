import Contract
import Foundation
import JSON

/// The claims that verification and revocation use (RFC 7519 §4.1, RFC 9068 §2.2), as a profile names them.
package struct TokenPayload: Sendable, DecodableWithConfiguration {
    package let issuer: String?
    let audience: OneOrMore?
    package let subject: String?
    package let session: String?
    package let identifier: String?
    /// One of them, if ``namesTwoClients``.
    package let client: String?
    private let namesTwoClients: Bool
    /// `iat`, Unix milliseconds, like all times here.
    package let issuedAt: Int64?
    package let notBefore: Int64?
    package let expiresAt: Int64?
    /// `auth_time`; nil also for a value that is no time (``authenticationTimeIsMalformed``).
    package let authenticatedAt: Int64?
    /// Only some issuers' `auth_time` is used. Tokens of others may have any value there.
    let authenticationTimeIsMalformed: Bool
    /// Whether the claims are present and absent as the profile says.
    let isForThisUse: Bool

    package init(from decoder: any Decoder, configuration profile: TokenProfile) throws {
        let claims = try decoder.container(keyedBy: Name.self)
        func text(_ name: String) throws -> String? {
            try claims.decodeIfPresent(String.self, forKey: Name(stringValue: name))
        }
        func time(_ name: String) throws -> Int64? {
            try claims.decodeIfPresent(NumericDate.self, forKey: Name(stringValue: name))?.milliseconds
        }
        issuer = try text("iss")
        audience = try claims.decodeIfPresent(OneOrMore.self, forKey: Name(stringValue: "aud"))
        subject = try text(profile.claimNames.subject)
        session = try text(profile.claimNames.session)
        identifier = try text(profile.claimNames.token)
        let clients = try profile.claimNames.clients.compactMap(text)
        namesTwoClients = !clients.dropFirst().allSatisfy { $0.isExactly(clients[0]) }
        client = clients.first
        issuedAt = try time("iat")
        notBefore = try time("nbf")
        expiresAt = try time("exp")
        do {
            authenticatedAt = try time("auth_time")
            authenticationTimeIsMalformed = false
        } catch {
            authenticatedAt = nil
            authenticationTimeIsMalformed = true
        }
        isForThisUse =
            profile.forbiddenClaims.allSatisfy { !claims.contains(Name(stringValue: $0)) }
            && profile.requiredClaims.allSatisfy { name, value in (try? text(name))?.isExactly(value) == true }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Revoking either client would have to revoke the token.
    func checkClient() throws(TokenRejection) {
        if namesTwoClients { throw TokenRejection(.unusableClaims, "the token names two clients") }
    }

    /// - Throws: ``TokenRejection`` for a token that is not for this server, or for another use.
    func check(against profile: TokenProfile) throws(TokenRejection) {
        try checkClient()
        try checkAudience(against: profile)
        guard profile.clients.isEmpty || profile.clients.contains(where: { client?.isExactly($0) == true }) else {
            throw TokenRejection(.wrongAudience, "the token was issued to another client")
        }
        guard isForThisUse else { throw .otherUse }
    }

    /// - Throws: ``TokenRejection/Code/wrongAudience``.
    func checkAudience(against profile: TokenProfile) throws(TokenRejection) {
        let names = audience?.texts ?? []
        let isForUs =
            profile.audiences.isEmpty
            ? audience == nil : names.contains { name in profile.audiences.contains { $0.isExactly(name) } }
        guard isForUs else { throw TokenRejection(.wrongAudience, "the token is for another audience") }
    }
}
