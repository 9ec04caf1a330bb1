import ArgumentParser
import Contract
import Revocation

/// `revoked revoke`: writes down that something is revoked.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a token, a session, a subject, a client, a signing key, or everything.",
        discussion: """
            Without a name it reads a token from standard input and revokes its jti and its session; the signature is \
            not checked.

              revoked revoke --backend redis://127.0.0.1:7379 < token.txt
              revoked revoke --subject alice --json
              revoked revoke --kid 2026-11 --reason compromised
              revoked revoke --subject alice --wait

            A revoked key stays revoked for as long as the store keeps anything: replace it, too.

            Exit status: 0 done, 2 NOT revoked (no acknowledgement), 64 wrong arguments.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var pin: PinOptions
    @OptionGroup var target: TargetOptions
    @Option(help: "Unix milliseconds of a cut-off, at most 60 s ahead (default: now, on the store's clock).")
    var issuedBefore: Int64?
    @Option(help: "Why: logout, compromised, admin or any short text.") var reason = "admin"

    @Flag(help: "Say on how many servers that check in their own memory it is in force, and which were silent.")
    var wait = false

    func validate() throws {
        if target.jti != nil, target.expiresAt == nil {
            throw ValidationError("--jti needs --expires-at: how long to keep the revocation")
        }
        if issuedBefore != nil, target.scope?.kind.isCutOff != true {
            throw ValidationError("--issued-before belongs to --subject, --client or --all")
        }
        do { _ = try Reason(reason) } catch { throw ValidationError("\(error)") }
    }

    func run() async throws {
        let reason = try Reason(reason)
        let list = try store.list(target.configuration(pin))
        do {
            let acknowledgement: Acknowledgement
            if let request {
                acknowledgement = try await list.revoke(
                    request, reason: reason, issuer: target.issuer, receipt: wait)
            } else {
                let token = try target.token()
                let scopes = Set(token.scopes.map(\.kind)).intersection([.token, .session])
                acknowledgement = try await list.revoke(token, reason: reason, scopes: scopes, receipt: wait)
            }
            try outcome(acknowledgement, reason).tell(asJSON: target.json)
        } catch let error as RevocationError {
            throw try ExitStatus.fail(error, "NOT revoked", asJSON: target.json)
        }
        await list.close()
    }

    private var request: RevocationRequest? {
        let cutOff = issuedBefore.map { CutOffTime.at($0) } ?? .now
        return switch target.scope {
        case .token(let identifier):
            .token(identifier, expiresAt: (target.expiresAt ?? 0).multipliedSaturating(by: 1_000))
        case .session(let identifier): .session(identifier)
        case .subject(let identifier): .subject(identifier, issuedBefore: cutOff)
        case .client(let identifier): .client(identifier, issuedBefore: cutOff)
        case .key(let identifier): .key(identifier)
        case .all: .all(issuedBefore: cutOff)
        case nil: nil
        }
    }

    private func outcome(_ acknowledgement: Acknowledgement, _ reason: Reason) -> Outcome {
        let scope = target.scope?.kind.word ?? "token and session"
        switch acknowledgement.outcome {
        case .revoked(let seconds), .revokedOnTooFewReplicas(let seconds, _):
            let until = Outcome.time(in: seconds)
            let place = wait ? " " + Self.sentence(on: acknowledgement.receipt) : ""
            return Outcome(
                outcome: "revoked", message: "Revoked (\(scope)); kept until \(until).\(place)",
                scope: target.scope?.kind.word,
                reason: target.scope?.kind.isCutOff == true ? nil : reason.text, until: until,
                inForceOn: acknowledgement.receipt?.inForceOn, waitedOut: acknowledgement.receipt?.waitedOut)
        case .alreadyExpired:
            return Outcome(
                outcome: "expired", message: "Nothing to do: the token has expired, no server accepts it.", scope: "jti"
            )
        }
    }
}

extension RevokeCommand {
    /// Where a revocation is in force.
    static func sentence(on receipt: Receipt?) -> String {
        guard let receipt else { return "The store does not say where it is in force." }
        let (count, silent) = (receipt.inForceOn, receipt.waitedOut)
        guard count > 0 || !silent.isEmpty else {
            return "In force: no server checks in its own memory, all ask the store."
        }
        let nodes = "In force on \(count) \(count == 1 ? "server" : "servers") with a copy"
        guard !silent.isEmpty else { return "\(nodes)." }
        let leases = silent.count == 1 ? "was silent and its lease ran out" : "were silent and their leases ran out"
        return "\(nodes); \(silent.joined(separator: ", ")) \(leases)."
    }
}

extension Int64 {
    fileprivate func multipliedSaturating(by factor: Int64) -> Int64 {
        let (product, hasOverflown) = multipliedReportingOverflow(by: factor)
        return hasOverflown ? (self < 0 ? .min : .max) : product
    }
}
