import AuthNode
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import RevocationHTTP
import Synchronization
import Testing

/// Whatever happens, no token, identifier, name or password reaches the log, however much is logged.
@Suite struct SecrecyTests {
    /// Keeps every line.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func append(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            lines.append("\(event.message) \(metadata) \(event.metadata ?? [:]) \(event.error.map { "\($0)" } ?? "")")
        }
    }

    @Test func theLogHoldsNoSecrets() async throws {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Handler(lines: lines) }
        let node = try await TestNode(logger: logger)
        let token = try await node.test(.live) { client in
            let token = try await client.token()
            _ = try await client.login(#"{"username":"alice","password":"wrong guess"}"#)
            _ = try await client.login(#"{"username":"alice","password":"correct horse""#)
            _ = try await client.me(token)
            _ = try await client.me(token + "x")
            node.denylist.isAway = true
            _ = try await client.me(token)
            _ = try await client.logout(token)
            node.denylist.isAway = false
            _ = try await client.logout(token)
            _ = try await client.me(token)
            return token
        }
        let claims = try TokenParts(token).claims
        let secrets =
            [token, "correct horse", "wrong guess", "alice"] + ["jti", "sid"].compactMap { claims[$0] as? String }
        #expect(lines.all.contains { $0.contains("a log-out was not acknowledged") })
        for secret in secrets { #expect(!lines.all.contains { $0.contains(secret) }) }
    }
}
