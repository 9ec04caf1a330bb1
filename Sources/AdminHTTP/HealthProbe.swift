import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOSSL

/// Asks a daemon or a node whether it can do its work.
package struct HealthProbe: Sendable {
    /// The daemon's.
    package static let defaultURL = "http://127.0.0.1:7380"
    private static let longestAnswer = 64 << 10

    private let url: String
    private let tls: TLSConfiguration

    /// - Parameters:
    ///   - url: of the server; without a path `/readyz` is asked.
    ///   - authorities: a file of the authorities to trust instead of the system's, in PEM.
    /// - Throws: ``InvalidURL``, or why the file cannot be used.
    package init(_ url: String = Self.defaultURL, authorities: String? = nil) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authorities {
            do { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities)) } catch {
                throw InvalidAuthorities(path: authorities)
            }
        }
        guard var parts = URLComponents(string: url), ["http", "https"].contains(parts.scheme), parts.host != nil else {
            throw InvalidURL()
        }
        if parts.path.isEmpty || parts.path == "/" { parts.path = "/readyz" }
        guard let text = parts.string else { throw InvalidURL() }
        // A certificate has the server's name on the network, and no other machine answers on loopback.
        if AdminAddress.isLoopback(parts.host ?? "") { tls.certificateVerification = .noHostnameVerification }
        self.url = text
        self.tls = tls
    }

    package struct InvalidAuthorities: Error, CustomStringConvertible {
        let path: String
        package var description: String { "\(path) holds no certificate in PEM, or cannot be read" }
    }

    package struct InvalidURL: Error, CustomStringConvertible {
        package let description = "a URL such as \(HealthProbe.defaultURL) is needed"
    }

    /// - Parameter timeout: for the whole answer.
    /// - Returns: what the server says, or that it says nothing.
    package func ask(timeout: Duration) async -> ReadinessReport {
        var configuration = HTTPClient.Configuration()
        // Nothing that listens there is an answer, too.
        configuration.tlsConfiguration = tls
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: configuration)
        let report = await ask(client, timeout)
        // Whatever it has to say of its own end, the answer is there.
        try? await client.shutdown()
        return report
    }

    private func ask(_ client: HTTPClient, _ timeout: Duration) async -> ReadinessReport {
        do {
            let deadline = Int64(timeout / .milliseconds(1))
            let answer = try await client.execute(HTTPClientRequest(url: url), timeout: .milliseconds(deadline))
            let body = try await answer.body.collect(upTo: Self.longestAnswer)
            // 200 from something else that has no more to say is good enough; its 503 is not.
            let told = try? JSONDecoder().decode(ReadinessReport.self, from: body)
            guard answer.status == .ok else {
                return .notReady(told?.cause ?? "status", told?.reason ?? "\(url) answers \(answer.status)")
            }
            return .ready(warnings: told?.warnings)
        } catch {
            let text = "\(error)"
            let cause =
                text.contains("CERTIFICATE_VERIFY_FAILED")
                ? "its certificate is signed by no authority that is trusted here, or has expired (--tls-ca-cert-file names "
                    + "an authority)" : text
            return .notReady("unreachable", "\(url) does not answer: \(cause)")
        }
    }
}
