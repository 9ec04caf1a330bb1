import ArgumentParser
package import AuthNode
import Configuration
import Metrics
import PrometheusMetrics

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

        @Option(help: "A JSON file of settings under \"node\".") var config: String?
        @Option(help: "The address to listen on (default: 127.0.0.1).") var bind: String?
        @Option(help: "The port to listen on; 0 takes a free one (default: 8080).") var port: Int?
        @Option(help: "The denylist's URL (default: redis://127.0.0.1:7379).") var backend: String?
        @Option(help: "The denylist's epoch to believe (default: the one met at first contact).") var epoch: String?
        @Option(help: "A file that keeps the pinned epoch over restarts (default: none).") var stateFile: String?
        @Option(help: "Replicas that have to know a revocation before it is acknowledged (default: 0).")
        var replicas: Int?
        @Option(help: "Eviction policies of a stock server to accept although they drop revocations, by commas.")
        var acceptEvictionPolicies: String?
        @Flag(help: "Let checks read from a replica, which may lag behind.") var acceptReplica = false
        @Option(help: "A private key in PEM, or a directory of them: the first signs, all verify.") var keys: String?
        @Option(help: "The file of accounts.") var users: String?
        @Option(help: "The file of clients that may use /oauth2/… (default: none may).") var clients: String?
        @Option(help: "A JSON file of other issuers whose access tokens are accepted.") var issuers: String?
        @Option(help: "iss of every token (default: revoked).") var issuer: String?
        @Option(help: "The label of our own issuer in the denylist (default: what its terms say, or none).")
        var issuerLabel: String?
        @Option(help: "aud of every token (default: revoked).") var audience: String?
        @Option(help: "client_id of every token (default: revoked).") var clientID: String?
        @Option(help: "The node's name in its log (default: node).") var name: String?
        @Option(help: "Seconds that an access token lives (default: 900).") var accessTokenLifetime: Int?
        @Option(help: "Seconds that a refresh token lives (default: 2592000, 30 days).") var refreshTokenLifetime: Int?
        @Option(help: "Seconds in which a refresh token may be presented again, at most 60 (default: 10).")
        var rotationGrace: Int?
        @Option(
            help: "deny, allow or last-known:SECONDS: what /me and /auth do while the store is away (default: deny).")
        var failurePolicy: String?
        @Flag(help: "Hand out tokens in cookies, not in bodies.") var cookies = false
        @Option(help: "Wrong passwords a minute for an account from one address; 0 for no limit (default: 10).")
        var loginAttempts: Int?
        @Flag(help: "Take the last entry of X-Forwarded-For for the client: only behind a proxy that adds it.")
        var trustForwardedFor = false
        @Option(help: "Seconds after exp that a token is still accepted, at most 60 (default: 0).") var leeway: Int?
        @Option(help: "Where metrics and health are served, or off (default: 127.0.0.1:7381, if it is free).")
        var http: String?
        @Option(help: "yes or no: refuse to serve them beyond loopback (default: yes).")
        var httpProtectedMode: String?
        @Option(help: "trace, debug, info, notice, warning, error or critical (default: info).") var logLevel: String?

        func run() async throws {
            let settings = try await NodeConfiguration(flags: flags)
            let metrics = PrometheusFactory(help: NodeMetrics.help)
            MetricsSystem.bootstrap(metrics)
            try await NodeProcess.run(settings, metrics: metrics)
        }

        private var flags: [String: ConfigValue] {
            let texts = [
                "config": config, "bind": bind, "backend": backend, "keys": keys, "users": users, "issuer": issuer,
                "audience": audience, "clientId": clientID, "name": name, "logLevel": logLevel,
                "clients": clients, "issuers": issuers, "issuerLabel": issuerLabel, "failurePolicy": failurePolicy,
                "http": http, "httpProtectedMode": httpProtectedMode,
                "epoch": epoch, "stateFile": stateFile, "acceptEvictionPolicies": acceptEvictionPolicies,
            ]
            let numbers = [
                "port": port, "accessTokenLifetime": accessTokenLifetime, "leeway": leeway,
                "refreshTokenLifetime": refreshTokenLifetime, "rotationGrace": rotationGrace,
                "loginAttempts": loginAttempts, "replicas": replicas,
            ]
            let switches = [
                "cookies": cookies, "trustForwardedFor": trustForwardedFor, "acceptReplica": acceptReplica,
            ].filter(\.value)
            return texts.compactMapValues { $0.map { ConfigValue(.string($0), isSecret: false) } }
                .merging(numbers.compactMapValues { $0.map { ConfigValue(.int($0), isSecret: false) } }) { $1 }
                .merging(switches.mapValues { ConfigValue(.bool($0), isSecret: false) }) { $1 }
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
        @Argument(help: "Its client_id.") var identifier: String

        func run() throws {
            print(try ClientFile(clients).add(identifier))
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
