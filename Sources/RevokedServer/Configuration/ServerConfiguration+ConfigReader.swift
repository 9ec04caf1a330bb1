import AdminHTTP
package import Configuration
import Logging
import Persistence
import Settings

/// Every setting, where it may be given and what it means without. A flag wins over the environment, the environment
/// over the file.
///
/// | flag | environment | key in the file | default | meaning |
/// |---|---|---|---|---|
/// | `--bind` | `REVOKED_BIND` | `bind` | `127.0.0.1` | addresses to listen on, separated by spaces or commas: `*` is every IPv4 address, `::*` every IPv6 one, `-` in front of one says that the machine need not have it |
/// | `--port` | `REVOKED_PORT` | `port` | `7379` | TCP port; 0 takes a free one |
/// | `--unixsocket` | `REVOKED_UNIXSOCKET` | `unixsocket` | none | path of a Unix socket (mode 0700) |
/// | `--requirepass` | `REVOKED_REQUIREPASS` | `requirepass` | none | password of every client |
/// | `--admin-password` | `REVOKED_ADMIN_PASSWORD` | `admin-password` | none | password of the user `admin`, the only one then who may undo and administer |
/// | `--protected-mode` | `REVOKED_PROTECTED_MODE` | `protected-mode` | `yes` | refuse to listen beyond loopback without a password |
/// | `--maxmemory` | `REVOKED_MAXMEMORY` | `maxmemory` | `0` | most memory for entries (`100mb`, `2gb`); new keys are refused beyond it, nothing is evicted; 0 is no limit |
/// | `--guarded-reserve` | `REVOKED_GUARDED_RESERVE` | `guarded-reserve` | `25%` | what of it plain keys and rotations leave to revocations: a share, or a size |
/// | `--maxclients` | `REVOKED_MAXCLIENTS` | `maxclients` | `10000` | most connections |
/// | `--guarded-prefix` | `REVOKED_GUARDED_PREFIX` | `guarded-prefix` | `revoked:` | keys that are revocations; ends in a colon |
/// | `--max-revocation` | `REVOKED_MAX_REVOCATION` | `max-revocation` | `34560000` | longest time to live of a revocation, in seconds (400 days) |
/// | `--proto-max-bulk-len` | `REVOKED_PROTO_MAX_BULK_LEN` | `proto-max-bulk-len` | `1mb` | longest argument |
/// | `--output-limit` | `REVOKED_OUTPUT_LIMIT` | `output-limit` | `64mb` | most that may wait for one client to read |
/// | `--threads` | `REVOKED_THREADS` | `threads` | `0` | reactor threads; 0 is one per core |
/// | `--spin` | `REVOKED_SPIN` | `spin` | `0` | microseconds that a reactor looks for more before it sleeps, at most 1000: a lone client waits less, a core works more |
/// | `--transport` | `REVOKED_TRANSPORT` | `transport` | `epoll` on Linux | `epoll` or `nio` |
/// | `--dir` | `REVOKED_DIR` | `dir` | `./revoked-data` | the data directory, for one daemon; made (0700) if it is not there |
/// | `--appendonly` | `REVOKED_APPENDONLY` | `appendonly` | `yes` | whether writes are logged; `no` is a pure cache |
/// | `--appendfsync` | `REVOKED_APPENDFSYNC` | `appendfsync` | `always` | when the log is made durable: `always` before a write is answered, `everysec` once a second, `no` when the system likes |
/// | `--auto-aof-rewrite-percentage` | `REVOKED_AUTO_AOF_REWRITE_PERCENTAGE` | `auto-aof-rewrite-percentage` | `100` | rewrite the log when it has grown by so many percent; 0 is never |
/// | `--auto-aof-rewrite-min-size` | `REVOKED_AUTO_AOF_REWRITE_MIN_SIZE` | `auto-aof-rewrite-min-size` | `64mb` | … and has this size |
/// | `--skip-unsupported` | `REVOKED_SKIP_UNSUPPORTED` | `skip-unsupported` | `no` | pass over keys of other types in files of Redis, and count them, instead of failing |
/// | `--trust-clock` | `REVOKED_TRUST_CLOCK` | `trust-clock` | `no` | put guarded time forward to the wall clock at this start, which ends the revocations that would have ended by it; for one start, not for good |
/// | `--http` | `REVOKED_HTTP` | `http` | `127.0.0.1:7380`, if it is free | where `/metrics`, `/healthz` and `/readyz` are served; `off` for nowhere |
/// | `--http-protected-mode` | `REVOKED_HTTP_PROTECTED_MODE` | `http-protected-mode` | `yes` | refuse to serve them beyond loopback |
/// | `--loglevel` | `REVOKED_LOGLEVEL` | `loglevel` | `info` | `trace` `debug` `info` `notice` `warning` `error` `critical` |
package enum Setting: String, CaseIterable, Sendable {
    case bind, port, unixsocket, requirepass
    case adminPassword = "admin-password"
    case protectedMode = "protected-mode"
    case maxmemory, maxclients
    case guardedReserve = "guarded-reserve"
    case guardedPrefix = "guarded-prefix"
    case maxRevocation = "max-revocation"
    case protoMaxBulkLen = "proto-max-bulk-len"
    case outputLimit = "output-limit"
    case threads, spin, transport, loglevel
    case dir, appendonly, appendfsync
    case autoAOFRewritePercentage = "auto-aof-rewrite-percentage"
    case autoAOFRewriteMinSize = "auto-aof-rewrite-min-size"
    case skipUnsupported = "skip-unsupported"
    case trustClock = "trust-clock"
    case http
    case httpProtectedMode = "http-protected-mode"

    /// Its name in the environment.
    var variable: String { "REVOKED_" + rawValue.uppercased().replacing("-", with: "_") }

    /// Those that are yes or no; a JSON boolean is taken too.
    fileprivate static let switches: Set<Setting> = [
        .protectedMode, .appendonly, .skipUnsupported, .trustClock, .httpProtectedMode,
    ]
}

extension ServerConfiguration {
    /// Reads every setting that `reader` has.
    /// - Throws: ``ServerError/Code/invalidSetting`` that names the setting and what it takes.
    package init(reader: ConfigReader) throws(ServerError) {
        self.init()
        for setting in Setting.allCases {
            let key = ConfigKey([setting.rawValue])
            let value =
                reader.string(forKey: key)
                // A JSON boolean can be read as a number too.
                ?? (Setting.switches.contains(setting) ? reader.bool(forKey: key).map { $0 ? "yes" : "no" } : nil)
                ?? reader.int(forKey: key).map(String.init)
            if let value { try set(setting, to: value) }
        }
    }

    /// Sets one setting from its text.
    package mutating func set(_ setting: Setting, to text: String) throws(ServerError) {
        switch setting {
        case .bind:
            bind = text.split { $0 == " " || $0 == "," }.map(String.init)
            guard !bind.isEmpty, !bind.contains("-") else { throw Self.invalid(setting, "at least one address") }
        case .port: port = try Self.number(setting, text, in: 0...65_535)
        case .unixsocket:
            // The limit of sockaddr_un on Linux, the ending zero included.
            guard text.utf8.count < 108 else { throw Self.invalid(setting, "a path of at most 107 bytes") }
            unixSocket = text.isEmpty ? nil : text
        case .requirepass: password = text.isEmpty ? nil : text
        case .adminPassword: adminPassword = text.isEmpty ? nil : text
        case .protectedMode: protectedMode = try Self.isOn(setting, text)
        case .maxmemory: maximumMemory = try Self.size(setting, text, atLeast: 0)
        case .guardedReserve:
            guard let reserve = GuardedReserve(text) else {
                throw Self.invalid(setting, "a share of maxmemory such as 25%, or a size such as 100mb")
            }
            guardedReserve = reserve
        case .maxclients: maximumClients = try Self.number(setting, text, in: 1...1_000_000)
        case .guardedPrefix:
            guard (2...64).contains(text.utf8.count), text.hasSuffix(":") else {
                throw Self.invalid(setting, "2 to 64 bytes that end in a colon")
            }
            guardedPrefix = text
        case .maxRevocation: maximumRevocation = Int64(try Self.number(setting, text, in: 60...3_153_600_000))
        case .protoMaxBulkLen:
            maximumBulk = try Self.size(setting, text, atLeast: 1 << 20)
            if maximumBulk > 512 << 20 { throw Self.invalid(setting, "at most 512mb") }
        case .outputLimit: outputLimit = try Self.size(setting, text, atLeast: 1 << 20)
        case .threads: threads = try Self.number(setting, text, in: 0...256)
        case .spin: spin = try Self.number(setting, text, in: 0...1000)
        case .transport:
            guard let kind = TransportKind(rawValue: text) else { throw Self.invalid(setting, "epoll or nio") }
            #if !os(Linux)
                if kind == .epoll { throw Self.invalid(setting, "nio on this platform") }
            #endif
            transport = kind
        case .loglevel:
            guard let level = Logger.Level(rawValue: text) else {
                throw Self.invalid(setting, "trace, debug, info, notice, warning, error or critical")
            }
            logLevel = level
        case .dir:
            guard !text.isEmpty, !text.utf8.contains(0) else { throw Self.invalid(setting, "a path") }
            directory = text
        case .appendonly: isLogging = try Self.isOn(setting, text)
        case .appendfsync:
            guard let policy = SyncPolicy(rawValue: text) else {
                throw Self.invalid(setting, "always, everysec or no")
            }
            syncPolicy = policy
        case .autoAOFRewritePercentage: rewritePercentage = try Self.number(setting, text, in: 0...Int(Int32.max))
        case .autoAOFRewriteMinSize: rewriteMinimum = try Self.size(setting, text, atLeast: 0)
        case .skipUnsupported: skipsUnsupported = try Self.isOn(setting, text)
        case .trustClock: trustsClock = try Self.isOn(setting, text)
        case .http:
            guard let listening = AdminListening(text) else {
                throw Self.invalid(setting, "an address and a port, such as 127.0.0.1:7380, or off")
            }
            http = listening
        case .httpProtectedMode: httpProtectedMode = try Self.isOn(setting, text)
        }
    }

    private static func isOn(_ setting: Setting, _ text: String) throws(ServerError) -> Bool {
        guard ["yes", "no", "true", "false"].contains(text) else { throw invalid(setting, "yes or no") }
        return text == "yes" || text == "true"
    }

    private static func number(_ setting: Setting, _ text: String, in range: ClosedRange<Int>) throws(ServerError)
        -> Int
    {
        guard let number = Int(text), range.contains(number) else {
            throw invalid(setting, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func size(_ setting: Setting, _ text: String, atLeast least: Int) throws(ServerError) -> Int {
        guard let bytes = MemorySize.parse(text), bytes >= least else {
            throw invalid(setting, "a size such as 100mb, at least \(least) bytes")
        }
        return bytes
    }

    /// The value itself is left out: it may be a password.
    private static func invalid(_ setting: Setting, _ what: String) -> ServerError {
        ServerError(.invalidSetting, "\(setting.rawValue) takes \(what)")
    }
}
