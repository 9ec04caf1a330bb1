import ArgumentParser
import Logging
import RevokedServer

/// `revoked serve`: the daemon.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the daemon: a denylist that any Redis client can talk to.",
        discussion: """
            A flag wins over the environment (REVOKED_PORT, REVOKED_REQUIREPASS, …), the environment over the file \
            given with --config. Passwords belong into the environment or the file: a command line can be read by others.
            """)

    @Option(help: "A JSON file of settings.") var config: String?
    @Option(help: "Addresses to listen on: \"127.0.0.1 -::1\", *, … (default: 127.0.0.1).") var bind: String?
    @Option(help: "The TCP port; 0 takes a free one (default: 7379).") var port: String?
    @Option(help: "A path to listen on besides, for this user only.") var unixsocket: String?
    @Option(help: "The password of every client.") var requirepass: String?
    @Option(help: "The password of the user admin, the only one then who may undo and administer.")
    var adminPassword: String?
    @Option(help: "yes or no: refuse to listen beyond loopback without a password (default: yes).")
    var protectedMode: String?
    @Option(help: "The most memory for entries, such as 2gb; nothing is evicted (default: 0, no limit).")
    var maxmemory: String?
    @Option(help: "What of it plain keys and rotations leave to revocations: a share or a size (default: 25%).")
    var guardedReserve: String?
    @Option(help: "The most connections (default: 10000).") var maxclients: String?
    @Option(help: "Keys with this prefix are revocations (default: revoked:).") var guardedPrefix: String?
    @Option(help: "The longest time to live of a revocation, in seconds (default: 34560000, 400 days).")
    var maxRevocation: String?
    @Option(help: "The longest argument of a command (default: 1mb).") var protoMaxBulkLen: String?
    @Option(help: "The most that may wait for one client to read (default: 64mb).") var outputLimit: String?
    @Option(help: "Reactor threads (default: 0, one per core).") var threads: String?
    @Option(help: "Microseconds that a reactor looks for more before it sleeps, at most 1000 (default: 0).")
    var spin: String?
    @Option(help: "epoll or nio (default: epoll on Linux).") var transport: String?
    @Option(help: "The data directory, for one daemon (default: ./revoked-data).") var dir: String?
    @Option(help: "yes or no: log every write in the data directory; no is a pure cache (default: yes).")
    var appendonly: String?
    @Option(help: "always, everysec or no: when the log is made durable (default: always).") var appendfsync: String?
    @Option(help: "Rewrite the log when it has grown by so many percent; 0 is never (default: 100).")
    var autoAofRewritePercentage: String?
    @Option(help: "… and has this size (default: 64mb).") var autoAofRewriteMinSize: String?
    @Flag(help: "Pass over keys of other types in files of Redis, and count them, instead of failing.")
    var skipUnsupported = false
    @Flag(help: "Put guarded time forward to the wall clock at this start: revocations may end by it.")
    var trustClock = false
    @Option(help: "Where metrics and health are served, or off (default: 127.0.0.1:7380, if it is free).")
    var http: String?
    @Option(help: "yes or no: refuse to serve them beyond loopback (default: yes).") var httpProtectedMode: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (default: info).") var loglevel: String?

    func run() async throws {
        let configuration = try await ServerConfiguration(flags: flags, file: config)
        try await ServerProcess.run(configuration, logger: Logger(label: "revoked.server"))
    }

    private var flags: [Setting: String] {
        let given: [Setting: String?] = [
            .bind: bind, .port: port, .unixsocket: unixsocket, .requirepass: requirepass,
            .adminPassword: adminPassword, .protectedMode: protectedMode, .maxmemory: maxmemory,
            .guardedReserve: guardedReserve, .maxclients: maxclients, .guardedPrefix: guardedPrefix,
            .maxRevocation: maxRevocation,
            .protoMaxBulkLen: protoMaxBulkLen, .outputLimit: outputLimit, .threads: threads, .spin: spin,
            .transport: transport, .loglevel: loglevel, .dir: dir, .appendonly: appendonly,
            .appendfsync: appendfsync, .autoAOFRewritePercentage: autoAofRewritePercentage,
            .autoAOFRewriteMinSize: autoAofRewriteMinSize, .skipUnsupported: skipUnsupported ? "yes" : nil,
            .trustClock: trustClock ? "yes" : nil, .http: http, .httpProtectedMode: httpProtectedMode,
        ]
        return given.compactMapValues { $0 }
    }
}
