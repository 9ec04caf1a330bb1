import ArgumentParser
import AuthNode
import Logging
import ProcessOutput
package import Revocation
package import Settings

/// Which servers a cut-over is between.
package struct CutOverConfiguration: StoreClientConfiguration {
    package static let names = SettingNames(variablePrefix: "REVOKED_", allowsFile: false)
    package static let processDefaults = Self()
    package static let settings =
        storeSettings + [
            Setting(
                "from", \.source, .text("a URL", example: "redis://10.0.0.5:6379"), isSecret: true,
                help: "The Redis or Valkey that the daemon imports, and that is left"),
            Setting(
                "from-password", \.sourcePassword, .optional(.text("a password", example: "…"), emptyIsNil: true),
                form: .absent, isSecret: true, help: "The password of that URL's user, for a URL without one"),
            Setting(
                "pause", \.pause, .number(in: 2...3_600, of: "seconds"),
                help: "Seconds for which the server that is left takes no writes"),
        ]

    package var backend = ""
    package var backendPassword: String?
    package var backendTLS = StoreTLSConfiguration()
    var source = ""
    var sourcePassword: String?
    var pause = 60
    package var warnings: [String] = []

    package func validate() throws(SettingError) {
        guard !backend.isEmpty, !source.isEmpty else {
            throw SettingError(
                "name both servers: revoked cut-over --from redis://the-old-one:6379 --backend redis://the-daemon:7379")
        }
    }
}

/// `revoked cut-over`: ends an import, without a gap.
struct CutOverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cut-over",
        abstract: "Move from a Redis or Valkey to a daemon that imports it, without a gap.",
        discussion: """
            The daemon was started with --import-from and follows. This command gives the old server an epoch that no \
            revocation client believes, and pauses its writes; waits until the daemon \
            has come as far and keeps it; ends the import; and accepts the daemon's epoch in the place of the old one. \
            If anything fails before that, the old server goes on as before. If the command is killed, run it again. The \
            user of --backend may administer.

            Exit status: 0 cut over, 2 not, or not known to be, 64 wrong arguments.
            """)

    @OptionGroup var flags: SettingFlags<CutOverConfiguration>

    func run() async throws {
        let settings: CutOverConfiguration
        do throws(SettingError) { settings = try CutOverConfiguration(flags: flags.values) } catch {
            throw ValidationError(error.description)
        }
        for warning in settings.warnings { StandardStream.error.write("warning: \(warning)\n") }
        var (ours, theirs) = (RevocationConfiguration(), RevocationConfiguration())
        settings.addStore(to: &ours)
        theirs.password = settings.sourcePassword
        let cutOver: CutOver
        do throws(RevocationError) {
            cutOver = try CutOver(
                from: settings.source, theirs, to: settings.backend, ours, logger: Logger(label: "revoked.cut-over"))
        } catch {
            throw ValidationError(error.message)
        }
        do throws(RevocationError) {
            let pause = Duration.seconds(settings.pause)
            tell(try await cutOver.run(pause: pause, patience: pause / 2), settings)
        } catch {
            await cutOver.close()
            throw try ExitStatus.fail(error, "Not cut over", asJSON: false)
        }
        await cutOver.close()
    }

    private func tell(_ outcome: CutOver.Outcome, _ settings: CutOverConfiguration) {
        print("Cut over: the daemon has all that the old server had, and its epoch is \(outcome.epoch).")
        if let replaced = outcome.replaced {
            print("Servers that hold \(replaced) go on with it. The old server's answers count no more.")
        } else {
            print("The old server had no epoch: whoever asks it still believes what it says.")
        }
        print(
            """
            The old server takes no writes for \(settings.pause) s. Until then: switch all clients to the daemon, then \
            stop the old server, and remove the setting import-from.
            """)
    }
}
