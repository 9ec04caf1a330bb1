/// Where the settings of a program are looked for.
struct SettingSources {
    let names: SettingNames
    let flags: [String: String]
    let environment: [String: String]
    var file: SettingsFile?
    /// Variables that Kubernetes set, and that are no settings.
    private(set) var serviceVariables: [String] = []

    init(names: SettingNames, flags: [String: String], environment: [String: String]) {
        self.names = names
        self.flags = flags
        self.environment = environment
    }

    /// - Returns: nil if it is given nowhere.
    mutating func find(_ name: String) -> GivenSetting? {
        if let text = flags[name] { return GivenSetting(text: text, place: "--\(name)", isFlag: true) }
        let (variable, key) = (names.variable(name), names.key(name))
        if let text = environment[variable] {
            guard Self.isOfService(variable, text) else {
                return GivenSetting(text: text, place: "\(variable) of the environment", isFlag: false)
            }
            serviceVariables.append(variable)
        }
        guard let file, let text = file.values[key] else { return nil }
        return GivenSetting(text: text, place: "\(key) of \(file.path)", isFlag: false)
    }

    /// Kubernetes sets such variables in every pod: for a Service called `revoked`,
    /// `REVOKED_PORT=tcp://10.96.0.12:7379`. They look like settings and are none.
    private static func isOfService(_ variable: String, _ text: String) -> Bool {
        variable.hasSuffix("_PORT") && ["tcp://", "udp://", "sctp://"].contains { text.hasPrefix($0) }
    }
}

/// The text of a setting, and the source that gave it.
struct GivenSetting {
    let text: String
    /// For errors.
    let place: String
    /// Whether it stood on the command line, where others could see it anyway.
    let isFlag: Bool

    /// Its beginning, for errors.
    var quoted: String { String(text.prefix(120)).debugDescription }
}
