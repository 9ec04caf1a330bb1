import Contract
import Revocation

/// Logs a token out here and has it refused everywhere.
func logOut(_ token: TokenClaims, denylist: RevocationList) async throws {
    try await denylist.revoke(token, reason: .logout, scopes: [.token, .session])
}

/// Whether a request with this (already verified) token may go on.
func mayGoOn(_ token: TokenClaims, denylist: RevocationList) async -> Bool {
    switch await denylist.verdict(for: token) {
    case .clear: true  // proven by the store in the same reply, epoch and all
    case .revoked: false
    case .unknown: false  // nothing is proven: the store is down, or has lost its memory
    }
}
