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

    /// A warning of each variable that looks like a setting and is none: misspelt, probably. Its value may be a secret.
    func warningsOfUnknown(besides known: Set<String>) -> [String] {
        guard let others = names.otherVariables else { return [] }
        let unknown = environment.filter { variable, text in
            variable.hasPrefix(names.variablePrefix) && !known.contains(variable)
                && !others.contains { variable.hasPrefix($0) } && !Self.isOfService(variable, text)
                && !Self.isPartOfService(variable)
        }
        return unknown.keys.sorted().map { variable in
            let meant = SettingsFile.nearest(to: variable, in: known).map { ". Did you mean \($0)?" } ?? ""
            return "ignoring \(variable) of the environment, which is no setting\(meant)"
        }
    }

    /// Others of the variables that Kubernetes sets: `REVOKED_SERVICE_HOST`, `REVOKED_PORT_7379_TCP_ADDR`.
    private static func isPartOfService(_ variable: String) -> Bool {
        variable.contains(#/_SERVICE_(HOST|PORT)(_|$)|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/#)
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
