import Files
import Foundation
import JSON

/// The settings of a program in a JSON file, as texts.
struct SettingsFile {
    let path: String
    /// By key.
    let values: [String: String]
    /// That it holds a secret that others may read.
    let warning: String?

    /// - Throws: if the file cannot be read, has a key twice or an unknown one, or a value that no setting takes.
    init<Configuration: ProcessConfiguration>(_ path: String, of type: Configuration.Type) throws(SettingError) {
        self.path = path
        let file = "the configuration file \(path)"
        guard case .object(var settings) = try Self.contents(path, file) else {
            throw SettingError("\(file) has to be one JSON object")
        }
        let names = Configuration.names
        if let section = names.section {
            guard case .object(let own) = settings[section, default: .object([:])] else {
                throw SettingError("\(file) has to be one JSON object, and \(section) in it another")
            }
            settings = own
        }
        let known = Set(Configuration.settings.flatMap { [$0.key] + ($0.fileName.map { [names.key($0)] } ?? []) })
        var values: [String: String] = [:]
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) where !names.otherSections.contains(key) {
            guard known.contains(key) else {
                let place = names.section.map { " under \($0)" } ?? ""
                let meant = Self.nearest(to: key, in: known).map { ". Did you mean \($0)?" } ?? ""
                throw SettingError("\(file) has an unknown setting\(place): \(key)\(meant)")
            }
            guard case .text(let text) = value else {
                throw SettingError("\(key) in \(path) has to be a string, a whole number or a boolean")
            }
            values[key] = text
        }
        self.values = values
        let holdsSecret = Configuration.settings.contains { $0.isSecret && values[$0.key] != nil }
        warning = holdsSecret && RegularFile.isExposed(path) ? SecretFile.warning(path) : nil
    }

    private static func contents(_ path: String, _ file: String) throws(SettingError) -> Value {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch {
            throw SettingError("\(file) cannot be read: \(error.localizedDescription)")
        }
        do { return try StrictJSON.decode(from: data) } catch {
            guard let malformed = error as? StrictJSON.Malformed else { throw SettingError("\(file) is not JSON") }
            let line = data.prefix(malformed.offset).count { $0 == UInt8(ascii: "\n") } + 1
            switch malformed.reason {
            case .notUTF8: throw SettingError("\(file) is not UTF-8")
            case .syntax: throw SettingError("\(file) is not JSON: see line \(line)")
            case .repeatedName: throw SettingError("\(file) has a key twice: see line \(line)")
            }
        }
    }

    /// The key that was probably meant: at most three letters have to go or to come.
    static func nearest(to key: String, in known: Set<String>) -> String? {
        func letters(_ text: String) -> [Character] { text.lowercased().filter { $0 != "-" && $0 != "_" } }
        let distances = known.map { ($0, letters($0).difference(from: letters(key)).count) }
        return distances.min { ($0.1, $0.0) < ($1.1, $1.0) }.flatMap { $0.1 <= 3 ? $0.0 : nil }
    }

    private indirect enum Value: Decodable {
        case text(String)
        case object([String: Value])
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let isOn = try? container.decode(Bool.self) {
                self = .text(isOn ? "yes" : "no")
            } else if let number = try? container.decode(Int.self) {
                self = .text(String(number))
            } else {
                self = (try? container.decode([String: Value].self)).map(Value.object) ?? .other
            }
        }
    }
}
