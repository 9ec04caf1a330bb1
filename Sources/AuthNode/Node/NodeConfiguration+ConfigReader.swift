import AdminHTTP
package import Configuration
import Foundation
import Logging
import Revocation
import RevocationHTTP

/// A flag wins over the environment, the environment over the file, the file over the default.
///
/// | flag | environment | key in the file, under `node` | default |
/// |---|---|---|---|
/// | `--config` | `REVOKED_NODE_CONFIG` | – | no file |
/// | `--bind` | `REVOKED_NODE_BIND` | `bind` | `127.0.0.1` |
/// | `--port` | `REVOKED_NODE_PORT` | `port` | 8080; 0 takes a free one |
/// | `--backend` | `REVOKED_NODE_BACKEND` | `backend` | `redis://127.0.0.1:7379` |
/// | `--epoch` | `REVOKED_NODE_EPOCH` | `epoch` | the one met at first contact |
/// | `--state-file` | `REVOKED_NODE_STATE_FILE` | `stateFile` | none: a node that starts again pins what it meets |
/// | `--replicas` | `REVOKED_NODE_REPLICAS` | `replicas` | 0: a revocation is acknowledged without any |
/// | `--accept-eviction-policies` | `REVOKED_NODE_ACCEPT_EVICTION_POLICIES` | `acceptEvictionPolicies` | only `noeviction`; names, separated by commas |
/// | `--accept-replica` | `REVOKED_NODE_ACCEPT_REPLICA` | `acceptReplica` | false |
/// | `--keys` | `REVOKED_NODE_KEYS` | `keys` | required: PEM file, or directory of them |
/// | `--users` | `REVOKED_NODE_USERS` | `users` | required |
/// | `--clients` | `REVOKED_NODE_CLIENTS` | `clients` | nobody may use `/oauth2/…` |
/// | `--issuers` | `REVOKED_NODE_ISSUERS` | `issuers` | only our own; a JSON file of others |
/// | – | `REVOKED_NODE_ADMIN_SECRET` | `adminSecret` | no `/admin/revoke` |
/// | `--issuer` | `REVOKED_NODE_ISSUER` | `issuer` | `revoked` |
/// | `--issuer-label` | `REVOKED_NODE_ISSUER_LABEL` | `issuerLabel` | what the denylist's terms say |
/// | `--audience` | `REVOKED_NODE_AUDIENCE` | `audience` | `revoked` |
/// | `--client-id` | `REVOKED_NODE_CLIENT_ID` | `clientId` | `revoked` |
/// | `--name` | `REVOKED_NODE_NAME` | `name` | `node` |
/// | `--access-token-lifetime` | `REVOKED_NODE_ACCESS_TOKEN_LIFETIME` | `accessTokenLifetime` | 900 (seconds) |
/// | `--refresh-token-lifetime` | `REVOKED_NODE_REFRESH_TOKEN_LIFETIME` | `refreshTokenLifetime` | 2592000 (seconds: 30 days) |
/// | `--rotation-grace` | `REVOKED_NODE_ROTATION_GRACE` | `rotationGrace` | 10 (seconds, at most 60) |
/// | `--failure-policy` | `REVOKED_NODE_FAILURE_POLICY` | `failurePolicy` | `deny`; or `allow`, or `last-known:SECONDS` |
/// | `--cookies` | `REVOKED_NODE_COOKIES` | `cookies` | false |
/// | `--login-attempts` | `REVOKED_NODE_LOGIN_ATTEMPTS` | `loginAttempts` | 10 (wrong ones a minute); 0 for no limit |
/// | `--trust-forwarded-for` | `REVOKED_NODE_TRUST_FORWARDED_FOR` | `trustForwardedFor` | false |
/// | `--leeway` | `REVOKED_NODE_LEEWAY` | `leeway` | 0 (seconds, at most 60) |
/// | `--http` | `REVOKED_NODE_HTTP` | `http` | `127.0.0.1:7381`, if it is free; `off` for nowhere |
/// | `--http-protected-mode` | `REVOKED_NODE_HTTP_PROTECTED_MODE` | `httpProtectedMode` | `yes`; or `no` |
/// | `--log-level` | `REVOKED_NODE_LOG_LEVEL` | `logLevel` | `info` |
extension NodeConfiguration {
    /// - Parameter flags: what the command line gave, by the file's keys (`config` included).
    /// - Throws: ``NodeError/Code/invalidSetting``: a value that is there but cannot be read is never passed over, nor
    ///   is a misspelt key.
    package init(
        flags: [String: ConfigValue], environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        let (environment, serviceVariables) = ServiceVariables.remove(from: environment, prefix: "REVOKED_NODE_")
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
        if let notice = ServiceVariables.notice(serviceVariables.filter { $0 == "REVOKED_NODE_PORT" }) {
            notices.append(notice)
        }
    }

    private init(_ config: ConfigReader) async throws {
        self.init()
        do {
            bind = try await config.fetchString(forKey: "bind", default: bind)
            port = try await config.fetchInt(forKey: "port", default: port)
            backend = try await config.fetchString(forKey: "backend", isSecret: true, default: backend)
            epoch = try await config.fetchString(forKey: "epoch")
            stateFile = try await config.fetchString(forKey: "stateFile")
            replicas = try await config.fetchInt(forKey: "replicas", default: replicas)
            if let names = try await config.fetchString(forKey: "acceptEvictionPolicies") {
                acceptedEvictionPolicies = Set(
                    names.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
            }
            acceptsReplica = try await config.fetchBool(forKey: "acceptReplica", default: acceptsReplica)
            keys = try await config.fetchString(forKey: "keys", default: keys)
            users = try await config.fetchString(forKey: "users", default: users)
            issuer = try await config.fetchString(forKey: "issuer", default: issuer)
            audience = try await config.fetchString(forKey: "audience", default: audience)
            client = try await config.fetchString(forKey: "clientId", default: client)
            name = try await config.fetchString(forKey: "name", default: name)
            if let seconds = try await config.fetchInt(forKey: "accessTokenLifetime") {
                accessTokenLifetime = .seconds(seconds)
            }
            clients = try await config.fetchString(forKey: "clients")
            issuers = try await config.fetchString(forKey: "issuers")
            adminSecret = try await config.fetchString(forKey: "adminSecret", isSecret: true)
            issuerLabel = try await config.fetchString(forKey: "issuerLabel")
            if let seconds = try await config.fetchInt(forKey: "refreshTokenLifetime") {
                refreshTokenLifetime = .seconds(seconds)
            }
            if let seconds = try await config.fetchInt(forKey: "rotationGrace") { rotationGrace = .seconds(seconds) }
            if let policy = try await config.fetchString(forKey: "failurePolicy") {
                failurePolicy = try Self.policy(policy)
            }
            cookies = try await config.fetchBool(forKey: "cookies", default: cookies)
            loginAttempts = try await config.fetchInt(forKey: "loginAttempts", default: loginAttempts)
            trustsForwardedFor = try await config.fetchBool(forKey: "trustForwardedFor", default: trustsForwardedFor)
            if let seconds = try await config.fetchInt(forKey: "leeway") { leeway = .seconds(seconds) }
            http = try Self.listening(try await config.fetchString(forKey: "http"))
            if let text = try await config.fetchString(forKey: "httpProtectedMode") {
                guard ["yes", "no"].contains(text) else {
                    throw NodeError(.invalidSetting, "http-protected-mode is yes or no")
                }
                httpProtectedMode = text == "yes"
            }
            logLevel = try await config.fetchString(forKey: "logLevel", as: Logger.Level.self, default: logLevel)
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(.invalidSetting, "a setting cannot be read: \(error)")
        }
        try validate()
    }

    /// Unless it is given, the port after the daemon's.
    private static func listening(_ text: String?) throws(NodeError) -> AdminListening {
        guard let text else { return .onIfFree(AdminAddress(host: "127.0.0.1", port: 7381)) }
        guard let listening = AdminListening(text) else {
            throw NodeError(.invalidSetting, "http is an address and a port, such as 127.0.0.1:7381, or off")
        }
        return listening
    }

    private static func policy(_ text: String) throws(NodeError) -> FailurePolicy {
        switch text {
        case "deny": return .deny
        case "allow": return .allow
        default:
            let mark = "last-known:"
            guard text.hasPrefix(mark), let seconds = Int(text.dropFirst(mark.count)), (1...86_400).contains(seconds)
            else { throw NodeError(.invalidSetting, "the failure policy is deny, allow or last-known:SECONDS") }
            return .lastKnown(for: .seconds(seconds))
        }
    }

    /// What may stand in the file, under `node`.
    private static let keys: Set<String> = [
        "bind", "port", "backend", "keys", "users", "issuer", "audience", "clientId", "name", "accessTokenLifetime",
        "leeway", "logLevel", "clients", "issuers", "adminSecret", "issuerLabel", "refreshTokenLifetime",
        "rotationGrace", "failurePolicy", "cookies", "loginAttempts", "trustForwardedFor", "epoch", "stateFile",
        "replicas", "acceptEvictionPolicies", "acceptReplica", "http", "httpProtectedMode",
    ]

    /// The daemon's settings may stand in the same file, beside `node`.
    private static func check(file path: String) throws(NodeError) {
        let contents: Any
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            contents = try JSONSerialization.jsonObject(with: data)
            guard StrictJSON.accepts(data) else {
                throw NodeError(.invalidSetting, "the configuration file \(path) names a setting twice")
            }
        } catch let error as NodeError {
            throw error
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
