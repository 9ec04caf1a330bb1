import AdminHTTP
import Logging
import Persistence
import ProcessOutput
package import Settings
import TLS

/// The settings of the daemon. A new one is a row here and its property.
extension ServerConfiguration: ProcessConfiguration {
    package static let names = SettingNames(
        variablePrefix: "REVOKED_", otherSections: ["node"],
        // Those of nodes and of commands, and the one of `ParentLifeline`.
        otherVariables: ["REVOKED_NODE_", "REVOKED_BACKEND", "REVOKED_ENDS_WITH_INPUT"])

    /// A process keeps its data in a directory and serves HTTP.
    package static var processDefaults: Self {
        var configuration = Self()
        configuration.directory = "./revoked-data"
        configuration.http = .onIfFree(AdminAddress(host: "127.0.0.1", port: 7380))
        return configuration
    }

    package static let settings = listening + encryption + limits + persistence + observation + following

    private static let listening: [Setting<Self>] = [
        Setting(
            "bind", \.bind, .addresses, .readOnly, help: "Addresses to listen on, separated by spaces or commas",
            details: "`*` is every IPv4 address, `::*` every IPv6 one. One behind `-` may be missing on the machine"),
        Setting(
            "port", \.port, .number(in: 0...65_535), .readOnly, help: "The TCP port; 0 takes a free one",
            details: "Beside `tls-port` or `unixsocket` 0 is none"),
        Setting(
            "unixsocket", \.unixSocket,
            // The limit of sockaddr_un on Linux, the ending zero included.
            .optional(
                .text("a path of at most 107 bytes", example: "/run/revoked.sock") { $0.utf8.count < 108 },
                emptyIsNil: true),
            .readOnly, help: "A path to listen on besides, for this user only"),
        Setting(
            "requirepass", \.password, .password, isSecret: true,
            help: "The password of every client"),
        Setting(
            "admin-password", \.adminPassword, .password,
            isSecret: true,
            help: "The password of the user admin, the only one then who may undo and administer"),
        Setting(
            "reader-password", \.readerPassword, .password,
            isSecret: true, help: "The password of the user reader, who checks"),
        Setting(
            "writer-password", \.writerPassword, .password,
            isSecret: true,
            help: "The password of the user writer, who checks, and revokes tokens, sessions and subjects"),
        Setting(
            "operator-password", \.operatorPassword, .password,
            isSecret: true, help: "The password of the user operator, who checks, and revokes whatever there is"),
        Setting(
            "replica-password", \.replicaPassword, .password,
            isSecret: true, help: "The password of the user replica, who copies all keys"),
        Setting(
            "follower-password", \.followerPassword, .password,
            isSecret: true, help: "The password of the user follower, who copies all keys and asks for leases"),
        Setting(
            "aclfile", \.userFile,
            .optional(
                .text("a path", example: "/etc/revoked/users.acl") { !$0.utf8.contains(0) }, emptyIsNil: true),
            .readOnly, help: "A file of users, as Redis has it", details: "It must be there; `ACL SAVE` writes it"),
        Setting(
            "acllog-max-len", \.denialLogLength, .number(in: 0...10_000), .changeable,
            help: "The most entries of ACL LOG"),
        Setting(
            "protected-mode", \.protectedMode, .yesOrNo, .readOnly,
            help: "Refuse to listen beyond loopback without a password"),
        Setting(
            "enable-debug-command", \.enablesDebug, .yesOrNo, .readOnly,
            help: "Execute DEBUG, which test programs of clients use"),
    ]

    private static let encryption: [Setting<Self>] = [
        Setting("tls-port", \.tlsPort, .port, .readOnly, help: "The TCP port for TLS; 0 is none"),
        Setting(
            "tls-cert-file", \.tls.certificate, .path("/etc/revoked/server.pem"), .changeable,
            help: "The certificate of that port in PEM, with its chain behind it",
            details: "SIGHUP reads it anew, and the other files, without dropping a connection"),
        Setting(
            "tls-key-file", \.tls.key, .path("/etc/revoked/server.key"), .changeable, help: "Its private key in PEM"),
        Setting(
            "tls-key-file-pass", \.tls.keyPassword, .optional(.text("a password", example: "…"), emptyIsNil: true),
            isSecret: true, help: "The password of an encrypted key"),
        Setting(
            "tls-ca-cert-file", \.tls.authorities, .path("/etc/revoked/ca.pem"), .changeable,
            help: "The authorities that sign clients' certificates, in PEM"),
        Setting(
            "tls-ca-cert-dir", \.tls.authorityFolder, .path("/etc/revoked/ca"), .changeable,
            help: "A folder of them", details: "Under the names that `openssl rehash` gives"),
        Setting(
            "tls-auth-clients", \.tls.clientCertificates, .name(), .changeable,
            help: "Whether clients have to show a certificate"),
        Setting(
            "tls-auth-clients-user", \.tls.certificateUser,
            .described("off or CN", example: "CN") { CertificateUser($0) }, .changeable,
            help: "CN: a client is the user that the common name of its certificate names",
            details: "Without such a user it is `default`"),
        Setting(
            "tls-protocols", \.tls.protocols,
            .described("TLSv1.2, TLSv1.3 or both, separated by a space", example: "TLSv1.3") { TLSProtocols($0) },
            .changeable, help: "The versions of TLS that are spoken"),
    ]

    private static let limits: [Setting<Self>] = [
        Setting(
            "maxmemory", \.maximumMemory, .size(), .changeable, note: "no limit",
            help: "The most memory for entries; nothing is evicted", details: "Beyond it new keys are refused"),
        Setting(
            "guarded-reserve", \.guardedReserve,
            .described("a share of maxmemory such as 25%, or a size such as 100mb", example: "10%") {
                GuardedReserve($0)
            }, .changeable,
            help: "What of it plain keys and rotations leave to revocations: a share or a size"),
        Setting(
            "maxclients", \.maximumClients, .number(in: 1...1_000_000), .changeable, help: "The most connections"),
        Setting(
            "timeout", \.idleTimeout, .number(in: 0...2_147_483_647, of: "seconds"), .changeable,
            help: "After this time an idle connection is closed; 0: never"),
        Setting(
            "guarded-prefix", \.guardedPrefix,
            .text("2 to 64 bytes that end in a colon, without spaces", example: "denied:") {
                (2...64).contains($0.utf8.count) && $0.utf8.last == UInt8(ascii: ":")
                    && !$0.utf8.contains { $0 <= 0x20 || $0 == 0x7F }
            }, .readOnly, help: "Keys with this prefix are revocations"),
        Setting(
            "max-revocation", \.maximumRevocation, .number(in: 60...3_153_600_000, of: "seconds"), .readOnly,
            note: "400 days", help: "The longest time to live of a revocation, in seconds"),
        Setting(
            "proto-max-bulk-len", \.maximumBulk, .size(in: 1 << 20...512 << 20), .readOnly,
            help: "The longest argument of a command"),
        Setting(
            "output-limit", \.outputLimit, .size(in: 1 << 20...Int.max), .readOnly,
            help: "The most that may wait for one client to read"),
        Setting(
            "client-output-buffer-limit", \.subscriberLimit,
            .described("pubsub and three numbers, such as pubsub 32mb 8mb 60", example: "pubsub 64mb 16mb 30") {
                SubscriberLimit($0)
            }, .changeable,
            help: "What may wait for a client that is subscribed: at most, and for so many seconds",
            details: "It is dropped then; 0 is no limit but `output-limit`"),
        Setting(
            "max-subscriptions", \.maximumSubscriptions, .number(in: 1...1_000_000), .readOnly,
            help: "The most channels and patterns that one client may subscribe to"),
        Setting(
            "tracking-table-max-keys", \.maximumTrackedKeys, .number(in: 0...100_000_000), .changeable,
            help: "The most keys that are remembered for CLIENT TRACKING; 0 is no number",
            details: "Their memory is bounded besides"),
        Setting(
            "lease", \.lease, .number(in: 0...Int(Persistence.longestLease), of: "milliseconds"), .readOnly,
            help: "The longest that a revocation waits for a silent follower, in milliseconds; 0: no leases",
            details: "0 where a hypervisor freezes machines: <doc:Following>"),
        Setting(
            "max-followers", \.maximumFollowers, .number(in: 1...Replicas.maximumFollowers), .readOnly,
            help: "The most followers that hold a lease; others follow without"),
        Setting("threads", \.threads, .number(in: 0...256), .readOnly, note: "one per core", help: "Reactor threads"),
        Setting(
            "spin", \.spin, .number(in: 0...1000, of: "microseconds"), .readOnly,
            help: "Microseconds that a reactor looks for more before it sleeps",
            details: "A lone client waits less, a core works more"),
        Setting(
            "transport", \.transport, .name(of: TransportKind.available), .readOnly, note: "nio except on Linux",
            help: "What moves the bytes"),
    ]

    private static let persistence: [Setting<Self>] = [
        Setting(
            "dir", \.directory,
            .optional(.text("a path", example: "/var/lib/revoked") { !$0.isEmpty && !$0.utf8.contains(0) }),
            .protected, help: "The data directory, for one daemon", details: "It is made (0700) if it is missing"),
        Setting(
            "appendonly", \.isLogging, .yesOrNo, .changeable,
            help: "Log every write in the data directory; no is a pure cache"),
        Setting(
            "appendfsync", \.syncPolicy, .name(of: [.everysec, .always, .no]), .changeable,
            help: "When the log is made durable",
            details: "`always` is before a write is answered, `everysec` once a second, `no` when the system likes"),
        Setting(
            "auto-aof-rewrite-percentage", \.rewritePercentage, .number(in: 0...Int(Int32.max)), .changeable,
            help: "Rewrite the log when it has grown by so many percent; 0 is never"),
        Setting("auto-aof-rewrite-min-size", \.rewriteMinimum, .size(), .changeable, help: "… and has this size"),
        Setting(
            "skip-unsupported", \.skipsUnsupported, .yesOrNo, form: .presence,
            help: "Pass over keys of other types in files of Redis, and count them, instead of failing"),
        Setting(
            "trust-clock", \.trustsClock, .yesOrNo, .changeable, form: .presence,
            help: "Put guarded time forward to the wall clock at this start: revocations may end by it",
            details: "For one start, not for good"),
        Setting(
            "import-from", \.importURL,
            .optional(.text("a URL", example: "redis://10.0.0.5:6379"), emptyIsNil: true), isSecret: true,
            help: "A stock Redis or Valkey whose keys are copied, and which is followed until revoked cut-over",
            details: "redis or rediss. <doc:Operating>, \"Moving from Redis\""),
        Setting(
            "import-from-password", \.importPassword, .password, form: .absent, isSecret: true,
            help: "The password of that URL's user, for a URL without one"),
    ]

    private static let observation: [Setting<Self>] = [
        Setting(
            "notify-keyspace-events", \.notifiedEvents,
            .described("letters of Ag$lshzxetdnKE", example: "AKE") { NotifiedEvents($0) }, .changeable,
            help: "Which changes of keys are published, as Redis has it; empty is none"),
        Setting(
            "http", \.http,
            .described("an address and a port, such as 127.0.0.1:7380, or off", example: "https://[::1]:80") {
                AdminListening($0)
            },
            note: "if it is free", help: "Where metrics and health are served, or off",
            details:
                "The paths are `/metrics`, `/healthz` and `/readyz`. With `https://` before it, by the certificate of "
                + "`tls-cert-file`"),
        Setting(
            "http-protected-mode", \.httpProtectedMode, .yesOrNo, help: "Refuse to serve them beyond loopback"),
        Setting(
            "slowlog-log-slower-than", \.slowLogThreshold, .number(in: -1...Int(Int32.max), of: "microseconds"),
            .changeable,
            help: "Commands that take longer are in SLOWLOG; -1 is none",
            details: "Below 1000 every command is timed, which costs more than most take"),
        Setting(
            "slowlog-max-len", \.slowLogLength, .number(in: 0...10_000), .changeable,
            help: "The most entries of SLOWLOG"),
        Setting("loglevel", \.logLevel, .name(), .changeable, help: "The least severe message that is logged"),
        Setting(
            "log-format", \.logFormat, .name(), .readOnly, help: "Lines for people, or one JSON object a line"),
    ]

    private static let following: [Setting<Self>] = [
        Setting(
            "follow", \.follow, .optional(.text("a URL", example: "redis://10.0.0.1:7379")), isSecret: true,
            help: "Be no daemon, but a follower of this one for programs of this machine: its URL",
            details: "redis, rediss or redis+unix; it may hold a password. <doc:Following>"),
        Setting(
            "follow-password", \.followPassword, .password, isSecret: true,
            help: "The password of that daemon's user follower"),
    ]
}

extension SettingFormat where Value == [String] {
    /// As ``BindAddress`` reads them.
    fileprivate static var addresses: Self {
        Self(
            .other("at least one address", example: "127.0.0.1 -::1"),
            parse: { text in
                let addresses = text.split { $0 == " " || $0 == "," }.map(String.init)
                return addresses.isEmpty || addresses.contains("-") ? nil : addresses
            }, write: { $0.joined(separator: " ") })
    }
}

extension SettingFormat where Value == Int? {
    /// A TCP port; 0 is none.
    fileprivate static var port: Self {
        Self(
            .number(0...65_535, of: nil),
            parse: { text in Int(text).flatMap { (0...65_535).contains($0) ? .some($0 > 0 ? $0 : nil) : nil } },
            write: { "\($0 ?? 0)" })
    }
}

extension SettingFormat where Value == String? {
    /// An empty one is refused: most likely it comes of a variable that is not set, and would let everybody in.
    fileprivate static var password: Self {
        .optional(.text("a password that is not empty", example: "…"))
    }

    /// The path of a file; an empty one is none.
    fileprivate static func path(_ example: String) -> Self {
        .optional(.text("a path", example: example) { !$0.isEmpty && !$0.utf8.contains(0) }, emptyIsNil: true)
    }
}
