import ArgumentParser
import Revocation

/// `revoked accept`: lets checking servers go on with a store whose epoch has changed.
struct AcceptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Accept the epoch of a store that has lost its memory.",
        discussion: """
            A changed epoch means that the store has lost revocations, or is another store: checks are unknown, and \
            requests denied, until an operator who knows what was lost accepts it. Revoke again what must stay revoked \
            (revoked revoke --epoch <the new epoch>), then accept. Servers that hold the epoch that was replaced take the \
            new one over within a second, and no others do; one that is configured with an epoch needs its configuration \
            changed before its next start. A revoked daemon says which epoch it replaced. For another server, or to go \
            on with another store, name the epoch that the servers hold: their logs show it.
            """)

    @OptionGroup var store: StoreOption

    @Option(help: "The epoch that servers hold, where the store itself does not say what it replaced.")
    var replaces: String?

    func run() async throws {
        let administration = try store.administration()
        do {
            let acceptance = try await administration.acceptEpoch(replacing: replaces)
            print("\(acceptance.isOld ? "Accepted already" : "Accepted"): the store's epoch is \(acceptance.accepted).")
            print("Servers that hold \(acceptance.replaced) go on with it.")
        } catch {
            await administration.close()
            throw try ExitStatus.fail(error, "Not accepted", asJSON: false)
        }
        await administration.close()
    }
}
