import Foundation

/// The configuration of a program, which a table of settings describes.
package protocol ProcessConfiguration: Sendable {
    /// The table. The order is that of `--help`.
    static var settings: [Setting<Self>] { get }
    static var names: SettingNames { get }
    /// What a process begins with.
    static var processDefaults: Self { get }
    /// Whether a file of settings is JSON that every parser reads alike.
    static func accepts(file: [UInt8]) -> Bool
    /// What has to be told about the settings, once there is a log.
    var notices: [String] { get set }
    /// What settings must be together.
    func validate() throws(SettingError)
}

extension ProcessConfiguration {
    package static func accepts(file: [UInt8]) -> Bool { true }
    package func validate() throws(SettingError) {}
}

/// Where a program's settings stand.
package struct SettingNames: Sendable {
    /// What its environment variables begin with.
    let variablePrefix: String
    /// The object of the file that holds its settings; nil for the file itself.
    package let section: String?
    /// Objects of the file that hold the settings of other programs.
    let otherSections: Set<String>

    package init(variablePrefix: String, section: String? = nil, otherSections: Set<String> = []) {
        self.variablePrefix = variablePrefix
        self.section = section
        self.otherSections = otherSections
    }

    func variable(_ name: String) -> String { variablePrefix + name.uppercased().replacing("-", with: "_") }

    /// Redis' spelling in the file itself, JSON's in a section: `max-revocation`, `clientId`.
    func key(_ name: String) -> String {
        guard section != nil else { return name }
        let words = name.split(separator: "-")
        return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }
}

/// A setting that cannot be meant; the message says what to do, and repeats no secret.
package struct SettingError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension ProcessConfiguration {
    /// Reads the settings: a flag wins over the environment, the environment over the file, the file over the default.
    /// - Parameters:
    ///   - flags: what the command line gave, by name; `config` names a JSON file, as the variable `…_CONFIG` does.
    ///   - environment: the process' own, unless a test passes another.
    /// - Throws: what cannot be read, and a key that is unknown: a misspelt password must not be passed over.
    package init(
        flags: [String: String], environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SettingError) {
        self = .processDefaults
        var file: SettingsFile?
        if let path = flags["config"] ?? environment[Self.names.variable("config")] {
            file = try SettingsFile(path, of: Self.self)
        }
        var serviceVariables: [String] = []
        for setting in Self.settings {
            let (variable, key) = (setting.variable, setting.key)
            var inEnvironment = environment[variable]
            if let text = inEnvironment, Self.isOfService(variable, text) {
                serviceVariables.append(variable)
                inEnvironment = nil
            }
            if let text = flags[setting.name] {
                let value = setting.isSecret ? "" : ", not \(String(text.prefix(120)).debugDescription)"
                try set(setting, text, from: "\(value) (--\(setting.name))")
            } else if let inEnvironment {
                try set(setting, inEnvironment, from: " (\(variable) of the environment)")
            } else if let file, let text = file.values[key] {
                try set(setting, text, from: " (\(key) of \(file.path))")
            }
        }
        if !serviceVariables.isEmpty {
            notices.append(
                "ignoring \(serviceVariables.joined(separator: ", ")): Kubernetes sets it for a Service of that name, it "
                    + "is no setting (enableServiceLinks: false keeps such variables out)")
        }
        try validate()
    }

    /// Checks each value by its row, whoever set it.
    package func checkValues() throws(SettingError) {
        var copy = self
        for setting in Self.settings {
            let text = setting.text(in: self)
            guard text.isEmpty || setting.parse(text, into: &copy) else {
                throw SettingError("\(setting.name) takes \(setting.kind)")
            }
        }
    }

    /// - Parameter source: what the error says besides. A value that others cannot see on the command line may be a
    ///   password in the wrong place, so it is not repeated.
    private mutating func set(_ setting: Setting<Self>, _ text: String, from source: String) throws(SettingError) {
        guard !setting.parse(text, into: &self) else { return }
        throw SettingError("\(setting.name) takes \(setting.kind)\(source)")
    }

    /// Kubernetes sets such variables in every pod: for a Service called `revoked`,
    /// `REVOKED_PORT=tcp://10.96.0.12:7379`. They look like settings and are none.
    private static func isOfService(_ variable: String, _ text: String) -> Bool {
        variable.hasSuffix("_PORT") && ["tcp://", "udp://", "sctp://"].contains { text.hasPrefix($0) }
    }
}
