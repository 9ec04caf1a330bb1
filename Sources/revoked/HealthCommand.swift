import AdminHTTP
import ArgumentParser

/// `revoked health`: whether a daemon or a node can do its work, for container health checks.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a daemon or a node whether it is ready; exit status 0 if it is, 1 if not.",
        discussion: """
            A daemon is not ready while it loads or refuses writes, a node not while its store is away. The name in a \
            certificate is not compared for a URL of loopback.
            """)

    @Argument(help: "Its URL; without a path /readyz is asked.") var url = HealthProbe.defaultURL
    @Option(help: "The authorities that an https URL trusts instead of the system's, in PEM.")
    var tlsCaCertFile: String?
    @Option(help: "Seconds to wait for the answer.") var timeout = 2.0

    func validate() throws {
        guard (0.01...60).contains(timeout) else { throw ValidationError("the timeout is 0.01 to 60 seconds") }
        do { _ = try HealthProbe(url, authorities: tlsCaCertFile) } catch { throw ValidationError("\(error)") }
    }

    func run() async throws {
        let report = try await HealthProbe(url, authorities: tlsCaCertFile).ask(timeout: .seconds(timeout))
        guard report.ready else {
            print("not ready: \(report.reason ?? report.cause ?? "no reason is given")")
            throw ExitStatus.no
        }
        print("ready")
        for warning in report.warnings ?? [] { print("warning: \(warning)") }
    }
}
