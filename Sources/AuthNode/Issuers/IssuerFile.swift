import Contract
import Foundation
import JSON
import Logging
import Revocation
package import RevocationHTTP

/// The file of other issuers whose access tokens a node accepts: a JSON array of objects (``Entry``).
package struct IssuerFile: Sendable {
    /// How long sessions of an issuer live of which nothing is said, in seconds.
    private static let usualSession: Int64 = 30 * 86_400

    /// What the denylist's terms have to say of them.
    let terms: [RevocationConfiguration.Issuer]
    let issuers: [TrustedIssuer]
    /// How far their clocks may be ahead, by `iss`.
    var leads: [String: Duration] { Dictionary(issuers.map { ($0.name, $0.lead) }, uniquingKeysWith: max) }

    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidSetting``.
    init(_ path: String, logger: Logger) throws(NodeError) {
        var terms: [RevocationConfiguration.Issuer] = []
        var issuers: [TrustedIssuer] = []
        for entry in try Self.entries(of: path) {
            guard !terms.contains(where: { $0.name == entry.issuer }) else {
                throw NodeError(.invalidSetting, "\(path) names an issuer twice")
            }
            do throws(Entry.Invalid) { try entry.check() } catch {
                throw NodeError(.invalidSetting, "\(path): \(error.message)")
            }
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
                issuers.append(try entry.trusted(longestLifetime: .seconds(lifetime), logger: logger))
            } catch {
                throw NodeError(.invalidSetting, "\(path): \(error.message)")
            }
        }
        self.terms = terms
        self.issuers = issuers
    }

    /// The claims with the identifiers of each issuer's tokens, by `iss`: for a command that reads a token.
    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidSetting``.
    package static func claimNames(in path: String) throws(NodeError) -> [String: ClaimNames] {
        Dictionary(try entries(of: path).map { ($0.issuer, $0.claimNames) }) { first, _ in first }
    }

    private static func entries(of path: String) throws(NodeError) -> [Entry] {
        do {
            return try StrictJSON.decode([Entry].self, from: try PrivateFile.read(path))
        } catch let error as NodeError {
            throw error
        } catch let error as Entry.Invalid {
            throw NodeError(.invalidSetting, "\(path): \(error.message)")
        } catch {
            throw NodeError(
                .invalidSetting,
                "\(path) is not a JSON array of issuers, each with issuer, label, and an audience or clients")
        }
    }
}
