import Contract
import Foundation
import Logging
import Revocation
import RevocationHTTP

/// The file of other issuers whose access tokens a node accepts: a JSON array of objects.
///
/// | member | what |
/// |---|---|
/// | `issuer` | `iss`, exactly |
/// | `audience` | what `aud` must name |
/// | `jwks` | where its keys are: an `https://` URL, or a file |
/// | `label` | its label in the denylist: 1 to 32 of `a-z 0-9 -` |
/// | `authTime` | whether `auth_time` is when the user logged in, and every refresh keeps it; default: false |
/// | `lead` | how far its clock may be ahead, in seconds, up to 30; default: 2 |
/// | `lifetime` | the longest lifetime of its tokens, in seconds; needed for tokens without `iat` |
/// | `session` | its longest session, in seconds: so long it may refresh tokens without asking; default: 2592000 |
///
/// Without a `lifetime` its tokens may live as long as a session, and for 30 days at most. Its revocations are kept for
/// both together: the last token of a session is issued at its end.
struct IssuerFile: Sendable {
    private struct Entry: Decodable {
        let issuer: String
        let audience: String
        let jwks: String
        let label: String
        let authTime: Bool?
        let lead: Double?
        let lifetime: Int64?
        let session: Int64?
    }

    /// How long sessions of an issuer live of which nothing is said, in seconds.
    private static let usualSession: Int64 = 30 * 86_400

    /// What the denylist's terms have to say of them.
    let terms: [RevocationConfiguration.Issuer]
    let issuers: [TrustedIssuer]
    /// How far their clocks may be ahead, by `iss`.
    var leads: [String: Duration] { Dictionary(issuers.map { ($0.name, $0.lead) }, uniquingKeysWith: max) }

    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidSetting``.
    init(_ path: String, logger: Logger) throws(NodeError) {
        let entries: [Entry]
        do {
            entries = try StrictJSON.decode([Entry].self, from: try PrivateFile.read(path))
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(
                .invalidSetting, "\(path) is not a JSON array of issuers, each with issuer, audience, jwks and label")
        }
        var terms: [RevocationConfiguration.Issuer] = []
        var issuers: [TrustedIssuer] = []
        for entry in entries {
            guard !terms.contains(where: { $0.name == entry.issuer }) else {
                throw NodeError(.invalidSetting, "\(path) names an issuer twice")
            }
            try Self.check(entry, path)
            let session = entry.session ?? Self.usualSession
            let lifetime = entry.lifetime ?? min(session, Self.usualSession)
            // It may refresh its tokens without asking the denylist: revocations outlast the last token of a session.
            let kept = Duration.seconds(session + lifetime)
            guard kept <= .milliseconds(Limits.maximumLifetimeMilliseconds) else {
                throw NodeError(
                    .invalidSetting,
                    """
                    \(path): an issuer's longest session and the lifetime of its tokens are 399 days together at most \
                    (without a lifetime its tokens may live for 30 days)
                    """)
            }
            terms.append(.init(entry.issuer, label: entry.label, lifetime: kept))
            do throws(VerificationKeysError) {
                var logger = logger
                logger[metadataKey: "issuer"] = "\(entry.issuer)"
                let keys = KeySetCache(try KeySetLocation(entry.jwks), logger: logger)
                var issuer = TrustedIssuer(name: entry.issuer, audience: entry.audience, keys: keys)
                issuer.usesAuthenticationTime = entry.authTime ?? false
                if let lead = entry.lead { issuer.lead = .seconds(lead) }
                if let lifetime = entry.lifetime { issuer.lifetime = .seconds(lifetime) }
                issuer.longestLifetime = .seconds(lifetime)
                issuers.append(issuer)
            } catch {
                throw NodeError(.invalidSetting, "\(path): \(error.message)")
            }
        }
        self.terms = terms
        self.issuers = issuers
    }

    /// Before anything is reckoned from them: a duration holds no number of any size.
    private static func check(_ entry: Entry, _ path: String) throws(NodeError) {
        guard (0...30).contains(entry.lead ?? 0) else {
            throw NodeError(.invalidSetting, "\(path): the lead of an issuer is 0 to 30 seconds")
        }
        guard (1...399 * 86_400).contains(entry.lifetime ?? 1) else {
            throw NodeError(.invalidSetting, "\(path): the lifetime of an issuer's tokens is 1 second to 399 days")
        }
        guard (1...399 * 86_400).contains(entry.session ?? 1) else {
            throw NodeError(.invalidSetting, "\(path): the longest session of an issuer is 1 second to 399 days")
        }
    }
}
