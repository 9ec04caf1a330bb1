import AuthNode
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import RevocationHTTP
import TestSupport
import Testing

/// Whatever happens, no token, identifier, name or password reaches the log, however much is logged.
@Suite struct SecrecyTests {
    @Test func theLogHoldsNoSecrets() async throws {
        let log = LogLines()
        let node = try await TestNode(logger: log.logger)
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
        #expect(secrets.count == 6)
        #expect(log.lines.contains { $0.contains("a log-out was not acknowledged") })
        for secret in secrets { #expect(!log.lines.contains { $0.contains(secret) }) }
    }

    /// Clients must not be able to fill the log.
    @Test func requestsAreNotLoggedOneByOneUnlessThatIsAskedFor() async throws {
        let log = LogLines()
        let node = try await TestNode(logger: log.logger)
        try await node.test(.live) { client in
            let before = log.lines.count
            for path in ["/", "/me", "/healthz", "/login", "/.well-known/jwks.json"] {
                _ = try await client.execute(uri: path, method: .get)
            }
            let requests = log.lines[before...].filter { $0.hasPrefix("debug request ") }
            #expect(requests.count == 5)
            for level in [Logger.Level.info, .notice, .warning, .error, .critical] {
                #expect(log.lines[before...].count { $0.hasPrefix("\(level) ") } == 0)
            }
        }
    }
}
