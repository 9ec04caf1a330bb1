import Foundation
import Testing

/// Rules for the tree that a compiler does not know.
@Suite struct TidyTests {
    private static let tree = SourceTree()

    @Test func theTreeIsFound() {
        #expect(Self.tree.swiftFiles.count > 300)
        #expect(Self.tree.documents.contains { $0.path == "README.md" })
    }

    /// Tables of settings are as wide as they have to be.
    @Test func noCommentIsWiderThan120Columns() {
        let wide = Self.tree.swiftFiles.flatMap { file in
            file.lines.enumerated().filter { _, line in
                let text = line.drop { $0 == " " }
                return line.count > 120 && text.hasPrefix("//") && !text.hasPrefix("/// |")
            }.map { "\(file.path):\($0.offset + 1)" }
        }
        #expect(wide == [])
    }

    /// - Note: a file that is listed and short enough by now fails, too.
    @Test func noFileIsLongerThan400Lines() {
        let tooLong = Self.tree.swiftFiles.filter { $0.lines.count > 400 }.map(\.path)
        #expect(Set(tooLong) == Exceptions.longFiles)
    }

    @Test func noFunctionIsLongerThan60Lines() {
        let tooLong = Self.tree.swiftFiles.flatMap { file in
            file.functions.filter { $0.lineCount > 60 }.map { "\(file.path) \($0.name)" }
        }
        #expect(Set(tooLong) == Exceptions.longFunctions)
    }

    @Test func aFunctionsLinesAreCounted() {
        let file = SourceTree.File(
            path: "", text: "struct A {\n    func b(\n        c: Int\n    ) {\n        c\n    }\n    func d() {}\n}\n")
        #expect(file.functions.map(\.name) == ["b"])
        #expect(file.functions.map(\.lineCount) == [5])
    }

    /// Users see the libraries; between targets `package` is enough.
    @Test func onlyTheLibrariesAreUsersBusiness() {
        let declaration = /^\s*(@\w+ )*public (?!import)/
        let others = Self.tree.swiftFiles.filter { file in
            file.path.hasPrefix("Sources/") && !Exceptions.libraries.contains(file.target)
                && file.lines.contains { $0.firstMatch(of: declaration) != nil }
        }
        #expect(Set(others.map(\.target)) == Exceptions.publicTargets)
    }

    @Test func noFolderHasMoreThan20Files() {
        let folders = Dictionary(grouping: Self.tree.swiftFiles.filter { $0.path.hasPrefix("Sources/") }) {
            $0.path.split(separator: "/").dropLast().joined(separator: "/")
        }
        #expect(Set(folders.filter { $0.value.count > 20 }.keys) == Exceptions.largeFolders)
    }

    /// References to an object with a weak one are counted in a table of their own, by each check.
    @Test func whatChecksCountHasNoWeakReferences() {
        let folders = ["Sources/Revocation/Connection/", "Sources/Revocation/Stores/Follower/"]
        let files = Self.tree.swiftFiles.filter { file in folders.contains { file.path.hasPrefix($0) } }
        #expect(files.count > 20)
        let weak = /\bweak (self|var|let|\w+\])/
        for file in files {
            for (number, line) in file.lines.enumerated() where !line.contains("//") {
                #expect(line.firstMatch(of: weak) == nil, "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func nothingIsLeftForLater() {
        let marker = /\b(TODO|FIXME|HACK)\b/
        for file in Self.tree.swiftFiles + Self.tree.documents where !file.path.hasPrefix("Tests/TidyTests/") {
            for (number, line) in file.lines.enumerated() {
                #expect(line.firstMatch(of: marker) == nil, "\(file.path):\(number + 1)")
            }
        }
    }

    /// Links of documents to files, and files of ours that comments and documents name.
    @Test func everyFileThatIsNamedIsThere() throws {
        let link = /\]\(([^)#\s]+)(#[^)]*)?\)/
        let name = /`((Sources|Tests|docker|\.ci)\/[A-Za-z0-9_+.\/-]+)`/
        let source = /`([\w+\/]+\.swift)`/
        let sources = Set(Self.tree.swiftFiles.compactMap { $0.path.split(separator: "/").last.map(String.init) })
        var count = 0
        for file in Self.tree.documents + Self.tree.swiftFiles {
            for (number, line) in file.lines.enumerated() {
                var targets = line.matches(of: name).map { String($0.1) }
                if file.isDocument {
                    let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
                    targets += line.matches(of: link).map(\.1).filter { !$0.contains(":") }.map {
                        folder.isEmpty ? String($0) : "\(folder)/\($0)"
                    }
                }
                for target in targets {
                    count += 1
                    #expect(Self.tree.has(target), "\(file.path):\(number + 1) names \(target)")
                }
                guard file.isDocument else { continue }
                for path in line.matches(of: source).map(\.1) {
                    let isThere =
                        path.split(separator: "/").last.map { sources.contains(String($0)) } ?? false
                        || Self.tree.has(String(path))
                    #expect(isThere, "\(file.path):\(number + 1) names \(path)")
                }
            }
        }
        #expect(count > 10)
    }
}
