import Contract

/// What is measured.
package enum ClientOperation: String, CaseIterable, Sendable {
    /// A check of a token with nothing but a `jti`: its key, that of all, and the epoch.
    case token
    /// A check of `jti`, `sid` and `sub`: five keys.
    case scopes
    /// A check of all that a token can be revoked by: with `client_id` and the key that signed it, seven keys.
    case everything
    /// `SETEX`.
    case revoke

    /// How many keys the command has; nil for one that writes.
    var keyCount: Int32? {
        switch self {
        case .token: 3
        case .scopes: 5
        case .everything: 7
        case .revoke: nil
        }
    }

    /// A token that no other number has. What is revoked is never checked.
    /// - Parameter now: Unix milliseconds.
    func claims(_ number: Int, _ now: Int64) -> TokenClaims {
        let digits = String(self == .revoke ? 50_000_000 + number : number)
        let identifier = Self.identifier.dropLast(digits.utf8.count) + digits
        var claims = TokenClaims(
            issuer: "i", identifier: String(identifier), issuedAt: now, expiresAt: now + 600_000)
        if self == .scopes || self == .everything {
            claims.session = "session-" + digits
            claims.subject = "subject-" + digits
        }
        if self == .everything {
            claims.client = "web"
            claims.key = "signing-key-1"
        }
        return claims
    }

    /// The prefix of the baseline's keys; eight digits follow it.
    static let keyPrefix = "revoked:jti:01890a5d-ac96-774b-bcce-b303"
    private static let identifier = "01890a5d-ac96-774b-bcce-b30200000000"
}

/// How it is done.
package enum ClientMode: String, CaseIterable, Sendable {
    /// As a program does that knows nothing of executors.
    case usual
    /// The tasks run where the connection does.
    case own
    /// Each command leaves in a write of its own, as it does in clients that do not pipeline by themselves.
    case flushing
}
