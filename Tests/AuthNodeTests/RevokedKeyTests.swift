import AdminHTTP
import Contract
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import PrometheusMetrics
import Revocation
import TestSupport
import Testing

@testable import AuthNode

/// A signing key that was stolen, and is revoked.
@Suite struct RevokedKeyTests {
    @Test func aRevokedKeyIsToldOfForAsLongAsItIsTrusted() async throws {
        let (stolen, other) = (SigningKey(generating: .es256), SigningKey(generating: .eddsa))
        let denylist = try TestDenylist(clock: TestClock(wall: TestNode.start))
        let keys = try await KeyRing([stolen, other])
        let revoked = RevokedKeys()
        let health = NodeHealth(denylist: denylist, own: "revoked", keys: keys, others: [], revokedKeys: revoked)
        let watch = RevokedKeyWatch(
            sources: [("revoked", keys)], denylist: denylist, revoked: revoked,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        func warnings() async -> Int {
            await watch.look()
            let metrics = Exposition.text(health.families)
            let warnings = await health.report().warnings ?? []
            let count = warnings.count { $0.contains("\(stolen.publicKey.identifier) is revoked and still trusted") }
            #expect(metrics.contains("revoked_node_revoked_keys{issuer=\"revoked\"} \(count)\n"))
            return count
        }
        #expect(await warnings() == 0)
        _ = try await denylist.revoke(.key(stolen.publicKey.identifier), reason: .compromised, issuer: nil)
        #expect(await warnings() == 1)
        // What is not known now was not undone.
        denylist.isAway = true
        await watch.look()
        #expect(revoked.names(of: "revoked") == [stolen.publicKey.identifier])
        denylist.isAway = false
        try await keys.replace([other])
        #expect(await warnings() == 0)
    }

    @Test func everythingThatItSignedIsRefusedAndNothingIsSigned() async throws {
        var settings = TestNode.settings
        settings.adminSecret = String(repeating: "a", count: 40)
        let key = SigningKey(generating: .es256)
        let node = try await TestNode(keys: [key], settings: settings)
        try await node.test { client in
            let pair = try await client.pair()
            let answer = try await client.post(
                "/admin/revoke", #"{"key":"\#(key.publicKey.identifier)"}"#, bearer(String(repeating: "a", count: 40)))
            #expect(answer.status == .ok)
            let refused = try await client.me(pair.access)
            #expect(refused.status == .unauthorized)
            #expect(refused.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
            #expect(try await client.refresh(pair.refresh).status == .badRequest)
            let login = try await client.login(#"{"username":"alice","password":"correct horse"}"#)
            #expect(login.status == .serviceUnavailable)
        }
    }
}
