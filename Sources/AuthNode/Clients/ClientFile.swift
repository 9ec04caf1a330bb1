import Crypto
import Foundation
import RevocationHTTP

/// Servers that may revoke and introspect tokens, and the digests of their secrets: one JSON object a line.
package struct ClientFile: Sendable {
    private let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Adds a client; makes the file if it is not there.
    /// - Returns: its secret, 256 random bits, of which only the digest is kept.
    /// - Throws: ``NodeError``.
    package func add(_ identifier: String) throws(NodeError) -> String {
        let path = try PrivateFile.target(of: path)
        let lock = try PrivateFile.lock(directoryOf: path)
        defer { close(lock) }
        var clients = FileManager.default.fileExists(atPath: path) ? try read() : []
        guard (1...128).contains(identifier.utf8.count), identifier.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw NodeError(.invalidClient, "a client_id has 1 to 128 visible ASCII characters") }
        guard !clients.contains(where: { $0.identifier == identifier }) else {
            throw NodeError(.invalidClient, "there is such a client already")
        }
        let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Base64URL.encode($0) }
        clients.append(Client(identifier: identifier, digest: Client.digest(of: secret)))
        var text = Data()
        for client in clients {
            guard let line = try? JSONEncoder().encode(client) else {
                throw NodeError(.unwritableFile, "a client cannot be encoded")
            }
            text += line + Data("\n".utf8)
        }
        try PrivateFile.write(text, to: path, replacing: true)
        return secret
    }

    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidClient``.
    package func load() throws(NodeError) -> Clients { Clients(try read()) }

    private func read() throws(NodeError) -> [Client] {
        var clients: [Client] = []
        let lines = try PrivateFile.read(path).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            guard let client = try? StrictJSON.decode(Client.self, from: line),
                client.digest.count == SHA256.byteCount,
                !clients.contains(where: { $0.identifier == client.identifier })
            else {
                throw NodeError(.invalidClient, "\(path):\(index + 1) is not a client, or one that was there before")
            }
            clients.append(client)
        }
        return clients
    }
}

/// A client and the SHA-256 of its secret: with 256 random bits no slower hash is needed.
struct Client: Codable, Sendable {
    let identifier: String
    let digest: Data

    static func digest(of secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }
}
