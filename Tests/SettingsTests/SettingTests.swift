import ArgumentParser
import Foundation
import Settings
import TestSupport
import Testing

@testable import revoked

/// One row of a table is all that a new setting takes.
@Suite struct SettingTests {
    struct Example: ProcessConfiguration {
        var limit = 10
        var size = 1 << 20
        var delay: Duration = .zero
        var isOn = false
        var color = Color.red
        var secret: String?
        var warnings: [String] = []

        enum Color: String, CaseIterable { case red, green, blue }

        static let names = SettingNames(variablePrefix: "EXAMPLE_", section: "example")
        static var processDefaults: Self { Self() }
        static let settings: [Setting<Self>] = [
            Setting("the-limit", \.limit, .number(in: 1...99), .changeable, note: "enough", help: "The most"),
            Setting("a-size", \.size, .size(in: 1024...1 << 30), help: "How large"),
            Setting("delay", \.delay, .seconds(in: 0...5), help: "How late"),
            Setting("on", \.isOn, .yesOrNo, form: .presence, help: "Whether it is"),
            Setting("color", \.color, .name(), help: "Its color", details: "Or its `colour`"),
            Setting(
                "secret", \.secret, .optional(.text(example: "…") { $0.count > 3 }), form: .absent, isSecret: true,
                help: "Nobody's business"),
        ]
    }

    private let folder = try! TemporaryFolder()

    private func read(
        _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) throws -> Example {
        let flags = try SettingFlags<Example>.parse(arguments).values
        guard let file else { return try Example(flags: flags, environment: environment) }
        return try Example(flags: flags.merging(["config": try folder.write(file)]) { $1 }, environment: environment)
    }

    private func message(_ arguments: [String] = [], _ environment: [String: String] = [:], file: String? = nil)
        -> String
    {
        let error = #expect(throws: SettingError.self) {
            try read(arguments, environment: environment, file: file)
        }
        return error?.description ?? ""
    }

    @Test func aRowIsAFlag() throws {
        let example = try read(["--the-limit", "11", "--a-size=2kb", "--delay", "3", "--on", "--color", "blue"])
        #expect(example.limit == 11 && example.size == 2048 && example.delay == .seconds(3))
        #expect(example.isOn && example.color == .blue)
        let help = SettingFlags<Example>.helpMessage(columns: 200)
        for line in [
            "--the-limit <the-limit> The most (1 to 99; default: 10, enough).", "How large (default: 1mb).",
            "How late (0 to 5; default: 0).", "Whether it is.", "red, green or blue: its color (default: red).",
            "A JSON file of settings under \"example\".",
        ] { #expect(help.contains(line), "\(help)") }
        #expect(!help.contains("--secret "))
        #expect(help.contains("A file with the value of secret."), "\(help)")
        #expect(throws: (any Error).self) { try read(["--secret", "hush"]) }
        let message = #expect(throws: (any Error).self) { try read(["--the-limitt", "1"]) }
        #expect(
            message.map { SettingFlags<Example>.fullMessage(for: $0).contains("Did you mean '--the-limit'?") } == true)
    }

    @Test func aRowIsAVariable() throws {
        let example = try read(environment: [
            "EXAMPLE_THE_LIMIT": "11", "EXAMPLE_A_SIZE": "2kb", "EXAMPLE_ON": "true", "EXAMPLE_SECRET": "hush",
            "EXAMPLE_OTHER": "x",
        ])
        #expect(example.limit == 11 && example.size == 2048 && example.isOn && example.secret == "hush")
    }

    @Test func aRowIsAKeyOfTheFile() throws {
        let file = #"{"other": [1], "example": {"theLimit": 11, "aSize": "2kb", "on": true, "secret": "hush"}}"#
        let example = try read(file: file)
        #expect(example.limit == 11 && example.size == 2048 && example.isOn && example.secret == "hush")
        let other = try Example(flags: [:], environment: ["EXAMPLE_CONFIG": try folder.write(file)])
        #expect(other.limit == 11)
        #expect(try read(file: "{}").limit == 10)
    }

    @Test func aFlagWinsOverTheEnvironmentAndThatOverTheFile() throws {
        let file = #"{"example": {"theLimit": 1, "delay": 1, "color": "blue"}}"#
        let example = try read(
            ["--the-limit", "3"], environment: ["EXAMPLE_THE_LIMIT": "2", "EXAMPLE_DELAY": "2"], file: file)
        #expect(example.limit == 3 && example.delay == .seconds(2) && example.color == .blue)
    }

    @Test func aRowIsALineOfTheDocumentation() {
        let lines = SettingsPage.table(of: Example.self).split(separator: "\n")
        #expect(lines[0] == "| flag | environment | file | default | takes | `CONFIG` | meaning |")
        #expect(
            lines[2] == "| `--the-limit` | `EXAMPLE_THE_LIMIT` | `theLimit` | 10, enough | a number from 1 to 99 "
                + "| `GET SET` | The most |")
        #expect(
            lines[6] == "| `--color` | `EXAMPLE_COLOR` | `color` | red | red, green or blue | – "
                + "| Its color. Or its `colour` |")
        #expect(
            lines[7].hasPrefix(
                "| `--secret-file` | `EXAMPLE_SECRET`, `EXAMPLE_SECRET_FILE` | `secret`, `secretFile` |  "
                    + "| a text that is not empty | – |"))
    }

    @Test func aFileThatParsersReadDifferentlyIsRefusedWithItsLine() {
        let repeated = message(file: "{\"example\": {\n\"theLimit\": 1,\n\"theL\\u0069mit\": 2}}")
        #expect(repeated.hasPrefix("the configuration file /") && repeated.hasSuffix("has a key twice: see line 3"))
        #expect(message(file: "{\"example\": {},\n\"example\": {}}").hasSuffix("has a key twice: see line 2"))
        #expect(message(file: "{\"example\": {}\n]").hasSuffix("is not JSON: see line 2"))
        #expect(message(file: "\u{FEFF}{}").hasSuffix("is not JSON: see line 1"))
        #expect(message(file: "[]").hasSuffix("has to be one JSON object"))
    }

    /// A value that is not on the command line may be a password in the wrong place.
    @Test func anErrorNamesSettingRangeAndSourceAndWhatTheCommandLineGave() {
        #expect(
            message(["--the-limit", "100"])
                == #"the-limit takes a number from 1 to 99, not "100" (--the-limit)"#)
        #expect(
            message([], ["EXAMPLE_DELAY": "soon"])
                == #"delay takes a number of seconds from 0 to 5 (EXAMPLE_DELAY of the environment)"#)
        #expect(
            message(["--a-size", "2gb"]) == #"a-size takes a size such as 100mb, from 1kb to 1gb, not "2gb" (--a-size)"#
        )
        let inFile = message(file: #"{"example": {"color": "pink"}}"#)
        #expect(inFile.hasPrefix("color takes red, green or blue (color of /"))
        #expect(
            message([], ["EXAMPLE_SECRET": "abc"])
                == "secret takes a text that is not empty (EXAMPLE_SECRET of the environment)")
        #expect(
            message(file: #"{"example": {"the-limit": 1}}"#)
                .hasSuffix("has an unknown setting under example: the-limit. Did you mean theLimit?"))
        #expect(message(file: #"{"example": {"weight": 1}}"#).hasSuffix("under example: weight"))
        for value in ["1.5", "null", "[1]", #"{"a": 1}"#] {
            #expect(
                message(file: #"{"example": {"theLimit": \#(value)}}"#)
                    .hasSuffix("has to be a string, a whole number or a boolean"))
        }
    }
}

extension TemporaryFolder {
    /// - Returns: the path.
    func write(_ text: String) throws -> String {
        try text.write(toFile: file("settings.json"), atomically: false, encoding: .utf8)
        return file("settings.json")
    }
}
