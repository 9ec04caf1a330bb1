import AuthNode
import Foundation
import Testing

@Suite struct AccountFileTests {
    let directory = try! TemporaryDirectory()

    @Test func anAccountIsKeptForItsOwnerOnlyAndWithoutItsPassword() throws {
        let path = directory.file("users")
        try AccountFile(path).add("alice", password: "correct horse")
        try AccountFile(path).add("bob", password: "correct horse")
        #expect(try directory.permissions("users") == 0o600)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.split(separator: "\n").count == 2)
        #expect(!text.contains("correct horse"))
        #expect(try !Accounts(contentsOf: path).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["users"])
    }

    @Test func anAccountIsReplacedOnlyIfAskedTo() throws {
        let file = AccountFile(directory.file("users"))
        try file.add("alice", password: "one")
        let refusal = #expect(throws: NodeError.self) { try file.add("alice", password: "two") }
        #expect(refusal?.code == .accountExists)
        try file.add("alice", password: "two", replacing: true)
        #expect(try String(contentsOfFile: directory.file("users"), encoding: .utf8).split(separator: "\n").count == 1)
    }

    @Test(arguments: [("", "password"), ("a\nb", "password"), ("alice", ""), (String(repeating: "a", count: 129), "p")])
    func aNameOrPasswordThatCannotBeMeantIsRefused(name: String, password: String) throws {
        let refusal = #expect(throws: NodeError.self) {
            try AccountFile(directory.file("users")).add(name, password: password)
        }
        #expect(refusal?.code == .invalidAccount)
        #expect(!FileManager.default.fileExists(atPath: directory.file("users")))
    }

    @Test(arguments: [
        "nonsense", "{}",
        // Costs 64 GiB to check.
        #"{"name":"a","password":{"cost":{"rounds":67108864,"blockSize":8,"parallelism":1},"salt":"AAAAAAAAAAAAAAAAAAAAAA==","digest":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}"#,
    ])
    func aDamagedFileIsNamedWithItsLine(line: String) throws {
        try Data("\n\(line)\n".utf8).write(to: URL(filePath: directory.file("users")))
        let refusal = #expect(throws: NodeError.self) { try Accounts(contentsOf: directory.file("users")) }
        #expect(refusal?.code == .invalidAccountFile)
        #expect(refusal?.message.contains("users:2") == true)
    }

    @Test func aMissingFileIsAnError() {
        let refusal = #expect(throws: NodeError.self) { try Accounts(contentsOf: directory.file("nowhere")) }
        #expect(refusal?.code == .unreadableFile)
    }
}
