import ArgumentParser
import Contract
import Revocation

/// `revoked check`: asks whether something is revoked.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether a token is revoked.",
        discussion: """
            Without a name it reads a token from standard input and looks up every scope that it falls under; the \
            signature is not checked. With a name it says whether any token of that name, however new, is revoked by it: \
            a subject's or a client's cut-off counts from when it was set.

            Exit status: 0 clear, 1 revoked, 2 unknown, 64 wrong arguments.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var target: TargetOptions

    func run() async throws {
        let list = try RevocationList(store.url(), configuration: target.configuration)
        switch await list.verdict(for: try claims()) {
        case .clear: try Outcome(outcome: "clear", message: "Clear: not revoked.").tell(asJSON: target.json)
        case .revoked(let reason):
            try Outcome(outcome: "revoked", message: "Revoked: \(reason.text)", reason: reason.text)
                .tell(asJSON: target.json)
            throw ExitStatus.no
        case .unknown(let cause): throw try ExitStatus.fail(cause, "Unknown", asJSON: target.json)
        }
        await list.close()
    }

    private func claims() throws -> TokenClaims {
        // No iat: a token that says nothing of its age falls under any cut-off.
        var claims = TokenClaims(issuer: target.issuer ?? "")
        switch target.scope {
        case .token(let identifier): claims.identifier = identifier
        case .session(let identifier): claims.session = identifier
        case .subject(let identifier): claims.subject = identifier
        case .client(let identifier): claims.client = identifier
        case .key(let identifier): claims.key = identifier
        case .all: throw ValidationError("--all is no token: ask about one")
        case nil: return try target.token()
        }
        return claims
    }
}
