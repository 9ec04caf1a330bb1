import Foundation

/// The configuration of a program, which a table of settings describes. It holds secrets, so it shows nothing of itself
/// when something that contains it is logged.
package protocol ProcessConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    /// The table. The order is that of `--help`.
    static var settings: [Setting<Self>] { get }
    static var names: SettingNames { get }
    /// What a process begins with.
    static var processDefaults: Self { get }
    /// What has to be told about the settings, once there is a log.
    var warnings: [String] { get set }
    /// What settings must be together.
    func validate() throws(SettingError)
}

extension ProcessConfiguration {
    package var description: String { "configuration" }
    package var customMirror: Mirror { Mirror(self, children: []) }
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
    /// Whether a file may hold its settings.
    package let allowsFile: Bool
    /// What the variables of other programs begin with; nil if this program does not know them all.
    let otherVariables: [String]?

    /// - Parameter otherVariables: nil keeps silent about variables that are none of its settings.
    package init(
        variablePrefix: String, section: String? = nil, otherSections: Set<String> = [], allowsFile: Bool = true,
        otherVariables: [String]? = nil
    ) {
        self.variablePrefix = variablePrefix
        self.section = section
        self.otherSections = otherSections
        self.allowsFile = allowsFile
        self.otherVariables = otherVariables
    }

    package func variable(_ name: String) -> String { variablePrefix + name.uppercased().replacing("-", with: "_") }

    /// Redis' spelling in the file itself, JSON's in a section: `max-revocation`, `clientId`.
    package func key(_ name: String) -> String {
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
        var sources = SettingSources(names: Self.names, flags: flags, environment: environment)
        if Self.names.allowsFile, let path = flags["config"] ?? environment[Self.names.variable("config")] {
            sources.file = try SettingsFile(path, of: Self.self)
            if let warning = sources.file?.warning { warnings.append(warning) }
        }
        for setting in Self.settings {
            let given = sources.find(setting.name)
            if let name = setting.fileName, let named = sources.find(name) {
                if let given {
                    throw SettingError(
                        "\(setting.name) is given by \(given.place) and by \(named.place): keep one of them")
                }
                try set(setting, fromFile: named)
            } else if let given {
                let value = given.isFlag && !setting.isSecret ? ", not \(given.quoted)" : ""
                try set(setting, given.text, from: "\(value) (\(given.place))")
            }
        }
        if !sources.serviceVariables.isEmpty {
            warnings.append(
                "ignoring \(sources.serviceVariables.joined(separator: ", ")): Kubernetes sets it for a Service of that name, "
                    + "it is no setting (enableServiceLinks: false keeps such variables out)")
        }
        let known = Self.settings.flatMap { [$0.name] + ($0.fileName.map { [$0] } ?? []) } + ["config"]
        warnings += sources.warningsOfUnknown(besides: Set(known.map(Self.names.variable)))
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

    /// - Parameter named: the path of the file with the value.
    private mutating func set(_ setting: Setting<Self>, fromFile named: GivenSetting) throws(SettingError) {
        let file: SecretFile
        do throws(SecretFile.Failure) { file = try SecretFile(named.text) } catch {
            // By accident it may be the secret itself.
            let path = named.isFlag ? " \(named.quoted)" : ""
            throw SettingError("the file of \(setting.name)\(path) (\(named.place)) \(error)")
        }
        if file.isExposed { warnings.append(SecretFile.warning(named.text)) }
        try set(setting, file.text, from: " (in the file of \(named.place))")
    }
}
