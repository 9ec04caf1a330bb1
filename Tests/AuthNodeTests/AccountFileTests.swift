import AuthNode
import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct AccountFileTests {
    let directory = try! TemporaryFolder()

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
        try file.add("alice", password: "password one")
        let refusal = #expect(throws: NodeError.self) { try file.add("alice", password: "password two") }
        #expect(refusal?.code == .accountExists)
        try file.add("alice", password: "password two", replacing: true)
        #expect(try String(contentsOfFile: directory.file("users"), encoding: .utf8).split(separator: "\n").count == 1)
    }

    /// `sub` is compared byte for byte: two spellings are not one account, nor two that look alike.
    @Test func anotherSpellingIsNoOtherAccount() throws {
        let file = AccountFile(directory.file("users"))
        try file.add("jos\u{E9}", password: "password one")
        for replacing in [false, true] {
            let refusal = #expect(throws: NodeError.self) {
                try file.add("jose\u{301}", password: "password two", replacing: replacing)
            }
            #expect(refusal?.code == .accountExists)
        }
        try file.add("jos\u{E9}", password: "password two", replacing: true)
    }

    @Test func accountsAddedAtOnceAreAllKept() throws {
        let path = directory.file("users")
        let failures = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 6) { number in
            do {
                try AccountFile(path).add("user-\(number)", password: "password")
            } catch {
                failures.withLock { $0 += 1 }
            }
        }
        #expect(failures.withLock { $0 } == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 6)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["users"])
    }

    /// A daemon that runs there has its directory locked for life.
    @Test(.timeLimit(.minutes(1))) func theFileMayLieInADaemonsDirectory() throws {
        let daemon = open(directory.path, O_RDONLY | O_DIRECTORY)
        defer { close(daemon) }
        try #require(flock(daemon, LOCK_EX | LOCK_NB) == 0)
        try AccountFile(directory.file("users")).add("alice", password: "correct horse")
        _ = try ClientFile(directory.file("clients")).add("app")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["clients", "users"])
    }

    @Test func aSymbolicLinkStaysOne() throws {
        try AccountFile(directory.file("real")).add("alice", password: "password one")
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("link"), withDestinationPath: directory.file("real"))
        try AccountFile(directory.file("link")).add("bob", password: "password two")
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: directory.file("link")) == directory.file("real"))
        #expect(try String(contentsOfFile: directory.file("real"), encoding: .utf8).split(separator: "\n").count == 2)

        try FileManager.default.removeItem(atPath: directory.file("real"))
        let refusal = #expect(throws: NodeError.self) {
            try AccountFile(directory.file("link")).add("carol", password: "password three")
        }
        #expect(refusal?.code == .unwritableFile)
    }

    /// Only root can give a file away.
    @Test(.enabled(if: geteuid() == 0)) func aFileThatRootReplacesKeepsItsOwner() throws {
        let path = directory.file("users")
        try AccountFile(path).add("alice", password: "password one")
        try #require(chown(path, 12_345, 12_346) == 0)
        try AccountFile(path).add("bob", password: "password two")
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.ownerAccountID] as? Int == 12_345)
        #expect(attributes[.groupOwnerAccountID] as? Int == 12_346)
        #expect(try directory.permissions("users") == 0o600)
    }

    @Test(arguments: [
        ("", "password"), ("a\nb", "password"), ("alice", ""), ("alice", "seven-7"),
        ("alice", "e\u{301}e\u{301}"), (String(repeating: "a", count: 129), "password"),
    ])
    func aNameOrPasswordThatCannotBeMeantIsRefused(name: String, password: String) throws {
        let refusal = #expect(throws: NodeError.self) {
            try AccountFile(directory.file("users")).add(name, password: password)
        }
        #expect(refusal?.code == .invalidAccount)
        #expect(!FileManager.default.fileExists(atPath: directory.file("users")))
    }

    /// Eight characters (NIST SP 800-63B), of any number of bytes.
    @Test(arguments: ["eight-88", "пароль-8"]) func aPasswordOfEightCharactersIsLongEnough(password: String) throws {
        try AccountFile(directory.file("users")).add("alice", password: password)
        let refusal = #expect(throws: NodeError.self) {
            try AccountFile(directory.file("users")).add("bob", password: String(password.dropLast()))
        }
        #expect(refusal?.message == "a password has at least 8 characters")
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
        #expect(refusal?.message.contains("revoked node add-user --users \(directory.file("nowhere")) NAME") == true)
    }
}
