import AdminHTTP
import Foundation
import Logging
import Persistence
import Settings
import Testing

@testable import RevokedServer

@Suite struct ServerConfigurationTests {
    private static func read(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws -> ServerConfiguration {
        guard let file else { return try ServerConfiguration(flags: flags, environment: environment) }
        let path = FileManager.default.temporaryDirectory.appending(path: "revoked-\(UUID()).json").path
        try file.write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try ServerConfiguration(flags: flags.merging(["config": path]) { $1 }, environment: environment)
    }

    @Test func withoutAnythingTheDefaultsHold() throws {
        let configuration = try Self.read()
        #expect(configuration.bind == ["127.0.0.1"] && configuration.port == 7379)
        #expect(configuration.password == nil && configuration.adminPassword == nil && configuration.unixSocket == nil)
        #expect(
            configuration.protectedMode && configuration.maximumClients == 10_000 && configuration.maximumMemory == 0)
        #expect(configuration.directory == "./revoked-data" && configuration.isLogging)
        #expect(configuration.syncPolicy.rawValue == "always" && !configuration.skipsUnsupported)
        #expect(configuration.guardedPrefix == "revoked:" && configuration.maximumRevocation == 34_560_000)
        #expect(configuration.http == .onIfFree(AdminAddress(host: "127.0.0.1", port: 7380)))
        #expect(configuration.httpProtectedMode)
    }

    /// A flag wins over the environment, the environment over the file.
    @Test func precedence() throws {
        let file = #"{"port": 1, "maxclients": 1, "threads": 1, "protected-mode": false, "bind": "::1"}"#
        let environment = ["REVOKED_PORT": "2", "REVOKED_MAXCLIENTS": "2", "REVOKED_BIND": "127.0.0.1,127.0.0.2"]
        let configuration = try Self.read(flags: ["port": "3"], environment: environment, file: file)
        #expect(configuration.port == 3 && configuration.maximumClients == 2 && configuration.threads == 1)
        #expect(!configuration.protectedMode && configuration.bind == ["127.0.0.1", "127.0.0.2"])
    }

    @Test func everySettingHasAnEnvironmentVariable() throws {
        let configuration = try Self.read(environment: [
            "REVOKED_BIND": "::1", "REVOKED_PORT": "1", "REVOKED_UNIXSOCKET": "/tmp/s", "REVOKED_REQUIREPASS": "p",
            "REVOKED_ADMIN_PASSWORD": "a", "REVOKED_PROTECTED_MODE": "no", "REVOKED_MAXMEMORY": "1gb",
            "REVOKED_MAXCLIENTS": "7", "REVOKED_GUARDED_PREFIX": "deny:", "REVOKED_GUARDED_RESERVE": "10%",
            "REVOKED_MAX_REVOCATION": "60",
            "REVOKED_PROTO_MAX_BULK_LEN": "2mb", "REVOKED_OUTPUT_LIMIT": "1mb", "REVOKED_THREADS": "3",
            "REVOKED_TRANSPORT": "nio", "REVOKED_LOGLEVEL": "error", "REVOKED_DIR": "/data",
            "REVOKED_APPENDONLY": "no", "REVOKED_APPENDFSYNC": "everysec", "REVOKED_SKIP_UNSUPPORTED": "yes",
            "REVOKED_HTTP": "[::1]:9", "REVOKED_HTTP_PROTECTED_MODE": "no",
            "REVOKED_AUTO_AOF_REWRITE_PERCENTAGE": "50", "REVOKED_AUTO_AOF_REWRITE_MIN_SIZE": "1mb",
        ])
        #expect(configuration.bind == ["::1"] && configuration.port == 1 && configuration.unixSocket == "/tmp/s")
        #expect(configuration.password == "p" && configuration.adminPassword == "a" && !configuration.protectedMode)
        #expect(configuration.maximumMemory == 1 << 30 && configuration.maximumClients == 7)
        #expect(configuration.guardedReserve == GuardedReserve("10%"))
        #expect(configuration.guardedPrefix == "deny:" && configuration.maximumRevocation == 60)
        #expect(configuration.maximumBulk == 2 << 20 && configuration.outputLimit == 1 << 20)
        #expect(configuration.directory == "/data" && !configuration.isLogging && configuration.skipsUnsupported)
        #expect(configuration.syncPolicy.rawValue == "everysec")
        #expect(configuration.rewritePercentage == 50 && configuration.rewriteMinimum == 1 << 20)
        #expect(configuration.http == .on(AdminAddress(host: "::1", port: 9)) && !configuration.httpProtectedMode)
        #expect(configuration.threads == 3 && configuration.transport == .nio && configuration.logLevel == .error)
    }

    @Test(arguments: [
        ("port", "65536"), ("port", "-1"), ("port", ""), ("bind", ""), ("bind", " ,"), ("protected-mode", "maybe"),
        ("maxmemory", "lots"), ("maxmemory", "-1"), ("guarded-reserve", "101%"), ("guarded-reserve", "some"),
        ("bind", "127.0.0.1 -"), ("maxclients", "0"), ("guarded-prefix", "revoked"),
        ("guarded-prefix", ":"),
        ("guarded-prefix", ""), ("max-revocation", "59"), ("proto-max-bulk-len", "1kb"), ("proto-max-bulk-len", "1gb"),
        ("output-limit", "1kb"), ("threads", "257"), ("transport", "carrier-pigeon"), ("loglevel", "loud"),
        ("dir", ""), ("appendonly", "maybe"), ("appendfsync", "sometimes"), ("auto-aof-rewrite-percentage", "-1"),
        ("auto-aof-rewrite-min-size", "lots"), ("skip-unsupported", "maybe"),
        ("unixsocket", String(repeating: "x", count: 108)),
    ])
    func wrongValuesAreRefusedByName(_ setting: String, _ value: String) throws {
        let error = #expect(throws: SettingError.self) { try Self.read(flags: [setting: value]) }
        #expect(error?.description.hasPrefix(setting + " takes ") == true)
    }

    /// Of a password that is there twice one would hold, and an operator may believe the other.
    @Test func aRepeatedKeyOfTheFileIsRefused() throws {
        let error = #expect(throws: SettingError.self) {
            try Self.read(file: #"{"requirepass": "first", "requirepass": "second"}"#)
        }
        #expect(error?.description.hasSuffix("has a key twice: see line 1") == true)
    }

    /// For a Service called `revoked` Kubernetes sets these in every pod of the namespace.
    @Test func variablesOfKubernetesServicesAreIgnoredAndSaid() throws {
        let configuration = try Self.read(environment: [
            "REVOKED_PORT": "tcp://10.96.0.12:7379", "REVOKED_SERVICE_HOST": "10.96.0.12",
            "REVOKED_PORT_7379_TCP": "tcp://10.96.0.12:7379", "REVOKED_MAXCLIENTS": "7",
        ])
        #expect(configuration.port == 7379 && configuration.maximumClients == 7)
        #expect(configuration.warnings.count == 1)
        #expect(configuration.warnings.first?.contains("REVOKED_PORT:") == true)
        let flag = try Self.read(flags: ["port": "5"], environment: ["REVOKED_PORT": "udp://10.96.0.12:7379"])
        #expect(flag.port == 5)
        // Another bad value is an error all the same, and so is this form elsewhere.
        for environment in [
            ["REVOKED_PORT": "10.96.0.12:7379"], ["REVOKED_PORT": "tcp:"],
            ["REVOKED_MAXCLIENTS": "tcp://10.96.0.12:7379"],
        ] {
            #expect(throws: SettingError.self) { try Self.read(environment: environment) }
        }
        #expect(try Self.read().warnings.isEmpty)
    }

    @Test func aVariableThatIsNoSettingIsIgnoredAndSaid() throws {
        let configuration = try Self.read(environment: [
            "REVOKED_REQUIREPAS": "hush-hush", "REVOKED_NODE_STATEFILE": "x", "REVOKED_BACKEND_PASSWORD": "hush-hush",
            "REVOKED_MAXCLIENTS": "7", "REVOKEDPORT": "x",
        ])
        #expect(
            configuration.warnings == [
                "ignoring REVOKED_REQUIREPAS of the environment, which is no setting. Did you mean REVOKED_REQUIREPASS?"
            ])
    }

    @Test func aMisspeltSettingInTheFileIsRefused() throws {
        for file in [#"{"requirepas": "hush-hush"}"#, #"{"Port": 1}"#, #"{"require_pass": "hush-hush"}"#] {
            let error = #expect(throws: SettingError.self) { try Self.read(file: file) }
            #expect(error?.description.contains("unknown setting") == true)
            #expect(error?.description.contains("hush-hush") == false)
        }
        // Those of the other commands may stand beside ours.
        #expect(try Self.read(file: #"{"port": 4, "node": {"port": 1}}"#).port == 4)
    }

    /// A variable that is not set must not let everybody in.
    @Test func anEmptyPasswordIsRefused() throws {
        for name in [
            "requirepass", "admin-password", "reader-password", "writer-password", "operator-password",
            "replica-password", "follower-password",
        ] {
            let error = #expect(throws: SettingError.self) { try Self.read(file: #"{"\#(name)": ""}"#) }
            #expect(error?.description.contains("\(name) takes a password that is not empty") == true)
            let variable = "REVOKED_" + name.uppercased().replacing("-", with: "_")
            #expect(throws: SettingError.self) { try Self.read(environment: [variable: ""]) }
        }
    }

    /// Rules are separated by spaces.
    @Test func aGuardedPrefixHasNoSpaces() throws {
        for prefix in ["a b:", "a\\t:", "a\\u0000:", "a\\n:", "a:\\u0301"] {
            #expect(throws: SettingError.self) { try Self.read(file: #"{"guarded-prefix": "\#(prefix)"}"#) }
        }
    }

    @Test func noSecretStandsInAnError() throws {
        #expect(
            ServerConfiguration.settings.filter(\.isSecret).map(\.name) == [
                "requirepass", "admin-password", "reader-password", "writer-password", "operator-password",
                "replica-password", "follower-password", "tls-key-file-pass", "import-from", "import-from-password",
                "follow", "follow-password",
            ])
        for file in [#"{"requirepass": ["hush-hush"]}"#, #"{"requirepass": {"a": "hush-hush"}}"#, #"["hush-hush"]"#] {
            let error = #expect(throws: SettingError.self) { try Self.read(file: file) }
            #expect(error?.description.contains("hush-hush") == false)
        }
    }
}
