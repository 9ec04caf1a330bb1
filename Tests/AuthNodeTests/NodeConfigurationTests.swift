import AdminHTTP
import AuthNode
import Configuration
import Foundation
import Revocation
import TestSupport
import Testing

@Suite struct NodeConfigurationTests {
    let directory = try! TemporaryFolder()
    let required: [String: ConfigValue] = ["keys": "k", "users": "u"]

    @Test func defaultsAreLoopbackAndAQuarterOfAnHour() async throws {
        let settings = try await NodeConfiguration(flags: required, environment: [:])
        #expect(settings.bind == "127.0.0.1")
        #expect(settings.port == 8080)
        #expect(settings.backend == "redis://127.0.0.1:7379")
        #expect(settings.accessTokenLifetime == .seconds(900))
        #expect(settings.leeway == .zero)
    }

    @Test func flagsWinOverTheEnvironmentAndThatOverTheFile() async throws {
        try Data(#"{"node":{"port":1,"issuer":"file","clientId":"file","accessTokenLifetime":60}}"#.utf8)
            .write(to: URL(filePath: directory.file("node.json")))
        let settings = try await NodeConfiguration(
            flags: required.merging(["port": 3]) { $1 },
            environment: [
                "REVOKED_NODE_CONFIG": directory.file("node.json"), "REVOKED_NODE_PORT": "2",
                "REVOKED_NODE_CLIENT_ID": "environment",
            ])
        #expect(settings.port == 3)
        #expect(settings.client == "environment")
        #expect(settings.issuer == "file")
        #expect(settings.accessTokenLifetime == .seconds(60))
    }

    @Test(arguments: [
        (#"{"node":{"isuer":"x"}}"#, "isuer"), (#"{"node":{"client-id":"x"}}"#, "client-id"),
        (#"{"node":["port"]}"#, "object"), ("[]", "object"), ("{", "cannot be read"),
    ])
    func aFileWithASettingThatNobodyKnowsIsRefused(text: String, complaint: String) async throws {
        let path = directory.file("node.json")
        try Data(text.utf8).write(to: URL(filePath: path))
        let flags = required.merging(["config": ConfigValue(.string(path), isSecret: false)]) { $1 }
        let refusal = await #expect(throws: NodeError.self) {
            try await NodeConfiguration(flags: flags, environment: [:])
        }
        #expect(refusal?.code == .invalidSetting)
        #expect(refusal?.message.contains(complaint) == true)
    }

    @Test func theDaemonsSettingsMayStandInTheSameFile() async throws {
        let path = directory.file("all.json")
        try Data(#"{"port":1,"node":{"port":2}}"#.utf8).write(to: URL(filePath: path))
        let settings = try await NodeConfiguration(flags: required, environment: ["REVOKED_NODE_CONFIG": path])
        #expect(settings.port == 2)
    }

    @Test func theEnvironmentSaysWhatANodeDoesWithoutTheStore() async throws {
        let settings = try await NodeConfiguration(
            flags: required,
            environment: ["REVOKED_NODE_FAILURE_POLICY": "last-known:30", "REVOKED_NODE_COOKIES": "true"])
        #expect(settings.failurePolicy == .lastKnown(for: .seconds(30)))
        #expect(settings.cookies)
    }

    /// Metrics are nobody's but the operator's: not on the users' port, and beyond loopback only on purpose.
    @Test func metricsAreServedOnLoopback() async throws {
        #expect(
            try await NodeConfiguration(flags: required, environment: [:]).http
                == .onIfFree(AdminAddress(host: "127.0.0.1", port: 7381)))
        let open = try await NodeConfiguration(
            flags: required,
            environment: ["REVOKED_NODE_HTTP": "0.0.0.0:1", "REVOKED_NODE_HTTP_PROTECTED_MODE": "no"])
        #expect(open.http == .on(AdminAddress(host: "0.0.0.0", port: 1)))
        #expect(try await NodeConfiguration(flags: required, environment: ["REVOKED_NODE_HTTP": "off"]).http == .off)
    }

    /// For a Service called `revoked-node` Kubernetes sets it in every pod of the namespace.
    @Test func theVariableOfAKubernetesServiceIsIgnoredAndSaid() async throws {
        let environment = ["REVOKED_NODE_PORT": "tcp://10.96.0.13:8080", "REVOKED_PORT": "tcp://10.96.0.12:7379"]
        let settings = try await NodeConfiguration(flags: required, environment: environment)
        #expect(settings.port == 8080)
        #expect(settings.notices.count == 1)
        #expect(settings.notices.first?.contains("REVOKED_NODE_PORT:") == true)
        #expect(try await NodeConfiguration(flags: required, environment: [:]).notices.isEmpty)
    }

    @Test func theEnvironmentSaysWhatIsExpectedOfTheStore() async throws {
        let settings = try await NodeConfiguration(
            flags: required,
            environment: [
                "REVOKED_NODE_EPOCH": "e", "REVOKED_NODE_STATE_FILE": "/state", "REVOKED_NODE_REPLICAS": "2",
                "REVOKED_NODE_ACCEPT_REPLICA": "true",
                "REVOKED_NODE_ACCEPT_EVICTION_POLICIES": "volatile-lru, allkeys-lru",
            ])
        let configuration = settings.denylistConfiguration()
        #expect(configuration.epoch == "e")
        #expect(configuration.stateFile == "/state")
        #expect(configuration.replicas?.count == 2)
        #expect(configuration.acceptsReplica)
        #expect(configuration.acceptedEvictionPolicies == ["volatile-lru", "allkeys-lru"])
    }

    /// What has to agree with the denylist's terms: so long are revocations kept, and so far do cut-offs reach.
    @Test func theDenylistIsToldHowLongTokensLiveAndHowFarClocksAreAhead() async throws {
        var settings = try await NodeConfiguration(
            flags: required, environment: ["REVOKED_NODE_REFRESH_TOKEN_LIFETIME": "7200", "REVOKED_NODE_LEEWAY": "7"])
        settings.issuerLabel = "own"
        let other = RevocationConfiguration.Issuer("other", label: "o", lifetime: .seconds(60))
        let configuration = settings.denylistConfiguration(others: [other], leads: ["other": .seconds(9)])
        #expect(configuration.longestRefreshLifetime == .seconds(7_200))
        #expect(configuration.leeway == .seconds(7))
        #expect(configuration.issuers == [.init(settings.issuer, label: "own"), other])
        // Our own times are the store's.
        #expect(configuration.issuerLeads == [settings.issuer: .zero, "other": .seconds(9)])
    }

    @Test(arguments: [
        ["REVOKED_NODE_REPLICAS": "-1"], ["REVOKED_NODE_REPLICAS": "many"],
        ["REVOKED_NODE_PORT": "many"], ["REVOKED_NODE_PORT": "65536"], ["REVOKED_NODE_LEEWAY": "61"],
        ["REVOKED_NODE_ACCESS_TOKEN_LIFETIME": "0"], ["REVOKED_NODE_LOG_LEVEL": "loud"], ["REVOKED_NODE_KEYS": ""],
        ["REVOKED_NODE_CONFIG": "/nowhere.json"], ["REVOKED_NODE_FAILURE_POLICY": "open"],
        ["REVOKED_NODE_FAILURE_POLICY": "last-known:0"], ["REVOKED_NODE_ADMIN_SECRET": "short"],
        ["REVOKED_NODE_REFRESH_TOKEN_LIFETIME": "900"], ["REVOKED_NODE_ROTATION_GRACE": "61"],
        ["REVOKED_NODE_HTTP": "7381"], ["REVOKED_NODE_HTTP": "0.0.0.0:7381"],
        ["REVOKED_NODE_HTTP_PROTECTED_MODE": "off"],
        ["REVOKED_NODE_COOKIES": "perhaps"],
    ])
    func aSettingThatCannotBeMeantIsNeverPassedOver(environment: [String: String]) async {
        let flags: [String: ConfigValue] = ["users": "u"]
        let environment = ["REVOKED_NODE_KEYS": "k"].merging(environment) { $1 }
        await #expect(throws: NodeError.self) { try await NodeConfiguration(flags: flags, environment: environment) }
    }
}
