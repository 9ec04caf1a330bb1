package import Contract
package import Revocation

/// A denylist that ends what is open under a token. ``Revocation/RevocationList`` does.
package protocol TokenWatching: Sendable {
    func withToken<Result: Sendable>(
        _ token: TokenClaims, policy: FailurePolicy,
        _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Result
    ) async throws -> Result
}

extension RevocationList: TokenWatching {}
