import Foundation
import NIOSSL
import TLS
import TestSupport
import Testing

/// Certificates from files: each trouble has its own sentence, and a reload changes all or nothing.
@Suite struct ServerTLSTests {
    private static let certificates = Result { try TestCertificates() }
    private let certificates: TestCertificates
    private let log = LogLines()

    init() throws { certificates = try Self.certificates.get() }

    private func configuration(
        _ name: String = "server", key: String? = nil, authorities: String? = "ca.pem"
    ) -> ServerTLSConfiguration {
        var configuration = ServerTLSConfiguration(clientCertificates: .yes)
        configuration.certificate = certificates.file("\(name).pem")
        configuration.key = certificates.file(key ?? "\(name).key")
        configuration.authorities = authorities.map(certificates.file)
        return configuration
    }

    private func refusal(_ configuration: ServerTLSConfiguration) -> String {
        do throws(TLSError) { _ = try LoadedTLS(configuration) } catch { return error.description }
        return ""
    }

    // MARK: Loading

    @Test func aCertificateIsLoadedWithItsKeyAndAuthorities() throws {
        let tls = try ServerTLS(configuration(), logger: log.logger)
        let days = (Double(tls.status().expiresAt) - Date().timeIntervalSince1970) / 86_400
        #expect(days > 1.9 && days < 2.1)
        #expect(tls.status().warnings == [] && tls.status().failures == 0)
        #expect(tls.context.configuration.minimumTLSVersion == .tlsv12)
        #expect(tls.context.configuration.certificateVerification == .noHostnameVerification)
        #expect(log.lines == [])
    }

    @Test func whoDoesNotVerifyClientsNeedsNoAuthorities() throws {
        var settings = configuration(authorities: nil)
        for asked in [ServerTLSConfiguration.ClientCertificates.yes, .optional] {
            settings.clientCertificates = asked
            #expect(refusal(settings).contains("set tls-ca-cert-file, or tls-auth-clients no"))
        }
        settings.clientCertificates = .no
        #expect(try LoadedTLS(settings).context.configuration.certificateVerification == .none)
    }

    @Test func eachTroubleIsSaidWithItsFileAndItsSetting() throws {
        var settings = configuration()
        settings.certificate = nil
        #expect(refusal(settings).contains("set tls-cert-file"))
        settings = configuration()
        settings.key = nil
        #expect(refusal(settings).contains("set tls-key-file"))
        for (name, path) in [
            ("tls-cert-file", \ServerTLSConfiguration.certificate), ("tls-key-file", \.key),
            ("tls-ca-cert-file", \.authorities),
        ] {
            settings = configuration()
            settings[keyPath: path] = certificates.file("missing.pem")
            #expect(refusal(settings).hasPrefix("cannot read \(certificates.path)/missing.pem (\(name)): No such file"))
            settings[keyPath: path] = "/dev/zero"
            #expect(refusal(settings).contains("(\(name)): it is not a regular file"))
            settings[keyPath: path] = certificates.file("server.ext")
            #expect(refusal(settings).contains("server.ext (\(name)) holds no "))
        }
        let mismatch = refusal(configuration(key: "client.key"))
        #expect(mismatch.contains("client.key (tls-key-file) is not that of the certificate in"), "\(mismatch)")
    }

    @Test func aDamagedCertificateIsNotTakenForNone() throws {
        let pem = try String(contentsOfFile: certificates.file("ca.pem"), encoding: .utf8)
        let damaged = pem + pem.replacing("MII", with: "AAA")
        try damaged.write(toFile: certificates.file("damaged.pem"), atomically: true, encoding: .utf8)
        #expect(refusal(configuration(authorities: "damaged.pem")).contains("or a damaged one"))
    }

    @Test func anEncryptedKeyTakesItsPassword() throws {
        try certificates.openssl(
            "pkcs8", "-topk8", "-in", "server.key", "-out", "encrypted.key", "-passout", "pass:correct horse")
        var settings = configuration(key: "encrypted.key")
        for password in [nil, "wrong"] {
            settings.keyPassword = password
            let message = refusal(settings)
            #expect(message.contains("that tls-key-file-pass does not decrypt") && !message.contains("wrong"))
        }
        settings.keyPassword = "correct horse"
        #expect(refusal(settings) == "")
    }

    @Test func authoritiesMayStandInAFolder() throws {
        let folder = try TemporaryFolder()
        var settings = configuration(authorities: nil)
        settings.authorityFolder = folder.path
        try FileManager.default.copyItem(atPath: certificates.file("ca.pem"), toPath: folder.file("ca.pem"))
        #expect(refusal(settings).contains("run openssl rehash there"))
        try certificates.openssl("rehash", folder.path)
        #expect(refusal(settings) == "")
        settings.authorityFolder = folder.file("none")
        #expect(refusal(settings).contains("is no folder that can be read"))
    }

    @Test func protocolsAreReadAsRedisDoes() throws {
        #expect(TLSProtocols("") == .default && TLSProtocols("tlsv1.3 TLSv1.2") == .default)
        #expect(TLSProtocols("TLSv1.2") == .version12 && TLSProtocols("TLSV1.3") == .version13)
        for text in ["TLSv1.1 TLSv1.2", "TLSv1", "SSLv3", "TLSv1.2,TLSv1.3"] { #expect(TLSProtocols(text) == nil) }
        for protocols in TLSProtocols.allCases {
            var settings = configuration()
            settings.protocols = protocols
            let loaded = try LoadedTLS(settings).context.configuration
            #expect((loaded.minimumTLSVersion == .tlsv12) == (protocols != .version13))
            #expect((loaded.maximumTLSVersion == .tlsv13) == (protocols != .version12))
            #expect(TLSProtocols(protocols.description) == protocols)
        }
    }

    @Test func aCertificateHasOneCommonNameOrNone() throws {
        func name(_ subject: String) throws -> String? {
            try certificates.sign("named", names: "DNS:client", subject: subject)
            return try NIOSSLCertificate.fromPEMFile(certificates.file("named.pem"))[0].commonName
        }
        #expect(try name("/O=some/CN=reader/OU=other") == "reader")
        #expect(try name("/O=reader") == nil && name("/CN=reader/CN=admin") == nil)
    }

    @Test func aCertificateIsValidForItsDays() throws {
        let certificate = try NIOSSLCertificate.fromPEMFile(certificates.file("client.pem"))[0]
        let now = ServerTLS.unixTime()
        #expect(certificate.isValid(at: now) && !certificate.isValid(at: now - 3600))
        #expect(!certificate.isValid(at: now + 3 * 86_400))
    }

    // MARK: Reload

    @Test func aReloadTakesTheNewFilesOrKeepsTheOldCertificate() async throws {
        let certificates = try TestCertificates()
        var settings = ServerTLSConfiguration(clientCertificates: .no)
        settings.certificate = certificates.file("server.pem")
        settings.key = certificates.file("server.key")
        let tls = try ServerTLS(settings, logger: log.logger)
        let first = tls.context

        try certificates.sign("server", names: "DNS:localhost", days: 30)
        #expect(await tls.reload())
        let second = tls.context
        #expect(second !== first && tls.status().expiresAt > Int(Date().timeIntervalSince1970) + 20 * 86_400)
        #expect(log.lines.last?.hasPrefix("info reloaded the TLS certificate") == true)

        try FileManager.default.removeItem(atPath: certificates.file("server.key"))
        for _ in 0..<2 { #expect(await !tls.reload()) }
        #expect(tls.context === second)
        #expect(tls.status().hasFailed && tls.status().failures == 2)
        #expect(
            tls.status().warnings.count == 1 && tls.status().warnings[0].contains("server.key (tls-key-file): No such"))
        #expect(
            log.lines.last?.hasPrefix("error the TLS certificate could not be reloaded, and the old one stays") == true)

        try certificates.sign("server", names: "DNS:localhost")
        #expect(await tls.reload())
        #expect(tls.context !== second)
        #expect(!tls.status().hasFailed && tls.status().failures == 2 && tls.status().warnings == [])
    }

    /// A reload that runs beside a change does not put back what was there before it.
    @Test func aReloadUndoesNoChange() async throws {
        let tls = try ServerTLS(configuration(), logger: log.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { while !Task.isCancelled { await tls.reload() } }
            for round in 0..<200 {
                let wanted: ServerTLSConfiguration.ClientCertificates = round.isMultiple(of: 2) ? .optional : .no
                try await change(tls) {
                    var next = $0
                    next.clientCertificates = wanted
                    return next
                }
                await tls.reload()
                try #require(tls.configuration.clientCertificates == wanted, "round \(round)")
            }
            group.cancelAll()
        }
    }

    private func change(
        _ tls: ServerTLS, to next: @escaping @Sendable (ServerTLSConfiguration) -> ServerTLSConfiguration,
        with permission: @escaping @Sendable (() -> Void) throws(TLSError) -> Void = { $0() }
    ) async throws {
        let failure = await withCheckedContinuation { ended in
            tls.change(to: next, with: permission) { ended.resume(returning: $0) }
        }
        if let failure { throw failure }
    }

    @Test func aChangeIsMadeWholeOrNotAtAll() async throws {
        let tls = try ServerTLS(configuration(), logger: log.logger)
        let first = tls.context
        var settings = configuration("client")
        settings.clientCertificates = .optional
        let wanted = settings
        await #expect(throws: TLSError.self) {
            try await change(tls, to: { _ in wanted }, with: { (_) throws(TLSError) in throw TLSError("not now") })
        }
        #expect(tls.context === first && !tls.status().hasFailed)
        try await change(tls) { _ in wanted }
        let second = tls.context
        #expect(second !== first && tls.configuration == settings)
        settings.key = nil
        let keyless = settings
        await #expect(throws: TLSError.self) { try await change(tls, to: { _ in keyless }) }
        #expect(tls.context === second && tls.configuration.key != nil && tls.status().hasFailed)
    }

    // MARK: Warnings

    @Test func aCertificateOutOfItsTimeIsWarnedOf() throws {
        try certificates.sign("expired", names: "DNS:localhost", days: -1)
        let tls = try ServerTLS(configuration("expired"), logger: log.logger)
        #expect(log.lines.count == 1 && log.lines[0].contains("expired.pem (tls-cert-file) expired at "))
        #expect(tls.status().warnings.count == 1)
        // One that expires later is noticed without a reload.
        let other = try ServerTLS(configuration(), logger: log.logger)
        let later = other.status().expiresAt + 1
        #expect(other.status().warnings == [] && other.status(now: later).warnings.count == 1)
        #expect(other.status(now: 0).warnings.first?.contains("is valid only from ") == true)
    }

    /// A handshake that began before ends under the same trust, or not at all.
    @Test func trustRisesWithWhomItAdmits() async throws {
        let certificates = try TestCertificates()
        var settings = ServerTLSConfiguration(clientCertificates: .yes)
        settings.certificate = certificates.file("server.pem")
        settings.key = certificates.file("server.key")
        settings.authorities = certificates.file("ca.pem")
        let tls = try ServerTLS(settings, logger: log.logger)
        let first = tls.beginning
        #expect(first.context === tls.context && first.trust == tls.trust)
        try certificates.sign("server", names: "DNS:localhost", days: 30)
        #expect(await tls.reload())
        #expect(tls.trust == first.trust && tls.context !== first.context)
        var trust = first.trust
        let changes: [@Sendable (inout ServerTLSConfiguration) -> Void] = [
            { $0.authorities = certificates.file("other-ca.pem") }, { $0.clientCertificates = .optional },
            { $0.certificateUser = .commonName }, { $0.protocols = .version13 },
        ]
        for change in changes {
            try await self.change(tls) {
                var next = $0
                change(&next)
                return next
            }
            #expect(tls.trust > trust)
            trust = tls.trust
        }
        // The same name, and another authority in it.
        let file = certificates.file("other-ca.pem")
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: certificates.file("ca.pem"), toPath: file)
        #expect(await tls.reload())
        #expect(tls.trust > trust)
    }

    @Test func aKeyThatOthersMayReadIsWarnedOfOnce() async throws {
        try FileManager.default.copyItem(atPath: certificates.file("server.key"), toPath: certificates.file("open.key"))
        chmod(certificates.file("open.key"), 0o644)
        let tls = try ServerTLS(configuration(key: "open.key"), logger: log.logger)
        for _ in 0..<2 { #expect(await tls.reload()) }
        let warnings = log.lines.filter { $0.hasPrefix("warning") }
        #expect(warnings.count == 1 && warnings[0].contains("open.key (tls-key-file) may be read by others"))
    }
}
