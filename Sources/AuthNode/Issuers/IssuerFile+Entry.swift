import Foundation
import JSON
import Logging
import RevocationHTTP

extension IssuerFile {
    /// An issuer in the file. An unknown member is an error: a misspelt one could let tokens pass.
    ///
    /// | member | what |
    /// |---|---|
    /// | `issuer` | `iss`, exactly |
    /// | `label` | its label in the denylist: 1 to 32 of `a-z 0-9 -` |
    /// | `audience` | what `aud` must name: one name, or an array of which one is enough |
    /// | `clients` | whose tokens are accepted; default: anyone's. Without `audience` a token with `aud` is refused |
    /// | `types` | header `typ`: `at+jwt`, `JWT`, or `none` for a token without; default: `["at+jwt"]` |
    /// | `require` | claims that a token must have with these texts, such as `{"token_use": "access"}` |
    /// | `claims` | the claims for `subject`, `session`, `token`, `client`; default: `sub`, `sid`, `jti`, `client_id` |
    /// | `jwks` | where its keys are: an `https://` URL, or a file; default: what its metadata say |
    /// | `metadata` | the URL of its metadata; default: `/.well-known/openid-configuration`, or RFC 8414's |
    /// | `algorithms` | those accepted, such as `["PS256"]`; default: what each key says, or is usual for it |
    /// | `authTime` | whether `auth_time` is when the user logged in, and every refresh keeps it; default: false |
    /// | `lead` | how far its clock may be ahead, in seconds, up to 30; default: 2 |
    /// | `lifetime` | the longest lifetime of its tokens, in seconds; needed for tokens without `iat` |
    /// | `session` | its longest session, in seconds: so long it may refresh without asking; default: 2592000 |
    ///
    /// Without `claims.client` a token's client is its `client_id` or `azp`. They may not differ.
    ///
    /// Without a `lifetime` its tokens may live as long as a session, and for 30 days at most. Its revocations are kept
    /// for both together: the last token of a session is issued at its end.
    struct Entry: Decodable {
        let issuer: String
        let label: String
        private let audience: OneOrMore?
        private let clients: [String]?
        private let types: [String]?
        private let require: [String: String]?
        private let claims: Claims?
        private let jwks: String?
        private let metadata: String?
        private let algorithms: [String]?
        private let authTime: Bool?
        private let lead: Double?
        let lifetime: Int64?
        let session: Int64?
        var claimNames: ClaimNames { claims?.names ?? ClaimNames() }

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case issuer, label, audience, clients, types, require, claims, jwks, metadata, algorithms, authTime, lead
            case lifetime, session
        }

        /// Why an entry is refused, for an operator.
        struct Invalid: Error {
            let message: String
        }

        private static let types: Set = ["at+jwt", "jwt", "none"]
        private static let algorithms: Set = [
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
        ]

        init(from decoder: any Decoder) throws {
            try decoder.refuseMembers(otherThan: CodingKeys.allCases.map(\.rawValue))
            let members = try decoder.container(keyedBy: CodingKeys.self)
            issuer = try members.decode(String.self, forKey: .issuer)
            label = try members.decode(String.self, forKey: .label)
            audience = try members.decodeIfPresent(OneOrMore.self, forKey: .audience)
            clients = try members.decodeIfPresent([String].self, forKey: .clients)
            types = try members.decodeIfPresent([String].self, forKey: .types)
            require = try members.decodeIfPresent([String: String].self, forKey: .require)
            claims = try members.decodeIfPresent(Claims.self, forKey: .claims)
            jwks = try members.decodeIfPresent(String.self, forKey: .jwks)
            metadata = try members.decodeIfPresent(String.self, forKey: .metadata)
            algorithms = try members.decodeIfPresent([String].self, forKey: .algorithms)
            authTime = try members.decodeIfPresent(Bool.self, forKey: .authTime)
            lead = try members.decodeIfPresent(Double.self, forKey: .lead)
            lifetime = try members.decodeIfPresent(Int64.self, forKey: .lifetime)
            session = try members.decodeIfPresent(Int64.self, forKey: .session)
        }

        /// Before anything is computed from the values: a duration holds no number of any size.
        func check() throws(Invalid) {
            guard (0...30).contains(lead ?? 0) else {
                throw Invalid(message: "the lead of an issuer is 0 to 30 seconds")
            }
            guard (1...399 * 86_400).contains(lifetime ?? 1) else {
                throw Invalid(message: "the lifetime of an issuer's tokens is 1 second to 399 days")
            }
            guard (1...399 * 86_400).contains(session ?? 1) else {
                throw Invalid(message: "the longest session of an issuer is 1 second to 399 days")
            }
            guard audience?.texts.isEmpty == false || clients?.isEmpty == false else {
                throw Invalid(message: "an issuer has an audience, or the clients whose tokens are accepted")
            }
            guard types?.isEmpty != true, Self.types.isSuperset(of: types?.map { $0.lowercased() } ?? []) else {
                throw Invalid(message: "the types of an issuer's tokens are at+jwt, JWT and none")
            }
            guard algorithms?.isEmpty != true, Self.algorithms.isSuperset(of: algorithms ?? []) else {
                throw Invalid(
                    message: "the algorithms of an issuer are \(Self.algorithms.sorted().joined(separator: ", "))")
            }
            guard jwks == nil || metadata == nil else {
                throw Invalid(message: "an issuer's keys are at jwks, or where its metadata say")
            }
        }

        func trusted(longestLifetime: Duration, logger: Logger) throws(VerificationKeysError) -> TrustedIssuer {
            let location =
                if let jwks { try KeySetLocation(jwks) } else {
                    try KeySetLocation(discovering: issuer, metadata: metadata)
                }
            let keys = KeySetCache(location, algorithms: algorithms.map { Set($0) }, logger: logger)
            var trusted = TrustedIssuer(name: issuer, audiences: audience?.texts ?? [], keys: keys)
            trusted.clients = clients ?? []
            if let types { trusted.types = Set(types.map { $0.lowercased() }) }
            trusted.requiredClaims = require ?? [:]
            trusted.claimNames = claimNames
            trusted.usesAuthenticationTime = authTime ?? false
            if let lead { trusted.lead = .seconds(lead) }
            if let lifetime { trusted.lifetime = .seconds(lifetime) }
            trusted.longestLifetime = longestLifetime
            return trusted
        }
    }

    private struct Claims: Decodable {
        let names: ClaimNames

        private enum CodingKeys: String, CodingKey, CaseIterable { case subject, session, token, client }

        init(from decoder: any Decoder) throws {
            try decoder.refuseMembers(otherThan: CodingKeys.allCases.map(\.rawValue))
            let members = try decoder.container(keyedBy: CodingKeys.self)
            var names = ClaimNames()
            names.subject = try members.decodeIfPresent(String.self, forKey: .subject) ?? names.subject
            names.session = try members.decodeIfPresent(String.self, forKey: .session) ?? names.session
            names.token = try members.decodeIfPresent(String.self, forKey: .token) ?? names.token
            names.clients = try members.decodeIfPresent(String.self, forKey: .client).map { [$0] } ?? names.clients
            self.names = names
        }
    }
}

extension Decoder {
    fileprivate func refuseMembers(otherThan known: [String]) throws {
        let unknown = try container(keyedBy: MemberName.self).allKeys.map(\.stringValue).filter { !known.contains($0) }
        guard let name = unknown.min() else { return }
        throw IssuerFile.Entry.Invalid(message: "an issuer has no member '\(name)'")
    }
}

private struct MemberName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
