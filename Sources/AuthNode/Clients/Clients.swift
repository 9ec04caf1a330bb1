import Contract
import Crypto
import Foundation
import HTTPTypes
import RevocationHTTP

/// The clients that may use the OAuth endpoints.
package struct Clients: Sendable {
    private var clients: [ExactString: Client]

    /// No client.
    package init() {
        clients = [:]
    }

    init(_ clients: [Client]) {
        self.clients = Dictionary(uniqueKeysWithValues: clients.map { (ExactString($0.identifier), $0) })
    }

    /// These clients, and a public one unless it has a secret.
    func including(publicClient identifier: String) -> Clients {
        var all = self
        let name = ExactString(identifier)
        if all.clients[name] == nil { all.clients[name] = Client(identifier: identifier, digest: nil) }
        return all
    }

    /// Authenticates a request's client by HTTP Basic, or by `client_id` and `client_secret` in the body (RFC 6749
    /// §2.3.1). An unknown client and a wrong secret take the same time.
    /// - Returns: the `client_id`.
    /// - Throws: 401 `invalid_client` (RFC 6749 §5.2), also for a public client.
    func authenticate(_ headers: HTTPFields, _ fields: BodyFields) throws(Refusal) -> String {
        guard let (identifier, secret) = Self.credentials(headers, fields) else { throw Self.refusal }
        return try authenticate(identifier, secret)
    }

    /// Authenticates a client that has a secret. A public one only names itself (RFC 6749 §3.2.1): what it does has to
    /// be harmless for who knows the token.
    /// - Returns: the `client_id`.
    /// - Throws: 401 `invalid_client`.
    func identify(_ headers: HTTPFields, _ fields: BodyFields) throws(Refusal) -> String {
        guard let (identifier, secret) = Self.credentials(headers, fields) else { throw Self.refusal }
        if secret.isEmpty, let client = clients[ExactString(identifier)], client.digest == nil { return identifier }
        return try authenticate(identifier, secret)
    }

    private func authenticate(_ identifier: String, _ secret: String) throws(Refusal) -> String {
        let digest = SymmetricKey(data: Client.digest(of: secret))
        let known = clients[ExactString(identifier)]?.digest
        // Symmetric keys compare in constant time.
        let matches = digest == SymmetricKey(data: known ?? Data(repeating: 0, count: SHA256.byteCount))
        guard matches, known != nil else { throw Self.refusal }
        return identifier
    }

    /// - Returns: nil if there are none, or two. An empty secret is none (RFC 6749 §2.3.1).
    private static func credentials(_ headers: HTTPFields, _ fields: BodyFields) -> (String, String)? {
        let values = headers[values: .authorization]
        if values.isEmpty {
            return fields["client_id"].map { ($0, fields["client_secret"] ?? "") }
        }
        guard values.count == 1, fields["client_secret"] == nil, values[0].prefix(6).lowercased() == "basic ",
            let data = Data(base64Encoded: String(values[0].dropFirst(6))),
            let text = String(validating: data, as: UTF8.self), let colon = text.firstIndex(of: ":"),
            let identifier = BodyFields.decode(text[..<colon]),
            let secret = BodyFields.decode(text[text.index(after: colon)...])
        else { return nil }
        return (identifier, secret)
    }

    private static let refusal = Refusal(
        .unauthorized, code: "invalid_client", message: "client authentication failed",
        headers: [.wwwAuthenticate: "Basic realm=\"revoked\", charset=\"UTF-8\""])
}
