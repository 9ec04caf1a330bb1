import ArgumentParser
import Contract
import Foundation
import Revocation

/// `revoked terms`: shows what all processes of a denylist agree on, and adds to it.
struct TermsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "terms",
        abstract: "Show the terms of a denylist: its issuers, labels and lifetimes. Add to them.",
        discussion: """
            All servers read the terms from the denylist, so that what one revokes is looked up by the others, and is kept \
            for as long as their tokens live. They only grow: a label stays, a lifetime gets longer for tokens issued from \
            then on. A server that needs more refuses to start and prints the command that is to be run here. A daemon \
            with an admin password lets only the user admin change them.

              revoked terms
              revoked terms --add https://idp.example=idp --lifetime https://idp.example=86400
              revoked terms --lifetime revoked=7776000 --leeway 10

            The first process writes the terms of a new denylist. If that was the wrong one, --replace writes others, as \
            long as the denylist holds no key at all: on a daemon the user admin may, right behind FLUSHALL.

              revoked terms --replace --name https://idp.example --lifetime 2592000

            Exit status: 0 shown or changed, 1 there are none, 2 not known to be changed, 64 wrong arguments.
            """)

    @OptionGroup var store: StoreOption
    @Option(help: "The iss of the only issuer, which has no name yet.") var name: String?
    @Flag(
        help: "With --name: says that no token of another issuer was ever revoked here. It would not be found any more."
    )
    var noOthers = false
    @Option(help: "Another issuer and its label, as iss=label; once for each.") var add: [String] = []
    @Option(help: "Seconds that tokens of an issuer may live, as iss=seconds (or seconds, of the only issuer).")
    var lifetime: [String] = []
    @Option(help: "Seconds that iat of an issuer may lie ahead, likewise (default of one that is added: 2).")
    var lead: [String] = []
    @Option(help: "Seconds after exp that a token may still be accepted.") var leeway: Double?
    @Flag(help: "Replace the present terms by these. Needs an empty denylist.")
    var replace = false
    @Flag(help: "Print the terms as they stand in the denylist: one line of JSON.") var json = false

    func run() async throws {
        let growth = try growth()
        let administration = try store.administration()
        do {
            if growth.isEmpty, !replace {
                try show(try await administration.terms())
            } else {
                let (before, after) = try await administration.changeTerms(replacing: replace) {
                    (terms, now) throws(ContractError) in
                    try growth.applied(to: terms, now: now)
                }
                try tell(before, after)
                try tell(prolonged: await administration.prolong(under: after), after)
            }
        } catch let error as RevocationError {
            await administration.close()
            let what =
                replace
                ? "Not known to be replaced (while it holds any key, no denylist allows it)" : "Not known to be changed"
            throw try ExitStatus.fail(error, what, asJSON: json)
        }
        await administration.close()
    }

    private func growth() throws -> TermsGrowth {
        var growth = TermsGrowth()
        growth.name = name
        growth.hadNoOthers = noOthers
        growth.added = try add.map { pair in
            guard let equals = pair.lastIndex(of: "=") else { throw ValidationError("--add is iss=label") }
            return (String(pair[..<equals]), String(pair[equals...].dropFirst()))
        }
        growth.lifetimes = try lifetime.map { try Self.time($0, "lifetime") }
        growth.leads = try lead.map { try Self.time($0, "lead") }
        growth.leeway = try leeway.map { try Self.milliseconds($0, "leeway") }
        return growth
    }

    private static func time(_ text: String, _ option: String) throws -> (String?, Int64) {
        let equals = text.lastIndex(of: "=")
        guard let seconds = Double(equals.map { text[$0...].dropFirst() } ?? text[...]) else {
            throw ValidationError("--\(option) is iss=seconds")
        }
        return (equals.map { String(text[..<$0]) }, try milliseconds(seconds, option))
    }

    private static func milliseconds(_ seconds: Double, _ option: String) throws -> Int64 {
        guard (0...1e9).contains(seconds) else { throw ValidationError("--\(option) is a number of seconds") }
        return Int64((seconds * 1_000).rounded())
    }

    private func show(_ terms: Terms?) throws {
        guard let terms else {
            print("The denylist has no terms yet: the first server, or the first revocation, writes them.")
            throw ExitStatus.no
        }
        guard !json else { return print(terms.text) }
        for issuer in terms.issuers { print("\(issuer.name ?? "the only issuer"): \(issuer.summary)") }
        print("leeway: \(terms.leeway) ms")
    }

    /// - Parameter prolonged: how many revocations are kept longer.
    private func tell(prolonged: Int?, _ terms: Terms) throws {
        guard !json, terms.issuers.contains(where: { $0.lifetimes.count > 1 }) else { return }
        guard let prolonged else {
            return print(
                """
                What was revoked before is kept for no longer than before: in a Cluster, revoke again whose sessions may \
                now go on for longer.
                """)
        }
        if prolonged > 0 { print("Revocations from before that are kept longer now: \(prolonged).") }
    }

    private func tell(_ before: Terms?, _ after: Terms) throws {
        guard !json else { return print(after.text) }
        guard let before else {
            print(replace ? "Written." : "Written: the denylist had no terms.")
            return try show(after)
        }
        let changes = before.changes(to: after)
        guard !changes.isEmpty else { return print("Nothing to change: the terms say so already.") }
        for change in changes { print("Changed: \(change).") }
    }
}
