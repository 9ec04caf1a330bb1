import ArgumentParser
import Revocation

/// `revoked accept`: lets checking servers go on with a store whose epoch has changed.
struct AcceptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Accept the epoch of a store that has lost its memory.",
        discussion: """
            A changed epoch means that the store has lost revocations, or is another store: checks are unknown, and \
            requests denied, until somebody who knows what was lost accepts it. Revoke again what must stay revoked, \
            then accept. Servers take it over within a second; one that is configured with an epoch needs its \
            configuration changed before its next start.
            """)

    @OptionGroup var store: StoreOption

    func run() async throws {
        let administration = try StoreAdministration(store.url())
        let acceptance = try await administration.acceptEpoch()
        print("Accepted: the store's epoch is \(acceptance.accepted).")
        if let previous = acceptance.previous, previous != acceptance.accepted {
            print("Accepted before that: \(previous).")
        }
        await administration.close()
    }
}
