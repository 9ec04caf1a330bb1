import Foundation
public import Logging

/// Private keys in files, shared by the nodes of one issuer.
public enum KeyFiles {
    /// Reads a PEM file, or every `*.pem` of a directory in the order of their names.
    ///
    /// The first key signs, all verify: a new key is added under a later name on every node, and moved to the front
    /// once all of them know it.
    /// - Returns: at least one key.
    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidKeyFile``.
    public static func load(_ path: String, logger: Logger) throws(NodeError) -> [SigningKey] {
        var keys: [SigningKey] = []
        for file in try files(at: path) {
            if PrivateFile.isExposed(file) {
                logger.warning("others may read a private key: chmod 600 it", metadata: ["file": "\(file)"])
            }
            let pem = String(decoding: try PrivateFile.read(file), as: UTF8.self)
            do {
                keys.append(try SigningKey(pem: pem))
            } catch {
                throw NodeError(.invalidKeyFile, "\(file): \(error.message)")
            }
        }
        guard Set(keys.map(\.publicKey.identifier)).count == keys.count else {
            throw NodeError(.invalidKeyFile, "two files of \(path) hold the same key")
        }
        return keys
    }

    /// Writes a new key to a new file that only its owner may read.
    /// - Throws: ``NodeError/Code/unwritableFile``, also if the file exists.
    public static func create(_ path: String, algorithm: SigningKey.Algorithm) throws(NodeError) -> SigningKey {
        let key = SigningKey(generating: algorithm)
        try PrivateFile.write(Data(key.pem.utf8) + Data("\n".utf8), to: path, replacing: false)
        return key
    }

    private static func files(at path: String) throws(NodeError) -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw NodeError(.unreadableFile, "there is no key at \(path): make one with `revoked node make-key`")
        }
        guard isDirectory.boolValue else { return [path] }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw NodeError(.unreadableFile, "cannot list \(path)")
        }
        let files = names.filter { $0.hasSuffix(".pem") }.sorted().map { "\(path)/\($0)" }
        guard !files.isEmpty else {
            throw NodeError(.unreadableFile, "\(path) holds no *.pem: make one with `revoked node make-key`")
        }
        return files
    }
}
