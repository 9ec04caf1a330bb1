import Foundation
import TestSupport
import Testing

@testable import Lab

/// Short runs of `revoked-lab load nodes` and `revoked-lab load chaos`, and the canaries without which they prove
/// nothing.
@Suite("Load on nodes", .serialized)
struct LoadNodesTests {
    private static func value(_ name: String, _ report: LoadReport) -> String? {
        report.facts.first { $0.name == name }?.value
    }

    @Test("Without faults every answer is right, and enough of them come soon after a revocation")
    func nodes() async throws {
        let folder = try TemporaryFolder()
        var settings = NodeRun.Settings()
        settings.seconds = 8
        settings.users = 100
        settings.connections = 4
        settings.accessTokenLifetime = 8
        settings.seed = 1
        settings.json = folder.path + "/report.json"
        settings.html = folder.path + "/report.html"
        #expect(await NodeRun(settings, programs: try .built()).run() == 0)
        let report = try LoadReport(json: folder.path + "/report.json")
        #expect(report.failures.isEmpty)
        #expect(Self.value("violations", report) == "0")
        #expect(Self.value("false rejections", report) == "0")
        #expect(report.warnings.allSatisfy { !$0.contains("within 100 ms") })
        let counts = Dictionary(uniqueKeysWithValues: report.operations.map { ($0.name, $0.count) })
        for name in ["check", "log in", "refresh", "log out", "log out everywhere", "revoke → refused"] {
            #expect(counts[name, default: 0] > 0, "\(name) happens")
        }
        #expect(FileManager.default.fileExists(atPath: folder.path + "/report.html"))
    }

    @Test("Killed, paused and cut off, nothing that was acknowledged is lost, and every node recovers")
    func chaos() async throws {
        var settings = ChaosRun.Settings()
        settings.seconds = 20
        settings.users = 60
        settings.rate = 300
        settings.seed = 11
        let report = try await ChaosRun(settings, programs: try .built()).report()
        #expect(report.failures.isEmpty)
        #expect(report.faults.count >= 3)
        #expect(report.faults.allSatisfy { $0.end != nil })
        #expect(Self.value("violations", report) == "0")
        let audit = try #require(Self.value("revoked tokens asked for at the daemon itself", report))
        #expect(!audit.hasPrefix("0,") && audit.hasSuffix(", 0 lost"))
    }

    @Test(
        "The oracle sees what everyone does lose, and an entry that ends too early",
        arguments: [Canary.lostMemory, Canary.offByOne])
    func canary(_ canary: Canary) async throws {
        let outcome = try await Canaries(seed: 3, programs: try .built()).run(canary)
        #expect(outcome.violations > 0)
        #expect(outcome.violationsBefore == 0)
        #expect(outcome.falseRejections == 0)
        #expect(canary.holds(outcome))
    }
}
