import Denylist
import RESP
import Settings
import Synchronization

/// `CONFIG`: the settings there are, and the few that may change while the daemon runs.
enum ConfigCommands {
    static func config(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        switch ConfigSubcommand.read(arguments, session, &context) {
        case .get: get(arguments, &context)
        case .set: set(arguments, &context)
        case .resetstat:
            context.daemon.counters.reset()
            context.daemon.latencies.reset()
            context.daemon.subcommands.reset()
            context.reply.ok()
        case .rewrite: rewrite(&context)
        case nil: break
        }
    }

    /// The daemon writes no file of settings. A Sentinel asks for it at a failover, when there is nothing to write.
    private static func rewrite(_ context: inout ServingContext) {
        let unkept = context.daemon.unkeptSettings
        guard unkept.isEmpty else {
            return context.fail(
                "ERR the daemon does not write its configuration: set there what was changed since its start: "
                    + unkept.joined(separator: ", "))
        }
        context.reply.ok()
    }

    // MARK: GET

    /// What clients of Redis ask for, and what is always so here. Each may be set to what it is.
    static let constants = [
        "databases": "\(DatabaseNumber.count)", "maxmemory-policy": "noeviction", "save": "",
        "activedefrag": "no", "appenddirname": "appendonlydir", "appendfilename": "appendonly.aof",
        "cluster-enabled": "no", "daemonize": "no", "dbfilename": "dump.rdb", "hz": "10",
        "latency-monitor-threshold": "0", "latency-tracking": "yes",
        "latency-tracking-info-percentiles": "50 99 99.9", "lazyfree-lazy-eviction": "no",
        "lazyfree-lazy-expire": "no", "lazyfree-lazy-server-del": "no", "lazyfree-lazy-user-del": "no",
        "lazyfree-lazy-user-flush": "no", "logfile": "", "lua-time-limit": "5000", "masterauth": "",
        "maxmemory-samples": "5",
        "min-replicas-to-write": "0", "no-appendfsync-on-rewrite": "no", "pidfile": "", "rdbchecksum": "yes",
        "rdbcompression": "no", "repl-backlog-size": "0", "replica-read-only": "yes", "replicaof": "",
        "stop-writes-on-bgsave-error": "yes", "supervised": "no", "tcp-backlog": "511", "tcp-keepalive": "300",
    ]

    /// Passwords are not shown.
    private static func values(_ daemon: Daemon) -> [(name: String, value: String)] {
        let configuration = daemon.currentConfiguration
        let settings = ServerConfiguration.settings.filter { $0.runtime != .hidden }
        let names = Set(settings.map(\.name))
        let others = constants.filter { !names.contains($0.key) }.map { ($0.key, $0.value) }
        return (settings.map { ($0.name, $0.text(in: configuration)) } + others).sorted { $0.0 < $1.0 }
    }

    private static func get(_ arguments: Arguments, _ context: inout ServingContext) {
        let all = values(context.daemon)
        var isWanted = [Bool](repeating: false, count: all.count)
        for index in 2..<arguments.count {
            guard arguments[index].byteCount <= GlobPattern.maximumLength else {
                return context.fail(GlobPattern.tooLong)
            }
            let bytes = arguments[index].withUnsafeBytes { $0.lowercasedASCII }
            let pattern = GlobPattern(bytes.span.bytes)
            for (position, setting) in all.enumerated() where pattern.matches(setting.name.utf8.span.bytes) {
                isWanted[position] = true
            }
        }
        let found = zip(all, isWanted).filter(\.1).map(\.0)
        context.reply.map(found.count)
        for (name, value) in found {
            context.reply.bulk(name)
            context.reply.bulk(value)
        }
    }

    // MARK: SET

    /// Enough for a path; what is compared as text has to be short.
    private static let maximumValueBytes = 4096

    /// All of the changes or none: what the disk has to agree to comes first.
    private static func set(_ arguments: Arguments, _ context: inout ServingContext) {
        guard arguments.count % 2 == 0 else { return context.failSyntax() }
        var changes = ConfigChanges()
        var password: [UInt8]?
        var names: Set<String> = []
        for index in stride(from: 2, to: arguments.count, by: 2) {
            guard let name = arguments[index].lowercasedWord,
                name == ConfigChanges.password || values(context.daemon).contains(where: { $0.name == name })
            else {
                return context.failWithWord(
                    "ERR Unknown option or number of arguments for CONFIG SET - '", arguments[index], "'")
            }
            guard names.insert(name).inserted else { return fail(name, "duplicate parameter", &context) }
            guard arguments[index + 1].byteCount <= maximumValueBytes else {
                return fail(name, "the value is longer than \(maximumValueBytes) bytes", &context)
            }
            if name == ConfigChanges.password {
                password = arguments[index + 1].withUnsafeBytes(Array.init)
                continue
            }
            if isSettled(name, arguments.text(index + 1), context.daemon) { continue }
            if let refusal = changes.read(name, arguments.text(index + 1)) { return fail(name, refusal, &context) }
        }
        if let name = changes.needsDirectory, context.daemon.persistence == nil {
            return fail(name, "there is no data directory: start the daemon with --dir", &context)
        }
        if let password, let refusal = changes.setPassword(password, of: context.daemon) {
            return fail(ConfigChanges.password, refusal, &context)
        }
        if let name = changes.ofTLS { return setTLS(name, changes, &context) }
        let trustsClock = changes.trustsClock == true
        if trustsClock, context.daemon.persistence == nil {
            // There is no disk to wait for.
            changes.apply(to: context.daemon)
            context.daemon.trustClock { _ in }
        } else if changes.waitsForDisk {
            let later = context.daemon.change(
                policy: changes.syncPolicy, isLogging: changes.isLogging, trustsClock: trustsClock
            ) { [changes] in changes.apply(to: $0) }
            context.holds.wait(for: later)
        } else {
            changes.apply(to: context.daemon)
        }
        context.reply.ok()
    }

    /// Whether a setting is set to what it is, and cannot be anything else.
    private static func isSettled(_ name: String, _ value: String, _ daemon: Daemon) -> Bool {
        let setting = ServerConfiguration.settings.first { $0.name == name }
        guard let setting, setting.text(in: daemon.currentConfiguration) == value else { return false }
        switch setting.runtime {
        case .hidden: return false
        case .readOnly, .protected: return true
        case .changeable:
            if name.hasPrefix("tls-") { return daemon.tls == nil }
            var change = ConfigChanges()
            return daemon.persistence == nil && change.read(name, value) == nil && change.needsDirectory != nil
        }
    }

    private static func setTLS(_ name: String, _ changes: ConfigChanges, _ context: inout ServingContext) {
        let daemon = context.daemon
        if let refusal = changes.refusalOfTLS(daemon) { return fail(name, refusal, &context) }
        let later = DeferredReply()
        changes.applyTLS(to: daemon) { why in
            later.complete(why.map { failure(name, $0) })
            daemon.logHasProgressed()
        }
        context.holds.wait(for: later)
        context.reply.ok()
    }

    private static func fail(_ name: String, _ why: String, _ context: inout ServingContext) {
        context.fail(failure(name, why))
    }

    private static func failure(_ name: String, _ why: String) -> String {
        "ERR CONFIG SET failed (possibly related to argument '\(name)') - \(why)"
    }
}

enum ConfigSubcommand: String, Subcommand {
    case get, set, resetstat, rewrite

    static let family = SubcommandFamily.config
    static let flags: Command.Flags = [.noScript, .loading, .stale]
    static let categories: CommandCategory = []
    static let group = "server"
    static let usualPrivilege = SubcommandRule.Privilege.reserved

    var rule: SubcommandRule {
        switch self {
        case .get: makeRule(-3, "Gets the settings that match.", since: "2.0.0", "parameter...", .admin)
        case .set: makeRule(-4, "Changes settings, all or none of them.", since: "2.0.0", "(parameter value)...")
        case .resetstat: makeRule(2, "Sets the counters of INFO to zero.", since: "2.0.0")
        case .rewrite: makeRule(2, "Tells whether a setting was changed since the start.", since: "2.8.0")
        }
    }
}
