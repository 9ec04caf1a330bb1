import AdminHTTP
import Testing

@testable import RevokedServer

@Suite struct DaemonAdminTests {
    private func readiness(_ bench: SessionBench) -> ReadinessReport { DaemonAdmin(daemon: bench.daemon).readiness }

    @Test func aDaemonInMemoryIsReady() {
        #expect(readiness(SessionBench()) == .ready())
    }

    @Test func whileItLoadsItIsNot() {
        let bench = SessionBench { $0.directory = "/nonexistent" }
        #expect(readiness(bench).cause == "loading")
        bench.daemon.loading.advance(to: 30, of: 100)
        #expect(readiness(bench).reason?.contains("30 %") == true)
        bench.daemon.loading.end()
        #expect(readiness(bench).ready)
    }

    @Test func whileRevocationsAreRefusedForMemoryItIsNot() {
        let bench = SessionBench { $0.maximumMemory = 1 }
        #expect(bench.ask("SETEX", "revoked:jti:a", "100", "logout").hasPrefix("-OOM"))
        #expect(readiness(bench).cause == "oom")
        #expect(bench.ask("CONFIG", "SET", "maxmemory", "0") == "+OK\r\n")
        #expect(readiness(bench).ready)
    }
}
