import TLS
import TestSupport
import Testing

@testable import RevokedServer

/// Two changes at once, each of which the other forbids, do not open the daemon together.
@Suite(.timeLimit(.minutes(1))) struct ExposureTests {
    @Test func certificatesAndPasswordsAreNotGivenUpAtOnce() async throws {
        let certificates = try TestCertificates()
        let daemon = SessionBench.daemon {
            ($0.bind, $0.port, $0.tlsPort, $0.adminPassword) = (["0.0.0.0"], 0, 7379, "p")
            $0.tls.certificate = certificates.file("server.pem")
            $0.tls.key = certificates.file("server.key")
            $0.tls.authorities = certificates.file("ca.pem")
            $0.tls.clientCertificates = .yes
        }
        try daemon.loadCertificate()
        @Sendable func setDefault(_ rules: String...) -> Bool {
            do throws(UserTable.Refusal) {
                try daemon.changeExposure { (exposedHost) throws(UserTable.Refusal) in
                    try daemon.users.set(
                        Array("default".utf8), rules.map { Array($0.utf8) }, exposedHost: exposedHost)
                }
                return true
            } catch { return false }
        }
        @Sendable func setClients(_ value: String) async -> Bool {
            var changes = ConfigChanges()
            guard changes.read("tls-auth-clients", value) == nil else { return false }
            return await withCheckedContinuation { ended in
                changes.applyTLS(to: daemon) { [ended] in ended.resume(returning: $0 == nil) }
            }
        }
        var winners: Set<[Bool]> = []
        for _ in 0..<50 {
            #expect(setDefault("on", "resetpass", ">p"))
            #expect(await setClients("yes"))
            async let isOpened = Task { setDefault("nopass") }.value
            async let isUnverified = setClients("optional")
            let outcome = await [isOpened, isUnverified]
            #expect(outcome != [true, true])
            winners.insert(outcome)
        }
        #expect(!winners.isEmpty)
        #expect(setDefault("resetpass", ">p"))
        #expect(await setClients("optional"))
        #expect(!setDefault("nopass"))
        #expect(setDefault("on", ">q"))
    }
}
