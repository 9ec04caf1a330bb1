import ArgumentParser
import Foundation
import Settings
import TestSupport
import Testing

@testable import revoked

/// A secret may stand in a file that a setting names.
@Suite struct SecretFileTests {
    private typealias Example = SettingTests.Example

    private let folder = try! TemporaryFolder()

    private func secret(_ contents: String, mode: Int = 0o600) throws -> String {
        let path = folder.file("secret")
        try contents.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    private func message(_ flags: [String: String] = [:], _ environment: [String: String] = [:]) -> String {
        let error = #expect(throws: SettingError.self) { try Example(flags: flags, environment: environment) }
        return error?.description ?? ""
    }

    @Test func everySourceMayNameIt() throws {
        let path = try secret("hush\n")
        let flags = try SettingFlags<Example>.parse(["--secret-file", path]).values
        #expect(try Example(flags: flags, environment: [:]).secret == "hush")
        #expect(try Example(flags: [:], environment: ["EXAMPLE_SECRET_FILE": path]).secret == "hush")
        let file = try folder.write(#"{"example": {"secretFile": "\#(path)"}}"#)
        #expect(try Example(flags: ["config": file], environment: [:]).secret == "hush")
        // Of the file's name a flag wins, as of any other setting.
        #expect(
            try Example(flags: ["secret-file": path], environment: ["EXAMPLE_SECRET_FILE": "/nowhere"]).secret == "hush"
        )
    }

    @Test(arguments: [
        ("hush", "hush"), ("hush\n", "hush"), ("hush\r\n", "hush"), (" hush \n", " hush "), ("hüsh\t!\n", "hüsh\t!"),
        (String(repeating: "x", count: 4096), String(repeating: "x", count: 4096)),
    ])
    func oneNewlineAtItsEndIsNoPartOfIt(_ contents: String, _ value: String) throws {
        #expect(try Example(flags: ["secret-file": try secret(contents)], environment: [:]).secret == value)
    }

    @Test(arguments: [
        ("", "is empty"), ("\n", "is empty"), ("hush\n\n", "has to hold one line of text"),
        ("hush\nhush\n", "has to hold one line of text"), ("hush\0", "has to hold one line of text"),
        (String(repeating: "x", count: 4097), "holds more than 4096 bytes"),
    ])
    func aFileThatHoldsNoneIsRefused(_ contents: String, _ why: String) throws {
        let path = try secret(contents)
        #expect(message(["secret-file": path]) == "the file of secret \"\(path)\" (--secret-file) \(why)")
    }

    @Test func aFileThatCannotBeReadIsRefused() throws {
        #expect(
            message(["secret-file": "/nowhere/secret"])
                == #"the file of secret "/nowhere/secret" (--secret-file) cannot be read: No such file or directory"#)
        #expect(message(["secret-file": folder.file("")]).hasSuffix("cannot be read: is it a directory?"))
        try Data([0x68, 0xFF]).write(to: URL(filePath: folder.file("bytes")))
        #expect(message(["secret-file": folder.file("bytes")]).hasSuffix("has to hold one line of text"))
    }

    /// The secret itself may stand there by accident, and what is in a file is one.
    @Test func noErrorRepeatsASecret() throws {
        let accident = message([:], ["EXAMPLE_SECRET_FILE": "hunter2"])
        #expect(accident.contains("EXAMPLE_SECRET_FILE of the environment") && !accident.contains("hunter2"))
        let short = try secret("abc\n")
        let wrong = message(["secret-file": short])
        #expect(wrong == "secret takes a text that is not empty (in the file of --secret-file)")
    }

    /// Something that contains a configuration may be logged.
    @Test func aConfigurationShowsNothingOfItself() throws {
        let example = try Example(flags: [:], environment: ["EXAMPLE_SECRET": "hunter2"])
        var dumped = ""
        dump((example, [example]), to: &dumped)
        #expect(!("\((example, 1)) \(String(reflecting: [example]))" + dumped).contains("hunter2"))
    }

    @Test func bothAtOnceAreRefused() throws {
        let path = try secret("hush")
        let wish = "keep one of them"
        #expect(
            message([:], ["EXAMPLE_SECRET": "hush", "EXAMPLE_SECRET_FILE": path])
                == "secret is given by EXAMPLE_SECRET of the environment and by EXAMPLE_SECRET_FILE of the environment: \(wish)"
        )
        #expect(
            message(["secret-file": path], ["EXAMPLE_SECRET": "hush"])
                == "secret is given by EXAMPLE_SECRET of the environment and by --secret-file: \(wish)")
    }

    @Test func aFileThatOthersMayReadIsWarnedAbout() throws {
        let exposed = try secret("hush", mode: 0o644)
        let warnings = try Example(flags: ["secret-file": exposed], environment: [:]).warnings
        #expect(warnings == ["others may read the secret in \(exposed): chmod o-r the file"])
        for mode in [0o400, 0o600, 0o640] {
            let path = try secret("hush", mode: mode)
            #expect(try Example(flags: ["secret-file": path], environment: [:]).warnings == [])
        }
    }

    @Test func aSettingsFileThatHoldsOneIsWarnedAboutToo() throws {
        func warnings(_ settings: String) throws -> [String] {
            let file = try folder.write(#"{"example": {\#(settings)}}"#)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            return try Example(flags: ["config": file], environment: [:]).warnings
        }
        #expect(try warnings(#""secret": "hush""#).count == 1)
        #expect(try warnings(#""theLimit": 2"#) == [])
    }

    /// As in `--requirepass-file <(pass show revoked)`.
    @Test func aPipeMayHoldIt() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("hush\n".utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let example = try Example(flags: ["secret-file": path], environment: [:])
        #expect(example.secret == "hush" && example.warnings == [])
    }
}
