import AdminHTTP
import PrometheusMetrics
import Synchronization
import Testing

@testable import RevokedServer

/// Connections that check tokens without saying that they are of this release.
@Suite struct OlderNodesTests {
    private func count(_ bench: SessionBench) -> Int { bench.daemon.counters.olderNodes.load(ordering: .relaxed) }

    @Test(arguments: [["GET", "revoked.epoch"], ["MGET", "revoked:jti:a", "revoked.epoch"]])
    func oneThatReadsTheEpochIsCountedOnce(_ check: [String]) {
        let bench = SessionBench()
        _ = bench.ask("GET", "k")
        #expect(count(bench) == 0)
        #expect(DaemonAdmin(daemon: bench.daemon).readiness == .ready())
        for _ in 0..<3 { _ = bench.converse([encode(check)]) }
        #expect(count(bench) == 1)
        #expect(bench.ask("INFO", "clients").contains("older_nodes:1\r\n"))
        #expect(Exposition.text(DaemonMetrics(bench.daemon).families).contains("revoked_older_nodes 1\n"))
        let readiness = DaemonAdmin(daemon: bench.daemon).readiness
        #expect(readiness.ready)
        #expect(readiness.warnings?.first?.hasPrefix("1 connections read revoked.epoch without") == true)
        bench.end()
        #expect(count(bench) == 0)
    }

    @Test(arguments: ["revoked", "revoked(app_v1)"])
    func oneThatSaidSoIsNot(_ name: String) {
        let bench = SessionBench()
        #expect(bench.ask("CLIENT", "SETINFO", "LIB-NAME", name) == "+OK\r\n")
        #expect(bench.ask("CLIENT", "SETINFO", "LIB-VER", "1.2") == "+OK\r\n")
        _ = bench.ask("GET", "revoked.epoch")
        #expect(count(bench) == 0)
        #expect(bench.ask("CLIENT", "INFO").contains("lib-name=\(name) lib-ver=1.2"))
    }

    @Test func anotherNameIsNotThatOfTheLibrary() {
        let bench = SessionBench()
        _ = bench.ask("CLIENT", "SETINFO", "LIB-NAME", "revokedx")
        _ = bench.ask("GET", "revoked.epoch")
        #expect(count(bench) == 1)
        // Who says so later is judged by the next check.
        _ = bench.ask("CLIENT", "SETINFO", "LIB-NAME", "revoked")
        _ = bench.ask("GET", "revoked.epoch")
        #expect(count(bench) == 0)
    }
}
