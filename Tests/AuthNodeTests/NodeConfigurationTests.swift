import AdminHTTP
import AuthNode
import Foundation
import Revocation
import Settings
import TestSupport
import Testing

@Suite struct NodeConfigurationTests {
    let directory = try! TemporaryFolder()
    let required: [String: String] = ["keys": "k", "users": "u"]

    @Test func defaultsAreLoopbackAndAQuarterOfAnHour() throws {
        let configuration = try NodeConfiguration(flags: required, environment: [:])
        #expect(configuration.bind == "127.0.0.1")
        #expect(configuration.port == 8080)
        #expect(configuration.backend == "redis://127.0.0.1:7379")
        #expect(configuration.accessTokenLifetime == .seconds(900))
        #expect(configuration.leeway == .zero)
    }

    @Test func flagsWinOverTheEnvironmentAndThatOverTheFile() throws {
        try Data(#"{"node":{"port":1,"issuer":"file","clientId":"file","accessTokenLifetime":60}}"#.utf8)
            .write(to: URL(filePath: directory.file("node.json")))
        let configuration = try NodeConfiguration(
            flags: required.merging(["port": "3"]) { $1 },
            environment: [
                "REVOKED_NODE_CONFIG": directory.file("node.json"), "REVOKED_NODE_PORT": "2",
                "REVOKED_NODE_CLIENT_ID": "environment",
            ])
        #expect(configuration.port == 3)
        #expect(configuration.client == "environment")
        #expect(configuration.issuer == "file")
        #expect(configuration.accessTokenLifetime == .seconds(60))
    }

    @Test(arguments: [
        (#"{"node":{"isuer":"x"}}"#, "isuer"), (#"{"node":{"client-id":"x"}}"#, "client-id"),
        (#"{"node":["port"]}"#, "object"), ("[]", "object"), ("{", "is not JSON"),
        (#"{"node":{"issuer":"x","issuer":"y"}}"#, "twice"),
    ])
    func aFileWithAnUnknownOrRepeatedSettingIsRefused(text: String, complaint: String) throws {
        let path = directory.file("node.json")
        try Data(text.utf8).write(to: URL(filePath: path))
        let flags = required.merging(["config": path]) { $1 }
        let refusal = #expect(throws: SettingError.self) {
            try NodeConfiguration(flags: flags, environment: [:])
        }
        #expect(refusal?.description.contains(complaint) == true)
    }

    @Test func theDaemonsSettingsMayStandInTheSameFile() throws {
        let path = directory.file("all.json")
        try Data(#"{"port":1,"node":{"port":2}}"#.utf8).write(to: URL(filePath: path))
        let configuration = try NodeConfiguration(flags: required, environment: ["REVOKED_NODE_CONFIG": path])
        #expect(configuration.port == 2)
    }

    @Test func theEnvironmentSaysWhatANodeDoesWithoutTheStore() throws {
        let configuration = try NodeConfiguration(
            flags: required,
            environment: ["REVOKED_NODE_FAILURE_POLICY": "last-known:30", "REVOKED_NODE_COOKIES": "true"])
        #expect(configuration.failurePolicy == .lastKnown(for: .seconds(30)))
        #expect(configuration.cookies)
        let copied = try NodeConfiguration(
            flags: required, environment: ["REVOKED_NODE_FAILURE_POLICY": "copy:60", "REVOKED_NODE_CHECKS": "local"])
        #expect(copied.failurePolicy == .copy(noOlderThan: .seconds(60)))
    }

    /// Metrics are for the operator only: not on the users' port, and beyond loopback only on purpose.
    @Test func metricsAreServedOnLoopback() throws {
        #expect(
            try NodeConfiguration(flags: required, environment: [:]).http
                == .onIfFree(AdminAddress(host: "127.0.0.1", port: 7381)))
        let open = try NodeConfiguration(
            flags: required,
            environment: ["REVOKED_NODE_HTTP": "0.0.0.0:1", "REVOKED_NODE_HTTP_PROTECTED_MODE": "no"])
        #expect(open.http == .on(AdminAddress(host: "0.0.0.0", port: 1)))
        #expect(try NodeConfiguration(flags: required, environment: ["REVOKED_NODE_HTTP": "off"]).http == .off)
    }

    /// For a Service called `revoked-node` Kubernetes sets it in every pod of the namespace.
    @Test func theVariableOfAKubernetesServiceIsIgnoredAndSaid() throws {
        let environment = ["REVOKED_NODE_PORT": "tcp://10.96.0.13:8080", "REVOKED_PORT": "tcp://10.96.0.12:7379"]
        let configuration = try NodeConfiguration(flags: required, environment: environment)
        #expect(configuration.port == 8080)
        #expect(configuration.warnings.count == 1)
        #expect(configuration.warnings.first?.contains("REVOKED_NODE_PORT:") == true)
        #expect(try NodeConfiguration(flags: required, environment: [:]).warnings.isEmpty)
    }

    /// Otherwise a node would start without its state file, say.
    @Test func aVariableThatIsNoSettingIsIgnoredAndSaid() throws {
        let configuration = try NodeConfiguration(
            flags: required,
            environment: [
                "REVOKED_NODE_STATEFILE": "hush-hush", "REVOKED_NODE_STATE": "hush-hush",
                "REVOKED_NODE_ADMIN_SECRET_FIL": "hush-hush", "REVOKED_NODE_EPOCH": "e",
                // Not a node's, and what Kubernetes sets for Services.
                "REVOKED_STATEFILE": "x", "REVOKED_NODE_SERVICE_HOST": "10.96.0.13",
                "REVOKED_NODE_SERVICE_PORT_HTTP": "80", "REVOKED_NODE_PORT_8080_TCP": "tcp://10.96.0.13:8080",
                "REVOKED_NODE_PORT_8080_TCP_ADDR": "10.96.0.13", "REVOKED_NODE_B_PORT": "tcp://10.96.0.14:80",
                "REVOKED_NODE_MY_PORT": "8081",
            ])
        #expect(
            configuration.warnings == [
                "ignoring REVOKED_NODE_ADMIN_SECRET_FIL of the environment, which is no setting. "
                    + "Did you mean REVOKED_NODE_ADMIN_SECRET_FILE?",
                "ignoring REVOKED_NODE_MY_PORT of the environment, which is no setting. "
                    + "Did you mean REVOKED_NODE_PORT?",
                "ignoring REVOKED_NODE_STATE of the environment, which is no setting",
                "ignoring REVOKED_NODE_STATEFILE of the environment, which is no setting. "
                    + "Did you mean REVOKED_NODE_STATE_FILE?",
            ])
    }

    @Test func theEnvironmentSaysWhatIsExpectedOfTheStore() throws {
        let configuration = try NodeConfiguration(
            flags: required,
            environment: [
                "REVOKED_NODE_EPOCH": "e", "REVOKED_NODE_STATE_FILE": "/state", "REVOKED_NODE_REPLICAS": "2",
                "REVOKED_NODE_ACCEPT_REPLICA": "true",
                "REVOKED_NODE_ACCEPT_EVICTION_POLICIES": "volatile-lru, allkeys-lru",
            ])
        let denylist = configuration.denylistConfiguration()
        #expect(denylist.epoch == "e")
        #expect(denylist.stateFile == "/state")
        #expect(denylist.replicas?.count == 2)
        #expect(denylist.acceptsReplica)
        #expect(denylist.acceptedEvictionPolicies == ["volatile-lru", "allkeys-lru"])
    }

    /// What has to agree with the denylist's terms: so long are revocations kept, and so far do cut-offs reach.
    @Test func theDenylistIsToldHowLongTokensLiveAndHowFarClocksAreAhead() throws {
        var configuration = try NodeConfiguration(
            flags: required, environment: ["REVOKED_NODE_REFRESH_TOKEN_LIFETIME": "7200", "REVOKED_NODE_LEEWAY": "7"])
        configuration.issuerLabel = "own"
        let other = RevocationConfiguration.Issuer("other", label: "o", lifetime: .seconds(60))
        let denylist = configuration.denylistConfiguration(others: [other], leads: ["other": .seconds(9)])
        #expect(denylist.longestRefreshLifetime == .seconds(7_200))
        #expect(denylist.leeway == .seconds(7))
        #expect(denylist.issuers == [.init(configuration.issuer, label: "own"), other])
        // Our own times are the store's.
        #expect(denylist.issuerLeads == [configuration.issuer: .zero, "other": .seconds(9)])
    }

    @Test(arguments: [
        ["REVOKED_NODE_REPLICAS": "-1"], ["REVOKED_NODE_REPLICAS": "many"],
        ["REVOKED_NODE_PORT": "many"], ["REVOKED_NODE_PORT": "65536"], ["REVOKED_NODE_LEEWAY": "61"],
        ["REVOKED_NODE_ACCESS_TOKEN_LIFETIME": "0"], ["REVOKED_NODE_LOG_LEVEL": "loud"], ["REVOKED_NODE_KEYS": ""],
        ["REVOKED_NODE_CONFIG": "/nowhere.json"], ["REVOKED_NODE_FAILURE_POLICY": "open"],
        ["REVOKED_NODE_FAILURE_POLICY": "last-known:0"],
        ["REVOKED_NODE_FAILURE_POLICY": "copy:60"],
        ["REVOKED_NODE_FAILURE_POLICY": "copy:3601", "REVOKED_NODE_CHECKS": "local"],
        ["REVOKED_NODE_ADMIN_SECRET": "short"],
        ["REVOKED_NODE_REFRESH_TOKEN_LIFETIME": "900"], ["REVOKED_NODE_ROTATION_GRACE": "61"],
        ["REVOKED_NODE_HTTP": "7381"], ["REVOKED_NODE_HTTP": "0.0.0.0:7381"],
        ["REVOKED_NODE_HTTP_PROTECTED_MODE": "off"],
        ["REVOKED_NODE_COOKIES": "perhaps"],
    ])
    func aSettingThatCannotBeMeantIsNeverPassedOver(environment: [String: String]) {
        let flags: [String: String] = ["users": "u"]
        let environment = ["REVOKED_NODE_KEYS": "k"].merging(environment) { $1 }
        #expect(throws: SettingError.self) { try NodeConfiguration(flags: flags, environment: environment) }
    }
}
