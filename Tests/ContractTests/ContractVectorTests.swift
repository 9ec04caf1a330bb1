import Foundation
import Testing

/// The contract that any language can be tested against.
@Suite struct ContractVectorTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")
    private static let file = directory.appending(path: "contract.json")
    private static let python = "/usr/bin/python3"

    @Test func everyExampleHoldsHere() throws {
        let vectors = try ContractVectors(contentsOf: Self.file)
        #expect(vectors.mismatches.prefix(10) == [])
        #expect(vectors.count > 1_400)
        #expect(vectors.verdicts.count > 500)
        for verdict in ["clear", "revoked", "unknown"] {
            #expect(vectors.verdicts.count { $0.expected == verdict } > 50)
        }
    }

    @Test func thirtyLinesOfPythonFindTheSame() throws {
        let reader = Self.directory.appending(path: "read_contract.py")
        #expect(try String(contentsOf: reader, encoding: .utf8).split(separator: "\n").count <= 30)
        let (status, output) = try Self.run(reader, Self.file.path)
        #expect(status == 0, "\(output.prefix(1_000))")
        #expect(output == "1103 vectors hold\n")
    }

    /// It would notice: one verdict is changed.
    @Test(arguments: [("\"clear\"", "\"revoked\""), ("\"revoked\"", "\"clear\""), ("revoked:jti:A", "revoked:jti:B")])
    func aChangedExampleIsNoticedByBoth(old: String, new: String) throws {
        var text = try String(contentsOf: Self.file, encoding: .utf8)
        let range = try #require(text.range(of: "\"expected\": \(old)") ?? text.range(of: "\"\(old)\""))
        text.replaceSubrange(range, with: text[range].replacing(old, with: new))
        let changed = FileManager.default.temporaryDirectory.appending(path: "contract-\(UUID()).json")
        try Data(text.utf8).write(to: changed)
        defer { try? FileManager.default.removeItem(at: changed) }
        #expect(try ContractVectors(contentsOf: changed).mismatches != [])
        #expect(try Self.run(Self.directory.appending(path: "read_contract.py"), changed.path).status == 1)
    }

    @Test func theFileIsWhatItsProgramWrites() throws {
        let (status, output) = try Self.run(Self.directory.appending(path: "make_contract.py"))
        #expect(status == 0)
        #expect(try output == String(contentsOf: Self.file, encoding: .utf8))
    }

    private static func run(_ program: URL, _ arguments: String...) throws -> (status: Int32, output: String) {
        try #require(
            FileManager.default.isExecutableFile(atPath: python), "there is no \(python): apt-get install python3")
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [program.path] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
