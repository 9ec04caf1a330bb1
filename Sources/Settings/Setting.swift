/// One setting of a program: a row of its table. Its flag with the help, its environment variable, its key in the file,
/// its place in `CONFIG` and its line in the documentation come from here.
package struct Setting<Configuration: ProcessConfiguration>: Sendable {
    /// How it stands on the command line.
    package enum Form: Sendable {
        case value
        /// The flag alone means yes.
        case presence
        /// A secret that a command line would show to others.
        case absent
    }

    /// What `CONFIG` of the daemon does with it.
    package enum RuntimeAccess: Sendable {
        case hidden
        case readOnly
        /// As `readOnly`; Redis has another error for it.
        case protected
        /// `CONFIG SET` changes it: `ConfigChanges` says how.
        case changeable
    }

    /// As the flag, without dashes: `max-revocation`.
    package let name: String
    package let kind: SettingKind
    /// One sentence without its full stop.
    package let help: String
    /// What the documentation adds.
    package let details: String
    package let form: Form
    package let runtime: RuntimeAccess
    /// Whether its value may be a secret, which no message repeats, and which a file may hold (``fileName``).
    package let isSecret: Bool
    package let path: any PartialKeyPath<Configuration> & Sendable
    private let read: @Sendable (String, inout Configuration) -> Bool
    private let write: @Sendable (Configuration) -> String
    private let documentedDefault: @Sendable (Configuration) -> String

    /// - Parameter note: what is said of the default besides its value, or instead of it if that is nil.
    package init<Value>(
        _ name: String, _ path: any WritableKeyPath<Configuration, Value> & Sendable, _ format: SettingFormat<Value>,
        _ runtime: RuntimeAccess = .hidden, form: Form = .value, isSecret: Bool = false, note: String = "",
        help: String, details: String = ""
    ) {
        self.name = name
        self.path = path
        kind = format.kind
        self.help = help
        self.details = details
        self.form = form
        self.runtime = runtime
        self.isSecret = isSecret
        read = { text, configuration in
            guard let value = format.parse(text) else { return false }
            configuration[keyPath: path] = value
            return true
        }
        write = { format.write($0[keyPath: path]) }
        documentedDefault = {
            [format.document($0[keyPath: path]), note].filter { !$0.isEmpty }.joined(separator: ", ")
        }
    }

    /// Sets it from its text.
    /// - Returns: whether the text is a value of it.
    package func parse(_ text: String, into configuration: inout Configuration) -> Bool { read(text, &configuration) }

    /// Its value, as ``parse(_:into:)`` takes it.
    package func text(in configuration: Configuration) -> String { write(configuration) }

    /// What holds without it, for people; empty for none.
    package var defaultText: String { documentedDefault(.processDefaults) }

    /// Its environment variable.
    package var variable: String { Configuration.names.variable(name) }

    /// Its key in the file.
    package var key: String { Configuration.names.key(name) }

    /// The setting that names a file with its value, if it is a secret: `requirepass-file`.
    package var fileName: String? { isSecret ? name + "-file" : nil }

    /// Its line of `--help`.
    package var flagHelp: String {
        guard form == .value else { return help + "." }
        var text = help
        var remarks = defaultText.isEmpty ? "" : "default: \(defaultText)"
        switch kind {
        case .oneOf: text = "\(kind): " + text.prefix(1).lowercased() + text.dropFirst()
        case .number(let range, _): remarks = "\(range.lowerBound) to \(range.upperBound); \(remarks)"
        case .size, .other: break
        }
        return remarks.isEmpty ? text + "." : "\(text) (\(remarks))."
    }
}
