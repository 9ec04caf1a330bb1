import Foundation
import Settings

/// The tables of `Settings.md`, made from those of the programs.
enum SettingsPage {
    static let path = "Sources/RevokedServer/RevokedServer.docc/Settings.md"

    static func text() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func table<Configuration: ProcessConfiguration>(of type: Configuration.Type) -> String {
        let settings = Configuration.settings
        let hasConfig = settings.contains { $0.runtime != .hidden }
        let columns =
            ["flag", "environment", "file", "default", "takes"] + (hasConfig ? ["`CONFIG`"] : []) + ["meaning"]
        let rows = settings.map { row($0, hasConfig: hasConfig) }
        return ([columns, columns.map { _ in "---" }] + rows).map(line).joined(separator: "\n")
            .replacing("| --- ", with: "|---").replacing("--- |", with: "---|")
    }

    private static func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }

    static func row<Configuration>(_ setting: Setting<Configuration>, hasConfig: Bool) -> [String] {
        let names = Configuration.names
        var flags = setting.form == .absent ? [] : ["`--\(setting.name)`"]
        var (variables, keys) = (["`\(setting.variable)`"], ["`\(setting.key)`"])
        if let file = setting.fileName {
            flags.append("`--\(file)`")
            variables.append("`\(names.variable(file))`")
            keys.append("`\(names.key(file))`")
        }
        let takes =
            if case .other(let what, let example) = setting.kind, !setting.isSecret {
                "\(what) (`\(example)`)"
            } else {
                "\(setting.kind)"
            }
        let config =
            switch setting.runtime {
            case .hidden: "–"
            case .readOnly, .protected: "`GET`"
            case .changeable: "`GET SET`"
            }
        let meaning = setting.help + (setting.details.isEmpty ? "" : ". \(setting.details)")
        return [flags, variables, keys].map { $0.joined(separator: ", ") } + [setting.defaultText, takes]
            + (hasConfig ? [config] : []) + [meaning]
    }
}
