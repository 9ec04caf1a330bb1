import ArgumentParser
import Contract
import Revocation

/// `revoked restore`: undoes a revocation.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Undo a revocation, and say what was undone.",
        discussion: """
            Without a name it reads a token from standard input and undoes the revocation of its jti only. It takes \
            effect within 5 seconds everywhere; what another scope revokes stays revoked. A daemon with an admin \
            password lets only the user admin do it.

            Exit status: 0 undone, 1 it was not revoked, 2 not known to be undone, 64 wrong arguments.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var pin: PinOptions
    @OptionGroup var target: TargetOptions

    func run() async throws {
        let list = try store.list(target.configuration(pin))
        var (scope, issuer) = (target.scope, target.issuer)
        if scope == nil {
            let token = try target.token()
            guard let identifier = token.identifier else { throw ValidationError("the token has no jti") }
            (scope, issuer) = (.token(identifier), token.issuer)
        }
        do {
            guard let scope, let undone = try await list.restore([scope], issuer: issuer).first else {
                try Outcome(outcome: "nothing", message: "Nothing to undo: it was not revoked.").tell(
                    asJSON: target.json)
                throw ExitStatus.no
            }
            let until = undone.secondsLeft.map { Outcome.time(in: $0) }
            try Outcome(
                outcome: "restored",
                message: "Undone (\(scope.kind.word)): \(undone.value), kept until \(until ?? "the end of time").",
                scope: scope.kind.word, reason: undone.value, until: until
            ).tell(asJSON: target.json)
        } catch let error as RevocationError {
            throw try ExitStatus.fail(error, "Not known to be undone", asJSON: target.json)
        }
        await list.close()
    }
}
