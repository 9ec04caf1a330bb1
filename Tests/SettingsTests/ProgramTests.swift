import ArgumentParser
import AuthNode
import Foundation
import RevokedServer
import Settings
import TestSupport
import Testing

@testable import revoked

/// Every row of the tables of our programs.
@Suite struct ProgramTests {
    private let folder = try! TemporaryFolder()

    @Test func everySettingOfTheDaemonIsReadFromEverySource() throws { try check(ServerConfiguration.self) }

    @Test func everySettingOfTheNodeIsReadFromEverySource() throws {
        try check(NodeConfiguration.self, required: ["keys": "k", "users": "u"])
    }

    /// A value that is not the default goes in by each source and comes out the same.
    private func check<Configuration: ProcessConfiguration>(
        _ type: Configuration.Type, required: [String: String] = [:]
    ) throws {
        #expect(Configuration.settings.count > 20)
        #expect(Set(Configuration.settings.map(\.name)).count == Configuration.settings.count)
        for setting in Configuration.settings {
            let defaults = try Configuration(flags: required, environment: [:])
            let sample = try #require(anotherValue(of: setting), "\(setting.name)")
            var expected = Configuration.processDefaults
            #expect(setting.parse(sample, into: &expected), "\(setting.name)")
            let text = setting.text(in: expected)
            #expect(text != setting.text(in: .processDefaults), "\(setting.name)")

            let arguments = setting.form == .presence ? ["--\(setting.name)"] : ["--\(setting.name)=\(sample)"]
            if setting.form != .absent {
                let flags = try SettingFlags<Configuration>.parse(arguments).values
                let byFlag = try Configuration(flags: required.merging(flags) { $1 }, environment: [:])
                #expect(setting.text(in: byFlag) == text)
            }
            let others = required.filter { $0.key != setting.name }
            let byVariable = try Configuration(flags: others, environment: [setting.variable: sample])
            #expect(setting.text(in: byVariable) == text)
            if let name = setting.fileName {
                let secret = folder.file("secret")
                try sample.write(toFile: secret, atomically: false, encoding: .utf8)
                let flags = try SettingFlags<Configuration>.parse(["--\(name)", secret]).values
                let byFile = try Configuration(flags: others.merging(flags) { $1 }, environment: [:])
                #expect(setting.text(in: byFile) == text)
            }
            let settings = #"{"\#(setting.key)": \#(sample.debugDescription)}"#
            let file = Configuration.names.section.map { #"{"\#($0)": \#(settings)}"# } ?? settings
            let byFile = try Configuration(
                flags: others.merging(["config": try folder.write(file)]) { $1 }, environment: [:])
            #expect(setting.text(in: byFile) == text)
            // No other setting changes with it.
            for other in Configuration.settings where other.name != setting.name {
                #expect(other.text(in: byFile) == other.text(in: defaults), "\(other.name)")
            }
        }
    }

    /// Passwords are known by their kind: none of them may be forgotten.
    @Test func everyPasswordIsASecret() {
        func secrets<Configuration: ProcessConfiguration>(_ type: Configuration.Type) -> [String] {
            Configuration.settings.filter(\.isSecret).map(\.name)
        }
        func looksSecret<Configuration: ProcessConfiguration>(_ type: Configuration.Type) -> [String] {
            Configuration.settings.map(\.name).filter { name in
                ["pass", "secret", "backend", "import-from", "follow", "password"].contains { name.hasSuffix($0) }
            }
        }
        #expect(secrets(ServerConfiguration.self) == looksSecret(ServerConfiguration.self))
        #expect(secrets(NodeConfiguration.self) == looksSecret(NodeConfiguration.self))
        #expect(ServerConfiguration.settings.allSatisfy { !$0.isSecret || $0.runtime == .hidden })
    }

    /// A value that is accepted, and no default.
    private func anotherValue<Configuration>(of setting: Setting<Configuration>) -> String? {
        let usual = setting.text(in: .processDefaults)
        switch setting.kind {
        case .number(let range, _):
            return Int(usual).map { String($0 < range.upperBound ? $0 + 1 : range.lowerBound) }
        case .size: return "2mb"
        case .oneOf(let names): return names.first { $0 != usual }
        case .other(_, let example): return example
        }
    }

    @Test func aWrongValueOfTheDaemonIsRefusedByNameAndSource() { refuse(ServerConfiguration.self) }

    @Test func aWrongValueOfTheNodeIsRefusedByNameAndSource() { refuse(NodeConfiguration.self) }

    private func refuse<Configuration: ProcessConfiguration>(_ type: Configuration.Type) {
        let value = "x y"
        var count = 0
        for setting in Configuration.settings where !setting.isSecret {
            var configuration = Configuration.processDefaults
            guard !setting.parse(value, into: &configuration) else { continue }
            count += 1
            for (flags, environment, source) in [
                ([setting.name: value], [:], ", not \"\(value)\" (--\(setting.name))"),
                ([:], [setting.variable: value], " (\(setting.variable) of the environment)"),
            ] {
                let error = #expect(throws: SettingError.self) {
                    try Configuration(flags: flags, environment: environment)
                }
                #expect(error?.description == "\(setting.name) takes \(setting.kind)\(source)")
            }
        }
        #expect(count > 10)
    }

    @Test func thePageHasTheTableOfTheDaemon() throws { try find(SettingsPage.table(of: ServerConfiguration.self)) }

    @Test func thePageHasTheTableOfTheNode() throws { try find(SettingsPage.table(of: NodeConfiguration.self)) }

    private func find(_ table: String) throws {
        #expect(try SettingsPage.text().contains(table), "put this into \(SettingsPage.path):\n\(table)")
    }
}
