import Foundation

/// The files of this repository that somebody wrote.
struct SourceTree {
    struct File {
        let path: String
        let lines: [Substring]

        init(path: String, text: String) {
            self.path = path
            lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        }

        var isDocument: Bool { path.hasSuffix(".md") }
        /// Of `Sources/<target>/…`.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    }

    let swiftFiles: [File]
    let documents: [File]
    private let root: URL

    init() {
        root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var (swiftFiles, documents): ([File], [File]) = ([], [])
        let base = root.standardizedFileURL.path(percentEncoded: false)
        for folder in ["Sources", "Tests", "docker"] {
            let files = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: nil)
            while let url = files?.nextObject() as? URL {
                let path = String(url.standardizedFileURL.path(percentEncoded: false).dropFirst(base.count))
                guard let text = Self.text(of: url) else { continue }
                switch url.pathExtension {
                case "swift": swiftFiles.append(File(path: path, text: text))
                case "md": documents.append(File(path: path, text: text))
                default: break
                }
            }
        }
        for name in ["README.md", "CONTRIBUTING.md", "SECURITY.md"] {
            guard let text = Self.text(of: root.appending(path: name)) else { continue }
            documents.append(File(path: name, text: text))
        }
        (self.swiftFiles, self.documents) = (swiftFiles, documents)
    }

    /// Whether there is a file or a folder of this path.
    func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false))
    }

    private static func text(of url: URL) -> String? {
        ["swift", "md"].contains(url.pathExtension) ? try? String(contentsOf: url, encoding: .utf8) : nil
    }
}

extension SourceTree.File {
    struct Function {
        let name: String
        let lineCount: Int
    }

    /// Those with a body of several lines, as `swift format` lays them out: the end stands under the beginning.
    var functions: [Function] {
        let beginning = /^( *)(?:[@\w().]+ )*(?:func ([^\s(<]+)|(init|deinit)\b)/
        var functions: [Function] = []
        for (start, line) in lines.enumerated() {
            guard let match = line.firstMatch(of: beginning), !line.hasSuffix("}") else { continue }
            let end = lines[(start + 1)...].firstIndex {
                $0.hasPrefix(match.1 + "}") || $0 == match.1.dropLast(4) + "}"
            }
            guard let end, lines[end].hasPrefix(match.1 + "}") else { continue }
            functions.append(Function(name: String(match.2 ?? match.3 ?? ""), lineCount: end - start + 1))
        }
        return functions
    }
}
