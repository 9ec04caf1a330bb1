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

            Exit status: 0 clear, 1 revoked, 2 unknown, 64 wrong arguments.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var pin: PinOptions
    @OptionGroup var target: TargetOptions

    func run() async throws {
        let list = try RevocationList(store.url(), configuration: target.configuration(pin))
        let verdict =
            if let scope = target.scope {
                await verdict(of: scope, list)
            } else {
                await list.verdict(for: try target.token())
            }
        switch verdict {
        case .clear: try Outcome(outcome: "clear", message: "Clear: not revoked.").tell(asJSON: target.json)
        case .revoked(let reason):
            try Outcome(outcome: "revoked", message: "Revoked: \(reason.text)", reason: reason.text)
                .tell(asJSON: target.json)
            throw ExitStatus.no
        case .unknown(let cause): throw try ExitStatus.fail(cause, "Unknown", asJSON: target.json)
        }
        await list.close()
    }

    /// A token with neither time is revoked by any cut-off that applies, and a name has no time.
    private func verdict(of scope: Scope, _ list: RevocationList) async -> Verdict {
        let verdict = await list.verdict(of: scope, issuer: target.issuer)
        guard case .clear = verdict, scope != .all else { return verdict }
        return await list.verdict(of: .all, issuer: target.issuer)
    }
}
