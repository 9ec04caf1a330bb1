import Crypto
import Foundation
import RevocationHTTP

/// Another issuer whose tokens the nodes accept, with its own keys, and a clock that is ahead of ours or behind it.
struct OtherIssuer: Sendable {
    /// A key, and its `kid`.
    struct Key: Sendable {
        let identifier: String
        let key: P256.Signing.PrivateKey

        init(_ identifier: String) {
            self.identifier = identifier
            key = P256.Signing.PrivateKey()
        }
    }

    /// What a token is about.
    struct Claims: Sendable {
        let subject: String
        let session: String
        let identifier: String
        let client: String
        /// Unix milliseconds, on the issuer's clock.
        var issuedAt: Int64
        /// Unix seconds.
        var expiresAt: Int64
    }

    /// `iss`, which is its label in the denylist, too.
    let name: String
    let audience: String
    /// What its clock is ahead of ours; below zero if it is behind.
    let ahead: Duration
    /// What nodes let it be ahead of the store's clock.
    let lead: Duration
    /// The first signs until it is revoked, then the next.
    let keys: [Key]
    /// A stranger's key, which it never publishes.
    let strangersKey = Key("stranger")
    /// Where nodes find its keys: a file, or `http://127.0.0.1:…`.
    let location: String

    init(name: String, audience: String, ahead: Duration, lead: Duration, keys: Int, location: String) {
        self.name = name
        self.audience = audience
        self.ahead = ahead
        self.lead = lead
        self.keys = (0..<keys).map { Key("\(name)-\($0)") }
        self.location = location
    }

    /// One whose clock is ahead, within what it may be, and one whose clock is behind.
    /// - Parameter keySets: the directory for their key sets.
    /// - Parameter served: where nodes find the keys of the first, if not in a file.
    static func two(
        lead: Duration, ahead: Duration = .milliseconds(1_200), keySets: String, servedAt served: String? = nil
    ) -> [OtherIssuer] {
        [("ahead", ahead, served), ("behind", .seconds(-3), nil)].map { name, ahead, served in
            OtherIssuer(
                name: name, audience: "revoked", ahead: ahead, lead: lead, keys: 48,
                location: served ?? "\(keySets)/\(name).json")
        }
    }

    /// Whether nodes ask a server for its keys.
    var servesKeys: Bool { location.contains("://") }

    /// An access token (RFC 9068).
    func token(_ claims: Claims, signedBy key: Key) throws -> TokenText {
        let header = #"{"alg":"ES256","kid":"\#(key.identifier)","typ":"at+jwt"}"#
        // Names are ours: letters, digits and dashes.
        let payload = """
            {"iss":"\(name)","aud":"\(audience)","sub":"\(claims.subject)","sid":"\(claims.session)",\
            "jti":"\(claims.identifier)","client_id":"\(claims.client)",\
            "iat":\(claims.issuedAt / 1000).\(Self.milliseconds(claims.issuedAt)),"exp":\(claims.expiresAt)}
            """
        let signed = "\(Base64URL.encode(Data(header.utf8))).\(Base64URL.encode(Data(payload.utf8)))"
        let signature = try key.key.signature(for: Data(signed.utf8)).rawRepresentation
        return TokenText(
            bytes: Array("\(signed).\(Base64URL.encode(signature))".utf8), identifier: claims.identifier,
            session: claims.session, subject: claims.subject, client: claims.client, key: key.identifier,
            logInTime: claims.issuedAt, expiresAt: claims.expiresAt)
    }

    /// Three digits.
    private static func milliseconds(_ time: Int64) -> String {
        let digits = String(time % 1000)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// The JSON Web Key Set (RFC 7517 §5) of some of its keys.
    static func keySet(_ keys: some Sequence<Key>) -> Data {
        let keys = keys.map { key in
            let coordinates = key.key.publicKey.rawRepresentation
            return """
                {"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"\(key.identifier)",\
                "x":"\(Base64URL.encode(coordinates.prefix(32)))","y":"\(Base64URL.encode(coordinates.suffix(32)))"}
                """
        }
        return Data(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8)
    }

    /// The file in which nodes find whom they are to trust.
    static func file(_ issuers: [OtherIssuer]) -> Data {
        let entries = issuers.map { issuer in
            """
            {"issuer":"\(issuer.name)","audience":"\(issuer.audience)","jwks":"\(issuer.location)",\
            "label":"\(issuer.name)","lead":\(issuer.lead.components.seconds)}
            """
        }
        return Data("[\(entries.joined(separator: ","))]".utf8)
    }
}
