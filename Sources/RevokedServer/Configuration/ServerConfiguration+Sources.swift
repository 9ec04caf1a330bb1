import AdminHTTP
import Configuration
import Foundation

extension ServerConfiguration {
    /// Reads the settings from flags, environment and file; the table at ``Setting`` says where each may stand.
    /// A process has a data directory, `./revoked-data`, and serves HTTP on 127.0.0.1:7380, unless they are given.
    /// - Parameters:
    ///   - flags: what the command line gave.
    ///   - file: a JSON file of settings; nil takes the one that `REVOKED_CONFIG` names, if any.
    ///   - environment: the process' own, unless a test passes another.
    /// - Throws: ``ServerError/Code/invalidSetting``; a setting that nobody knows is one too: a misspelt password must
    ///   not be passed over.
    package init(
        flags: [Setting: String], file: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        let (environment, serviceVariables) = ServiceVariables.remove(from: environment, prefix: "REVOKED_")
        let values = flags.map {
            (AbsoluteConfigKey([$0.key.rawValue]), ConfigValue(.string($0.value), isSecret: true))
        }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: Dictionary(uniqueKeysWithValues: values)),
            EnvironmentVariablesProvider(
                environmentVariables: environment, secretsSpecifier: .all
            ).prefixKeys(with: "revoked"),
        ]
        if let file = file ?? environment["REVOKED_CONFIG"] {
            try Self.check(file: file)
            providers.append(try await Self.provider(ofFile: file))
        }
        let reader = ConfigReader(providers: providers)
        try self.init(reader: reader)
        if reader.string(forKey: ConfigKey([Setting.http.rawValue])) == nil { http = Self.defaultHTTP }
        directory = directory ?? Self.defaultDirectory
        let names = Set(Setting.allCases.map(\.variable))
        if let notice = ServiceVariables.notice(serviceVariables.filter(names.contains)) { notices.append(notice) }
    }

    /// Where a process keeps its data if nobody says otherwise.
    private static let defaultDirectory = "./revoked-data"

    /// Settings of the other commands may stand in the same file.
    private static let foreignKeys: Set<String> = ["node"]

    private static func check(file: String) throws(ServerError) {
        let contents: Any
        do {
            contents = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw ServerError(
                .invalidSetting, "the configuration file \(file) cannot be read: \(error.localizedDescription)")
        }
        guard let settings = contents as? [String: Any] else {
            throw ServerError(.invalidSetting, "the configuration file \(file) has to be one JSON object")
        }
        for (key, value) in settings where !foreignKeys.contains(key) {
            guard Setting(rawValue: key) != nil else {
                throw ServerError(.invalidSetting, "the configuration file \(file) has an unknown setting: \(key)")
            }
            guard value is String || value is NSNumber else {
                throw ServerError(.invalidSetting, "\(key) in \(file) has to be a string, a number or a boolean")
            }
        }
    }

    private static func provider(ofFile path: String) async throws -> any ConfigProvider {
        // The reader carries the path: the provider's other initializer wants a type of a package that is not ours.
        let location = ConfigReader(
            provider: InMemoryProvider(values: [
                AbsoluteConfigKey(["filePath"]): ConfigValue(.string(path), isSecret: false)
            ]))
        return try await FileProvider<JSONSnapshot>(config: location)
    }
}
