import Foundation
import TestSupport
import Testing

/// The daemon's port for metrics and health over TLS, asked by curl and by `revoked health`.
@Suite(.serialized) struct DaemonHTTPSTests {
    private let certificates = try! TestCertificates()
    private var files: [String] {
        ["--tls-cert-file", certificates.file("server.pem"), "--tls-key-file", certificates.file("server.key")]
    }

    /// - Returns: the daemon, and the URL of its HTTP port.
    private func start(_ arguments: [String] = []) throws -> (DaemonProcess, url: String) {
        let daemon = try DaemonProcess(["--http", "https://127.0.0.1:0"] + files + arguments)
        let line = try daemon.process.waitForLine(containing: "metrics on https://")
        return (daemon, String(line.dropFirst("metrics on ".count).dropLast("/metrics".count)))
    }

    private func health(_ url: String, _ authority: String?) throws -> (status: Int32, output: String) {
        let trust = authority.map { ["--tls-ca-cert-file", certificates.file("\($0).pem")] } ?? []
        return try TestProcess(try DaemonProcess.program(), ["health", url] + trust).waitForEnd()
    }

    @Test func metricsAndHealthAreServed() throws {
        let (daemon, url) = try start()
        // It is ended when it is let go of.
        defer { daemon.process.terminate() }
        let metrics = try Curl.run(["--cacert", certificates.file("ca.pem"), "\(url)/metrics"])
        #expect(metrics.status == 0 && metrics.output.contains("revoked_tls_certificate_expires_seconds"))
        #expect(try Curl.run(["\(url)/metrics"]).status == 60)
        #expect(try health(url, "ca").status == 0)
        for authority in ["other-ca", nil] {
            let (status, output) = try health(url, authority)
            #expect(status == 1 && output.contains("--tls-ca-cert-file"), "\(output)")
        }
    }

    /// Those who scrape have no certificate, whatever the daemon's clients have to show.
    @Test func noClientHasToShowACertificate() throws {
        let (daemon, url) = try start([
            "--port", "\(try freePort())", "--tls-port", "\(try freePort())", "--tls-ca-cert-file",
            certificates.file("ca.pem"), "--tls-auth-clients", "yes",
        ])
        #expect(try health(url, "ca").status == 0)
        daemon.process.terminate()
        #expect(try daemon.process.waitForEnd().status == 0)
    }

    @Test func aReloadThatFailsIsSaidAndOneThatWorksIsShown() throws {
        let (daemon, url) = try start()
        let good = try Data(contentsOf: URL(filePath: certificates.file("server.key")))
        try FileManager.default.removeItem(atPath: certificates.file("server.key"))
        daemon.process.terminate(SIGHUP)
        _ = try daemon.process.waitForLine(containing: "the TLS certificate could not be reloaded")
        let (status, output) = try health(url, "ca")
        #expect(status == 0 && output.contains("warning: the TLS certificate could not be reloaded"), "\(output)")
        try good.write(to: URL(filePath: certificates.file("server.key")))
        try certificates.sign("server", names: "IP:127.0.0.1", by: "other-ca")
        daemon.process.terminate(SIGHUP)
        _ = try daemon.process.waitForLine(containing: "reloaded the TLS certificate")
        let after = try health(url, "other-ca")
        #expect(after.status == 0 && !after.output.contains("warning"), "\(after.output)")
    }

    @Test func withoutACertificateItDoesNotStart() throws {
        let process = try DaemonProcess.start(["--port", "0", "--http", "https://127.0.0.1:0"])
        let (status, output) = try process.waitForEnd()
        #expect(status == 1 && output.contains("set tls-cert-file"), "\(output)")
    }
}
