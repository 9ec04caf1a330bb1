import Foundation
import JWTKit
package import RevocationHTTP
import Synchronization

/// The keys of a node, which may change while it runs: the first signs, all verify.
package final class KeyRing: KeySource {
    private struct Keys: Sendable {
        let identifiers: [String]
        /// nil if all keys are gone.
        let signer: JWTKeyCollection?
        let verification: VerificationKeys
        let json: Data
    }

    private let keys: Mutex<Keys>
    private let problems = Mutex<[String]>([])
    /// Reads the key files, and returns whether all could be read; nil for keys without files.
    private let rereading = Mutex<(@Sendable () async -> Bool)?>(nil)

    /// - Parameter keys: at least one.
    /// - Throws: ``NodeError/Code/invalidKeyFile``.
    package init(_ keys: [SigningKey]) async throws(NodeError) {
        guard !keys.isEmpty else { throw NodeError(.invalidKeyFile, "there is no key to sign with") }
        self.keys = Mutex(try await Self.prepare(keys))
    }

    /// Replaces the keys. Tokens of a dropped key are refused from now on. Without any key, all tokens are refused and
    /// none is issued.
    /// - Returns: whether the keys changed.
    /// - Throws: ``NodeError/Code/invalidKeyFile``; the keys are then unchanged.
    @discardableResult
    package func replace(_ keys: [SigningKey]) async throws(NodeError) -> Bool {
        guard keys.map(\.publicKey.identifier) != self.keys.withLock({ $0.identifiers }) else { return false }
        let new = try await Self.prepare(keys)
        self.keys.withLock { $0 = new }
        return true
    }

    package func keys(for identifier: String?) -> VerificationKeys { keys.withLock { $0.verification } }

    /// Another node may already sign with a key that this one is about to read.
    package func keys(
        for identifier: String?, until suffices: (VerificationKeys) -> Bool
    ) async throws(TokenRejection) -> VerificationKeys {
        let keys = keys(for: identifier)
        guard !suffices(keys), let reread = rereading.withLock({ $0 }) else { return keys }
        guard await reread() else {
            throw TokenRejection(.keysUnavailable, "not all of this node's key files can be read")
        }
        return self.keys(for: identifier)
    }

    /// Sets how the files are read when a token needs them.
    func reread(by read: @escaping @Sendable () async -> Bool) { rereading.withLock { $0 = read } }

    /// Reports what is wrong with the key files.
    /// - Returns: whether it has changed.
    func report(_ problems: [String]) -> Bool {
        self.problems.withLock { held in
            defer { held = problems }
            return held != problems
        }
    }

    package var status: KeySourceStatus {
        let identifiers = Set(keys.withLock { $0.identifiers })
        let none =
            !identifiers.isEmpty ? [] : ["all keys are gone: nothing is issued, and every token of ours is refused"]
        return KeySourceStatus(
            keyCount: identifiers.count, identifiers: identifiers, problems: none + problems.withLock { $0 })
    }

    /// The `kid` of the key that signs; nil if all keys are gone.
    var signer: String? { keys.withLock { $0.identifiers.first } }

    /// The contents of `/.well-known/jwks.json`.
    var json: Data { keys.withLock { $0.json } }

    /// - Throws: 503 if there is no key left.
    func sign(_ payload: some JWTPayload, type: String) async throws -> String {
        let (signer, identifier) = keys.withLock { ($0.signer, $0.identifiers.first) }
        guard let signer, let identifier else { throw Refusal.unavailable("there is no key to sign with") }
        return try await signer.sign(
            payload, kid: JWKIdentifier(string: identifier), header: ["typ": .string(type)])
    }

    /// A node verifies with exactly the keys that it publishes.
    private static func prepare(_ keys: [SigningKey]) async throws(NodeError) -> Keys {
        do {
            let json = try PublicKeySet(keys: keys.map(\.publicKey)).json()
            return Keys(
                identifiers: keys.map(\.publicKey.identifier), signer: try await keys.first?.signer(),
                verification: try await VerificationKeys(jwks: json), json: json)
        } catch {
            throw NodeError(.invalidKeyFile, "the keys cannot be used: \(error)")
        }
    }
}
