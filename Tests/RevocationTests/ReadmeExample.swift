import Revocation

/// One for the whole process. `memory:` is for tests; `rediss://`, Sentinel and Cluster have URLs too.
func makeDenylist() throws -> RevocationList { try RevocationList("redis://127.0.0.1:7379") }

/// Ends a (verified) token and its session everywhere. If it throws, the token is not revoked: answer 503.
func logOut(_ token: TokenClaims, denylist: RevocationList) async throws {
    try await denylist.revoke(token, reason: .logout, scopes: [.token, .session])
}

/// Whether a request with this token may go on.
func mayGoOn(_ token: TokenClaims, denylist: RevocationList) async -> Bool {
    switch await denylist.verdict(for: token) {
    case .clear: true  // proven by the store in the same reply, epoch and all
    case .revoked, .unknown: false  // unknown: the store is down, or has lost its memory
    }
}
