import AuthNode
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

@Suite struct KeyRotationTests {
    /// As an operator does it: add the new key, move it to the front, take the old one away.
    @Test func keysAreExchangedWhileTheNodeRuns() async throws {
        let (old, new) = (SigningKey(generating: .es256), SigningKey(generating: .eddsa))
        let node = try await TestNode(keys: [old])
        try await node.test { client in
            let first = try await client.pair()
            try await node.keys.replace([old, new])
            #expect(try await kid(client.token()) == old.publicKey.identifier)
            try await node.keys.replace([new, old])
            let second = try await client.refresh(first.refresh).pair()
            #expect(try kid(second.access) == new.publicKey.identifier)
            for token in [first.access, second.access] { #expect(try await client.me(token).status == .ok) }
            let published = try await client.execute(uri: "/.well-known/jwks.json", method: .get).text
            for key in [old, new] { #expect(published.contains(key.publicKey.identifier)) }

            try await node.keys.replace([new])
            #expect(try await client.me(first.access).status == .unauthorized)
            #expect(try await client.me(second.access).status == .ok)

            // All of them are withdrawn: none serves any longer, and that is said.
            try await node.keys.replace([])
            #expect(try await client.me(second.access).status == .unauthorized)
            let login = try await client.login(#"{"username":"alice","password":"correct horse"}"#)
            #expect(login.status == .serviceUnavailable)
            let readiness = try await client.execute(uri: "/readyz", method: .get)
            #expect(readiness.status == .serviceUnavailable)
            #expect(readiness.text.contains("all keys are gone"))
        }
    }

    private func kid(_ token: String) throws -> String? { try TokenParts(token).header["kid"] as? String }
}
