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
            signature is not checked. With a name it says whether that is revoked itself: a token, a session or a key; or \
            whether there is a cut-off for a subject, a client or all. What is only named has no log-in time, so a cut-off \
            of all counts for it, too: give the token to have its time compared.

            Nodes know what a token alone does not say: which key verified it if it names none (--signed-by: unknown \
            without it, unless something else of it is revoked), and whether the auth_time of its issuer is when the user \
            logged in (--log-in-time: auth_time is assumed, and the answer says so where that decides).

            Exit status: 0 clear, 1 revoked, 2 unknown, 64 wrong arguments.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var pin: PinOptions
    @OptionGroup var target: TargetOptions
    @Option(parsing: .unconditional, help: "The key (kid, or its thumbprint) of a token that names none.")
    var signedBy: Identifier?
    @Option(help: "What counts as the log-in time of a token: \(LogInTime.allValueStrings.joined(separator: " or ")).")
    var logInTime: LogInTime?

    enum LogInTime: String, ExpressibleByArgument, CaseIterable {
        case authTime = "auth_time"
        case iat
    }

    func validate() throws {
        guard target.scope == nil || (signedBy == nil && logInTime == nil) else {
            throw ValidationError("--signed-by and --log-in-time belong to a token on standard input")
        }
    }

    func run() async throws {
        let list = try store.list(target.configuration(pin))
        let (verdict, assumption) =
            if let scope = target.scope {
                (await verdict(of: scope, list), "")
            } else {
                await verdict(of: try target.token(), list)
            }
        switch verdict {
        case .clear: try Outcome(outcome: "clear", message: "Clear: not revoked.").tell(asJSON: target.json)
        case .revoked(let reason):
            try Outcome(outcome: "revoked", message: "Revoked: \(reason.text)\(assumption)", reason: reason.text)
                .tell(asJSON: target.json)
            throw ExitStatus.no
        case .unknown(let cause): throw try ExitStatus.fail(cause, "Unknown", asJSON: target.json)
        }
        await list.close()
    }

    /// What nodes say of a token. A clear one is so for all of them.
    /// - Returns: also what was assumed, for the end of a sentence.
    private func verdict(of token: TokenClaims, _ list: RevocationList) async -> (Verdict, String) {
        var token = token
        token.key = token.key ?? signedBy?.text
        if logInTime == .iat { token.authenticatedAt = nil }
        let verdict = await list.verdict(for: token)
        var other = Verdict.clear
        switch verdict {
        case .unknown: return (verdict, "")
        case .revoked(let reason) where reason.cutOff == nil: return (verdict, "")
        case .revoked, .clear:
            if logInTime == nil, token.authenticatedAt != nil {
                var issued = token
                issued.authenticatedAt = nil
                other = await list.verdict(for: issued)
            } else {
                other = verdict
            }
        }
        switch (verdict, other) {
        case (.revoked, .clear):
            return (verdict, ", by its auth_time; a node that compares iat instead lets it pass (--log-in-time iat)")
        case (.clear, .clear) where token.key == nil:
            return (
                .unknown(
                    UnknownCause(
                        .unidentifiable,
                        "nothing is revoked that the token names, but it does not name its key, which may be: give that "
                            + "with --signed-by")), ""
            )
        case (.clear, _): return (other, ", by its iat; by its auth_time it is clear (--log-in-time auth_time)")
        default: return (verdict, "")
        }
    }

    /// A token with neither time is revoked by any cut-off that applies, and a name has no time.
    private func verdict(of scope: Scope, _ list: RevocationList) async -> Verdict {
        let verdict = await list.verdict(of: scope, issuer: target.issuer)
        guard case .clear = verdict, scope != .all else { return verdict }
        return await list.verdict(of: .all, issuer: target.issuer)
    }
}
