import ArgumentParser
import Revocation

/// `revoked init`: gives a stock Redis or Valkey its epoch.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Prepare a stock Redis or Valkey to hold revocations.",
        discussion: """
            Writes the store's epoch, by which checking servers notice that it has lost its memory. It is written once; \
            an epoch that is there already stays. A revoked daemon makes its epoch itself.
            """)

    @OptionGroup var store: StoreOption

    func run() async throws {
        let administration = try store.administration()
        switch try await administration.initialise() {
        case .written(let epoch): print("Ready. The store's epoch is \(epoch).")
        case .alreadyThere(let epoch): print("Nothing to do: the store has an epoch already, \(epoch).")
        case .ownedByDaemon(let epoch): print("Nothing to do: a revoked daemon makes its epoch itself, \(epoch).")
        }
        await administration.close()
    }
}
