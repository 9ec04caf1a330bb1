import AuthNode
import Foundation
import Logging
import TestSupport
import Testing

@Suite struct KeyFilesTests {
    let directory = try! TemporaryFolder()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test(arguments: SigningKey.Algorithm.allCases)
    func aKeyIsReadAsItWasMade(algorithm: SigningKey.Algorithm) throws {
        let key = try KeyFiles.create(directory.file("1.pem"), algorithm: algorithm)
        #expect(try directory.permissions("1.pem") == 0o600)
        let loaded = try KeyFiles.load(directory.file("1.pem"), logger: logger)
        #expect(loaded.map(\.publicKey.identifier) == [key.publicKey.identifier])
        #expect(loaded[0].pem == key.pem)
    }

    @Test func aDirectoryIsReadInTheOrderOfItsNames() throws {
        let second = try KeyFiles.create(directory.file("2.pem"), algorithm: .es256)
        let first = try KeyFiles.create(directory.file("1.pem"), algorithm: .eddsa)
        try Data("not a key".utf8).write(to: URL(filePath: directory.file("README")))
        let loaded = try KeyFiles.load(directory.path, logger: logger)
        #expect(loaded.map(\.publicKey.identifier) == [first, second].map(\.publicKey.identifier))
    }

    @Test func aKeyIsNeverOverwritten() throws {
        _ = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        let refusal = #expect(throws: NodeError.self) {
            try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        }
        #expect(refusal?.code == .unwritableFile)
    }

    @Test func whatIsNoKeyIsAnError() throws {
        try Data("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8)
            .write(to: URL(filePath: directory.file("1.pem")))
        let refusal = #expect(throws: NodeError.self) { try KeyFiles.load(directory.path, logger: logger) }
        #expect(refusal?.code == .invalidKeyFile)
        let missing = #expect(throws: NodeError.self) { try KeyFiles.load(directory.file("no"), logger: logger) }
        #expect(missing?.code == .unreadableFile)
    }

    /// The example of RFC 8037 appendices A.1 and A.3.
    @Test func theIdentifierIsTheThumbprint() throws {
        let key = try SigningKey(
            pem: """
                -----BEGIN PRIVATE KEY-----
                MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
                -----END PRIVATE KEY-----
                """)
        #expect(key.publicKey.identifier == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }
}
