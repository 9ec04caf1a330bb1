import Contract
import Crypto
import Foundation
import HTTPTypes
import RevocationHTTP

/// Who may use the OAuth endpoints.
package struct Clients: Sendable {
    private let clients: [ExactString: Client]

    /// Nobody.
    package init() {
        clients = [:]
    }

    init(_ clients: [Client]) {
        self.clients = Dictionary(uniqueKeysWithValues: clients.map { (ExactString($0.identifier), $0) })
    }

    /// Authenticates the client of a request by HTTP Basic, or by `client_id` and `client_secret` in the body (RFC 6749
    /// §2.3.1). Takes the same time for a client that does not exist and for one whose secret is wrong.
    /// - Returns: the `client_id`.
    /// - Throws: 401 `invalid_client` (RFC 6749 §5.2).
    func authenticate(_ headers: HTTPFields, _ fields: BodyFields) throws(Refusal) -> String {
        guard let (identifier, secret) = Self.credentials(headers, fields) else { throw Self.refusal }
        let digest = SymmetricKey(data: Client.digest(of: secret))
        let client = clients[ExactString(identifier)]
        // Symmetric keys compare in constant time.
        let matches = digest == SymmetricKey(data: client?.digest ?? Data(repeating: 0, count: SHA256.byteCount))
        guard matches, client != nil else { throw Self.refusal }
        return identifier
    }

    private static func credentials(_ headers: HTTPFields, _ fields: BodyFields) -> (String, String)? {
        let values = headers[values: .authorization]
        if values.isEmpty {
            guard let identifier = fields["client_id"], let secret = fields["client_secret"] else { return nil }
            return (identifier, secret)
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
