import ArgumentParser
import Settings

/// The flags of a program, made from the rows of its table. ArgumentParser finds options by reflection; here the
/// mirror has one for each row.
struct SettingFlags<Configuration: ProcessConfiguration>: ParsableArguments, CustomReflectable {
    /// What was given, by name.
    private(set) var values: [String: String] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        if Configuration.names.allowsFile {
            values["config"] = try container.decode(Option<String?>.self, forKey: Name("config")).wrappedValue
        }
        for setting in Configuration.settings {
            let name = Name(setting.name)
            switch setting.form {
            case .value:
                values[setting.name] = try container.decode(Option<String?>.self, forKey: name).wrappedValue
            case .presence:
                if try container.decode(Flag<Bool>.self, forKey: name).wrappedValue { values[setting.name] = "yes" }
            case .absent: break
            }
            if let file = setting.fileName {
                values[file] = try container.decode(Option<String?>.self, forKey: Name(file)).wrappedValue
            }
        }
    }

    var customMirror: Mirror {
        let place = Configuration.names.section.map { " under \"\($0)\"" } ?? ""
        let file = Option<String?>(name: .customLong("config"), help: "A JSON file of settings\(place).")
        let first: [Mirror.Child] = Configuration.names.allowsFile ? [("config", file)] : []
        return Mirror(self, children: first + Configuration.settings.flatMap(Self.options))
    }

    private static func options(of setting: Setting<Configuration>) -> [Mirror.Child] {
        let (name, help) = (NameSpecification.customLong(setting.name), ArgumentHelp(setting.flagHelp))
        var options: [Mirror.Child] =
            switch setting.form {
            case .value: [(setting.name, Option<String?>(name: name, help: help))]
            case .presence: [(setting.name, Flag<Bool>(wrappedValue: false, name: name, help: help))]
            case .absent: []
            }
        if let file = setting.fileName {
            let help = ArgumentHelp("A file with the value of \(setting.name).")
            options.append((file, Option<String?>(name: .customLong(file), help: help)))
        }
        return options
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }
}
