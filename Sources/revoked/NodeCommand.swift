import ArgumentParser
package import AuthNode
import Metrics
import ProcessOutput
import PrometheusMetrics
import Settings

/// `revoked node`: the auth node, and the files it needs.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Run an auth node: log-in, log-out and a protected resource over HTTP.",
        discussion: """
            A flag wins over the environment (REVOKED_NODE_…), the environment over the file given with --config.

              revoked node make-key keys/1.pem
              revoked node add-user --users users.jsonl alice
              revoked node --keys keys --users users.jsonl
            """,
        subcommands: [Run.self, AddUser.self, AddClient.self, MakeKey.self],
        defaultSubcommand: Run.self
    )

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run the node (the default).")

        @OptionGroup var flags: SettingFlags<NodeConfiguration>

        func run() async throws {
            let configuration = try NodeConfiguration(flags: flags.values)
            let metrics = PrometheusFactory(help: NodeMetrics.help)
            MetricsSystem.bootstrap(metrics)
            try await configuration.logFormat.run("revoked.node") { _ in
                try await NodeProcess.run(configuration, metrics: metrics)
            }
        }
    }

    struct AddUser: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an account; its password is read from standard input.")

        @Option(help: "The file of accounts; made if it is not there.") var users: String
        @Flag(help: "Give an account that is there already another password.") var replace = false
        @Argument(help: "The account's name: the sub of its tokens.") var name: String

        func run() throws {
            try AccountFile(users).add(name, password: try PasswordPrompt.read(), replacing: replace)
        }
    }

    struct AddClient: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a client that may revoke and introspect tokens; print its secret.")

        @Option(help: "The file of clients; made if it is not there.") var clients: String
        @Flag(name: .customLong("public"), help: "It can keep no secret (a web page): it revokes its own tokens only.")
        var isPublic = false
        @Argument(help: "Its client_id.") var identifier: String

        func run() throws {
            guard isPublic else { return print(try ClientFile(clients).add(identifier)) }
            try ClientFile(clients).addPublic(identifier)
        }
    }

    struct MakeKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a private key; print its kid.")

        @Option(help: "es256 or eddsa.") var algorithm = SigningKey.Algorithm.es256
        @Argument(help: "The new file, in PEM, readable by its owner only.") var file: String

        func run() throws {
            print(try KeyFiles.create(file, algorithm: algorithm).publicKey.identifier)
        }
    }
}

extension SigningKey.Algorithm: ExpressibleByArgument {}
