import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Asks a daemon or a node whether it can do its work.
package struct HealthProbe: Sendable {
    /// The daemon's.
    package static let defaultURL = "http://127.0.0.1:7380"
    private static let longestAnswer = 64 << 10

    private let url: String

    /// - Parameter url: of the server; without a path `/readyz` is asked.
    package init(_ url: String = Self.defaultURL) throws {
        guard var parts = URLComponents(string: url), ["http", "https"].contains(parts.scheme), parts.host != nil else {
            throw InvalidURL()
        }
        if parts.path.isEmpty || parts.path == "/" { parts.path = "/readyz" }
        guard let text = parts.string else { throw InvalidURL() }
        self.url = text
    }

    package struct InvalidURL: Error, CustomStringConvertible {
        package let description = "a URL such as \(HealthProbe.defaultURL) is needed"
    }

    /// - Parameter timeout: for the whole answer.
    /// - Returns: what the server says, or that it says nothing.
    package func ask(timeout: Duration) async -> ReadinessReport {
        var configuration = HTTPClient.Configuration()
        // Nothing that listens there is an answer, too.
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
            return .notReady("unreachable", "\(url) does not answer: \(error)")
        }
    }
}
