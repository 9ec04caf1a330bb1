public import Configuration
public import Foundation
import Logging

/// A flag wins over the environment, the environment over the file, the file over the default.
///
/// | flag | environment | key in the file, under `node` | default |
/// |---|---|---|---|
/// | `--config` | `REVOKED_NODE_CONFIG` | – | no file |
/// | `--bind` | `REVOKED_NODE_BIND` | `bind` | `127.0.0.1` |
/// | `--port` | `REVOKED_NODE_PORT` | `port` | 8080; 0 takes a free one |
/// | `--backend` | `REVOKED_NODE_BACKEND` | `backend` | `redis://127.0.0.1:7379` |
/// | `--keys` | `REVOKED_NODE_KEYS` | `keys` | required: PEM file, or directory of them |
/// | `--users` | `REVOKED_NODE_USERS` | `users` | required |
/// | `--issuer` | `REVOKED_NODE_ISSUER` | `issuer` | `revoked` |
/// | `--audience` | `REVOKED_NODE_AUDIENCE` | `audience` | `revoked` |
/// | `--client-id` | `REVOKED_NODE_CLIENT_ID` | `clientId` | `revoked` |
/// | `--name` | `REVOKED_NODE_NAME` | `name` | `node` |
/// | `--access-token-lifetime` | `REVOKED_NODE_ACCESS_TOKEN_LIFETIME` | `accessTokenLifetime` | 900 (seconds) |
/// | `--leeway` | `REVOKED_NODE_LEEWAY` | `leeway` | 0 (seconds, at most 60) |
/// | `--log-level` | `REVOKED_NODE_LOG_LEVEL` | `logLevel` | `info` |
extension NodeSettings {
    /// - Parameter flags: what the command line gave, by the file's keys (`config` included).
    /// - Throws: ``NodeError/Code/invalidSetting``: a value that is there but cannot be read is never passed over, nor is a
    ///   misspelt key.
    public init(
        flags: [String: ConfigValue], environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        let values = flags.map { (AbsoluteConfigKey(["node", $0.key]), $0.value) }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: Dictionary(uniqueKeysWithValues: values)),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "revoked"),
        ]
        if let file = ConfigReader(providers: providers).string(forKey: "node.config") {
            try Self.check(file: file)
            providers.append(try await Self.provider(ofFile: file))
        }
        try await self.init(ConfigReader(providers: providers).scoped(to: "node"))
    }

    private init(_ config: ConfigReader) async throws {
        self.init()
        do {
            bind = try await config.fetchString(forKey: "bind", default: bind)
            port = try await config.fetchInt(forKey: "port", default: port)
            backend = try await config.fetchString(forKey: "backend", isSecret: true, default: backend)
            keys = try await config.fetchString(forKey: "keys", default: keys)
            users = try await config.fetchString(forKey: "users", default: users)
            issuer = try await config.fetchString(forKey: "issuer", default: issuer)
            audience = try await config.fetchString(forKey: "audience", default: audience)
            client = try await config.fetchString(forKey: "clientId", default: client)
            name = try await config.fetchString(forKey: "name", default: name)
            if let seconds = try await config.fetchInt(forKey: "accessTokenLifetime") {
                accessTokenLifetime = .seconds(seconds)
            }
            if let seconds = try await config.fetchInt(forKey: "leeway") { leeway = .seconds(seconds) }
            logLevel = try await config.fetchString(forKey: "logLevel", as: Logger.Level.self, default: logLevel)
        } catch {
            throw NodeError(.invalidSetting, "a setting cannot be read: \(error)")
        }
        try validate()
    }

    /// What may stand in the file, under `node`.
    private static let keys: Set<String> = [
        "bind", "port", "backend", "keys", "users", "issuer", "audience", "clientId", "name", "accessTokenLifetime",
        "leeway", "logLevel",
    ]

    /// The daemon's settings may stand in the same file, beside `node`.
    private static func check(file path: String) throws(NodeError) {
        let contents: Any
        do {
            contents = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw NodeError(
                .invalidSetting, "the configuration file \(path) cannot be read: \(error.localizedDescription)")
        }
        guard let file = contents as? [String: Any], let settings = file["node", default: [:]] as? [String: Any] else {
            throw NodeError(
                .invalidSetting, "the configuration file \(path) has to be one JSON object, and node in it another")
        }
        if let key = settings.keys.sorted().first(where: { !keys.contains($0) }) {
            throw NodeError(.invalidSetting, "the configuration file \(path) has an unknown setting under node: \(key)")
        }
    }

    private static func provider(ofFile path: String) async throws -> any ConfigProvider {
        // The reader carries the path: the provider's other initializer wants a type of a package that is not ours.
        let location = ConfigReader(
            provider: InMemoryProvider(values: [
                AbsoluteConfigKey(["filePath"]): ConfigValue(.string(path), isSecret: false)
            ]))
        do {
            return try await FileProvider<JSONSnapshot>(config: location)
        } catch {
            throw NodeError(.invalidSetting, "the configuration file \(path) cannot be read: \(error)")
        }
    }
}
