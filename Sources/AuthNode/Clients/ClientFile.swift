import Crypto
import Foundation
import JSON
import RevocationHTTP

/// The clients of a node, and the digests of their secrets: one JSON object a line.
package struct ClientFile: Sendable {
    private let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Adds a client. Makes the file if it does not exist.
    /// - Returns: its secret, 256 random bits, of which only the digest is kept.
    /// - Throws: ``NodeError``.
    package func add(_ identifier: String) throws(NodeError) -> String {
        let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Base64URL.encode($0) }
        try add(Client(identifier: identifier, digest: Client.digest(of: secret)))
        return secret
    }

    /// Adds a client that can keep no secret: a web page, or an application on a phone (RFC 6749 §2.1).
    /// - Throws: ``NodeError``.
    package func addPublic(_ identifier: String) throws(NodeError) {
        try add(Client(identifier: identifier, digest: nil))
    }

    private func add(_ client: Client) throws(NodeError) {
        try PrivateFile.change(path) { (path) throws(NodeError) in try Self.add(client, to: path) }
    }

    private static func add(_ client: Client, to path: String) throws(NodeError) {
        let identifier = client.identifier
        var clients = FileManager.default.fileExists(atPath: path) ? try read(path) : []
        guard (1...128).contains(identifier.utf8.count), identifier.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw NodeError(.invalidClient, "a client_id has 1 to 128 visible ASCII characters") }
        guard !clients.contains(where: { $0.identifier == identifier }) else {
            throw NodeError(.invalidClient, "the client exists already")
        }
        clients.append(client)
        var text = Data()
        for client in clients {
            guard let line = try? JSONEncoder().encode(client) else {
                throw NodeError(.unwritableFile, "a client cannot be encoded")
            }
            text += line + Data("\n".utf8)
        }
        try PrivateFile.write(text, to: path, replacing: true)
    }

    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidClient``.
    package func load() throws(NodeError) -> Clients { Clients(try Self.read(path)) }

    private static func read(_ path: String) throws(NodeError) -> [Client] {
        var clients: [Client] = []
        let lines = try PrivateFile.read(path).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            guard let client = try? StrictJSON.decode(Client.self, from: line),
                !clients.contains(where: { $0.identifier == client.identifier })
            else {
                throw NodeError(.invalidClient, "\(path):\(index + 1) is not a client, or a repeated one")
            }
            clients.append(client)
        }
        return clients
    }
}

/// A client and the SHA-256 of its secret: with 256 random bits no slower hash is needed.
struct Client: Codable, Sendable {
    let identifier: String
    /// nil for a public client.
    let digest: Data?

    private enum CodingKeys: String, CodingKey {
        case identifier, digest
        case isPublic = "public"
    }

    init(identifier: String, digest: Data?) {
        self.identifier = identifier
        self.digest = digest
    }

    /// A client without a secret has to be said to be public.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        identifier = try container.decode(String.self, forKey: .identifier)
        if try container.decodeIfPresent(Bool.self, forKey: .isPublic) == true {
            digest = nil
            guard !container.contains(.digest) else { throw Self.malformed(container) }
        } else {
            digest = try container.decode(Data.self, forKey: .digest)
            guard digest?.count == SHA256.byteCount else { throw Self.malformed(container) }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(identifier, forKey: .identifier)
        if let digest {
            try container.encode(digest, forKey: .digest)
        } else {
            try container.encode(true, forKey: .isPublic)
        }
    }

    private static func malformed(_ container: KeyedDecodingContainer<CodingKeys>) -> DecodingError {
        .dataCorruptedError(forKey: .digest, in: container, debugDescription: "a secret, or public")
    }

    static func digest(of secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }
}
