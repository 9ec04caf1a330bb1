import Foundation
import Logging
import RevocationHTTP

/// The file of other issuers whose access tokens a node accepts: a JSON array of objects.
///
/// | member | what |
/// |---|---|
/// | `issuer` | `iss`, exactly |
/// | `audience` | what `aud` must name |
/// | `jwks` | where its keys are: an `https://` URL, or a file |
/// | `label` | its label in the denylist: 1 to 32 of `a-z 0-9 -` |
struct IssuerFile: Sendable {
    private struct Entry: Decodable {
        let issuer: String
        let audience: String
        let jwks: String
        let label: String
    }

    /// The labels by `iss`.
    let labels: [String: String]
    let issuers: [TrustedIssuer]

    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidSetting``.
    init(_ path: String, logger: Logger) throws(NodeError) {
        let entries: [Entry]
        do {
            entries = try JSONDecoder().decode([Entry].self, from: try PrivateFile.read(path))
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(
                .invalidSetting, "\(path) is not a JSON array of issuers, each with issuer, audience, jwks and label")
        }
        var labels: [String: String] = [:]
        var issuers: [TrustedIssuer] = []
        for entry in entries {
            guard labels.updateValue(entry.label, forKey: entry.issuer) == nil else {
                throw NodeError(.invalidSetting, "\(path) names an issuer twice")
            }
            do throws(VerificationKeysError) {
                let keys = KeySetCache(try KeySetLocation(entry.jwks), logger: logger)
                issuers.append(TrustedIssuer(name: entry.issuer, audience: entry.audience, keys: keys))
            } catch {
                throw NodeError(.invalidSetting, "\(path): \(error.message)")
            }
        }
        self.labels = labels
        self.issuers = issuers
    }
}
