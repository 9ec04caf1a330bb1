import Files
import Foundation
package import Logging
import RevocationHTTP

/// Private keys in files, shared by the nodes of one issuer.
package enum KeyFiles {
    /// The present contents of the files.
    struct Contents {
        /// The keys by file, in the order of the files' names, each key once.
        var keys: [(file: String, key: SigningKey)] = []
        /// Files without a key, and why.
        var problems: [NodeError] = []
    }

    /// Reads a PEM file, or every `*.pem` of a directory in the order of their names.
    ///
    /// The first key signs, all verify: a new key is added under a later name on every node, and moved to the front
    /// once all of them have it.
    /// - Returns: at least one key.
    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidKeyFile`` if a file is not a key.
    package static func load(_ path: String, logger: Logger) throws(NodeError) -> [SigningKey] {
        let contents = try read(path, held: [:])
        if let problem = contents.problems.first { throw problem }
        guard !contents.keys.isEmpty else {
            throw NodeError(.unreadableFile, "\(path) holds no *.pem: make one with `revoked node make-key`")
        }
        for (file, _) in contents.keys where RegularFile.isExposed(file) {
            logger.warning("others may read a private key: chmod 600 it", metadata: ["file": "\(file)"])
        }
        return contents.keys.map(\.key)
    }

    /// The same while a node runs. The key of a removed file is dropped, whatever state the other files are in. So is
    /// the key of a file with other contents. An unreadable file keeps its key.
    /// - Parameter held: the keys of the last reading, by file.
    /// - Throws: ``NodeError/Code/unreadableFile`` if the directory cannot be listed: nothing is known then.
    static func read(_ path: String, held: [String: SigningKey]) throws(NodeError) -> Contents {
        var contents = Contents()
        for file in try files(at: path) {
            do throws(RegularFileError) {
                let pem = String(decoding: try PrivateFile.contents(of: file), as: UTF8.self)
                do throws(NodeError) { contents.add(try SigningKey(pem: pem), from: file) } catch {
                    contents.problems.append(NodeError(.invalidKeyFile, "\(file): \(error.message)"))
                }
            } catch {
                if error.isMissing {
                    let remedy = "make one with `revoked node make-key`"
                    contents.problems.append(NodeError(.unreadableFile, "there is no key at \(file): \(remedy)"))
                    continue
                }
                let consequence = held[file] == nil ? "" : ", its earlier key stays"
                contents.problems.append(
                    NodeError(.unreadableFile, "cannot read \(file)\(consequence): \(error.message)"))
                if let key = held[file] { contents.add(key, from: file) }
            }
        }
        return contents
    }

    /// Writes a new key to a new file with permissions 0600.
    /// - Throws: ``NodeError/Code/unwritableFile``, also if the file exists.
    package static func create(_ path: String, algorithm: SigningKey.Algorithm) throws(NodeError) -> SigningKey {
        let key = SigningKey(generating: algorithm)
        try PrivateFile.write(Data(key.pem.utf8) + Data("\n".utf8), to: path, replacing: false)
        return key
    }

    /// The file itself, even if it does not exist, or the files of the directory.
    private static func files(at path: String) throws(NodeError) -> [String] {
        do throws(RegularFileError) {
            guard try RegularFile.isDirectory(path) else { return [path] }
        } catch {
            guard error.isMissing else { throw NodeError(.unreadableFile, "cannot look at \(path): \(error.message)") }
            return [path]
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw NodeError(.unreadableFile, "cannot list \(path)")
        }
        return names.filter { $0.hasSuffix(".pem") }.sorted().map { "\(path)/\($0)" }
    }
}

extension KeyFiles.Contents {
    fileprivate mutating func add(_ key: SigningKey, from file: String) {
        guard let other = keys.first(where: { $0.key.publicKey.identifier == key.publicKey.identifier }) else {
            keys.append((file, key))
            return
        }
        problems.append(NodeError(.invalidKeyFile, "\(file) holds the same key as \(other.file)"))
    }
}
