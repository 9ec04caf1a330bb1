import AdminHTTP
import Logging
import Persistence
package import Settings

/// The settings of the daemon. A new one is a row here and its property.
extension ServerConfiguration: ProcessConfiguration {
    package static let names = SettingNames(variablePrefix: "REVOKED_", otherSections: ["node"])

    /// A process keeps its data in a directory and serves HTTP.
    package static var processDefaults: Self {
        var configuration = Self()
        configuration.directory = "./revoked-data"
        configuration.http = .onIfFree(AdminAddress(host: "127.0.0.1", port: 7380))
        return configuration
    }

    package static let settings = listening + limits + persistence + observation

    private static let listening: [Setting<Self>] = [
        Setting(
            "bind", \.bind, .addresses, .readOnly, help: "Addresses to listen on, separated by spaces or commas",
            details: "`*` is every IPv4 address, `::*` every IPv6 one. One behind `-` may be missing on the machine"),
        Setting("port", \.port, .number(in: 0...65_535), .readOnly, help: "The TCP port; 0 takes a free one"),
        Setting(
            "unixsocket", \.unixSocket,
            // The limit of sockaddr_un on Linux, the ending zero included.
            .optional(
                .text("a path of at most 107 bytes", example: "/run/revoked.sock") { $0.utf8.count < 108 },
                emptyIsNil: true),
            .readOnly, help: "A path to listen on besides, for this user only"),
        Setting(
            "requirepass", \.password, .optional(.text("a password", example: "…"), emptyIsNil: true), isSecret: true,
            help: "The password of every client"),
        Setting(
            "admin-password", \.adminPassword, .optional(.text("a password", example: "…"), emptyIsNil: true),
            isSecret: true,
            help: "The password of the user admin, the only one then who may undo and administer"),
        Setting(
            "protected-mode", \.protectedMode, .yesOrNo, .readOnly,
            help: "Refuse to listen beyond loopback without a password"),
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
            "guarded-prefix", \.guardedPrefix,
            .text("2 to 64 bytes that end in a colon", example: "denied:") {
                (2...64).contains($0.utf8.count) && $0.hasSuffix(":")
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
    ]

    private static let observation: [Setting<Self>] = [
        Setting(
            "http", \.http,
            .described("an address and a port, such as 127.0.0.1:7380, or off", example: "[::1]:80") {
                AdminListening($0)
            },
            note: "if it is free", help: "Where metrics and health are served, or off",
            details: "The paths are `/metrics`, `/healthz` and `/readyz`"),
        Setting(
            "http-protected-mode", \.httpProtectedMode, .yesOrNo, help: "Refuse to serve them beyond loopback"),
        Setting("loglevel", \.logLevel, .name(), .changeable, help: "The least severe message that is logged"),
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
