import Revocation

// The articles' examples, as they stand there.

func logOut(_ token: TokenClaims, of denylist: RevocationList) async throws {
    try await denylist.revoke(token, reason: .logout, scopes: [.token, .session])
}

func endAll(_ subject: String, of denylist: RevocationList) async throws -> String {
    let acknowledgement = try await denylist.revoke(.subject(subject), reason: .admin, receipt: true)
    guard let receipt = acknowledgement.receipt else { return "revoked" }
    return "in force on \(receipt.inForceOn) servers; silent: \(receipt.waitedOut)"
}

func logOutEverywhere(_ subject: String, of denylist: RevocationList) async throws {
    try await denylist.revoke(.subject(subject), reason: .logout)
}

func issueTime(for subject: String, of denylist: RevocationList) async throws -> Int64 {
    try await denylist.issueTime(for: TokenClaims(issuer: "https://login.example", subject: subject))
}

func undo(_ subject: String, of denylist: RevocationList) async throws -> [Restoration] {
    try await denylist.restore([.subject(subject)])
}

func mayPass(_ token: TokenClaims, _ denylist: RevocationList) async -> Bool {
    switch await denylist.verdict(for: token) {
    case .clear: true
    case .revoked: false
    case .unknown: false
    }
}

func mayRead(_ token: TokenClaims, _ denylist: RevocationList) async -> Bool {
    switch await denylist.admission(of: token, policy: .lastKnown(for: .seconds(30))) {
    case .admitted: true
    case .revoked, .refused: false
    }
}

func refresh(_ token: TokenClaims, _ denylist: RevocationList) async throws -> RotationOutcome.Successor? {
    switch try await denylist.rotate(token) {
    case .rotated(let successor), .repeated(let successor): successor
    case .reused, .revoked, .unknown: nil
    }
}

func denylist(of url: String) throws -> RevocationList {
    var configuration = RevocationConfiguration()
    configuration.longestRefreshLifetime = .seconds(30 * 86_400)
    configuration.issuerLeads = ["https://login.example": .zero]
    return try RevocationList(url, configuration: configuration)
}

func localDenylist(of url: String, password: String) throws -> RevocationList {
    var configuration = RevocationConfiguration()
    configuration.checks = .local(maximumBytes: 1 << 30)
    configuration.followerPassword = password
    return try RevocationList(url, configuration: configuration)
}

func watch(_ denylist: RevocationList, forget: (String) async -> Void, forgetAll: () async -> Void) async throws {
    for await event in try denylist.revocations() {
        switch event {
        case .revoked(let revocation) where revocation.kind == .session: await forget(revocation.identifier ?? "")
        case .revoked: break
        case .missed: await forgetAll()
        }
    }
}

func serveWhileValid(
    _ token: TokenClaims, _ denylist: RevocationList, stream: @escaping @Sendable () async throws -> Void
) async throws -> String {
    do {
        try await denylist.withToken(token) { try await stream() }
        return "it has ended by itself"
    } catch let end as TokenEnd {
        return "\(end)"
    }
}
