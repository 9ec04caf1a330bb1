import Denylist
import Logging
import Persistence
import RESP
import Settings
import Synchronization

/// `CONFIG`: the settings there are, and the few that may change while the daemon runs.
enum ConfigCommands {
    static func config(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        switch ConfigSubcommand.read(arguments, session, &worker) {
        case .get: get(arguments, &worker)
        case .set: set(arguments, &worker)
        case .resetstat:
            worker.daemon.counters.reset()
            worker.reply.ok()
        case .rewrite: worker.fail("ERR The server is running without a config file")
        case nil: break
        }
    }

    // MARK: GET

    /// Passwords are not shown.
    private static func values(_ daemon: Daemon) -> [(name: String, value: String)] {
        let configuration = daemon.configuration
        let persistence = daemon.persistence?.configuration
        return [
            ("appendfsync", (persistence?.policy ?? configuration.syncPolicy).rawValue),
            ("appendonly", persistence?.isLogging ?? false ? "yes" : "no"),
            (
                "auto-aof-rewrite-min-size",
                String(persistence?.rewriteMinimum ?? configuration.rewriteMinimum)
            ),
            (
                "auto-aof-rewrite-percentage",
                String(persistence?.rewritePercentage ?? configuration.rewritePercentage)
            ),
            ("bind", configuration.bind.joined(separator: " ")),
            ("databases", "1"),
            ("dir", configuration.directory ?? ""),
            ("guarded-prefix", configuration.guardedPrefix),
            ("guarded-reserve", "\(daemon.memory.reserve)"),
            ("loglevel", daemon.logLevel.withLock { $0.rawValue }),
            ("max-revocation", String(configuration.maximumRevocation)),
            ("maxclients", String(daemon.clients.maximum.load(ordering: .relaxed))),
            ("maxmemory", String(daemon.denylist.maximumBytes)),
            ("maxmemory-policy", "noeviction"),
            ("output-limit", String(configuration.outputLimit)),
            ("port", String(daemon.port.load(ordering: .relaxed))),
            ("protected-mode", configuration.protectedMode ? "yes" : "no"),
            ("proto-max-bulk-len", String(configuration.maximumBulk)),
            ("save", ""),
            ("spin", String(configuration.spin)),
            ("threads", String(configuration.threads)),
            ("timeout", "0"),
            ("transport", configuration.transport.rawValue),
            ("trust-clock", "no"),
            ("unixsocket", configuration.unixSocket ?? ""),
        ]
    }

    private static func get(_ arguments: Arguments, _ worker: inout Worker) {
        let all = values(worker.daemon)
        var isWanted = [Bool](repeating: false, count: all.count)
        for index in 2..<arguments.count {
            let pattern = GlobPattern(Array(arguments.text(index).lowercased().utf8).span.bytes)
            for (position, setting) in all.enumerated() where pattern.matches(setting.name.utf8.span.bytes) {
                isWanted[position] = true
            }
        }
        let found = zip(all, isWanted).filter(\.1).map(\.0)
        worker.reply.map(found.count)
        for (name, value) in found {
            worker.reply.bulk(name)
            worker.reply.bulk(value)
        }
    }

    // MARK: SET

    /// What one `CONFIG SET` changes.
    fileprivate struct Changes: Sendable {
        var maximumMemory: Int?
        var guardedReserve: GuardedReserve?
        var maximumClients: Int?
        var logLevel: Logger.Level?
        var syncPolicy: SyncPolicy?
        var isLogging: Bool?
        var rewritePercentage: Int?
        var rewriteMinimum: Int?
        /// Once, not for good.
        var trustsClock = false

        /// The first setting that nothing could come of without a data directory.
        var needsDirectory: String? {
            if isLogging == true { return "appendonly" }
            if syncPolicy != nil { return "appendfsync" }
            if rewritePercentage != nil { return "auto-aof-rewrite-percentage" }
            return rewriteMinimum != nil ? "auto-aof-rewrite-min-size" : nil
        }

        /// Those that cannot fail.
        func apply(to daemon: Daemon) {
            daemon.memory.set(maximum: maximumMemory, reserve: guardedReserve)
            if let maximumClients { daemon.clients.maximum.store(maximumClients, ordering: .relaxed) }
            if let logLevel { daemon.logLevel.withLock { $0 = logLevel } }
            daemon.persistence?.setRewriting(percentage: rewritePercentage, minimum: rewriteMinimum)
        }
    }

    /// All of the changes or none: what the disk has to agree to comes first.
    private static func set(_ arguments: Arguments, _ worker: inout Worker) {
        guard arguments.count % 2 == 0 else { return worker.failSyntax() }
        var changes = Changes()
        var names: Set<String> = []
        for index in stride(from: 2, to: arguments.count, by: 2) {
            let name = arguments.text(index).lowercased()
            guard values(worker.daemon).contains(where: { $0.name == name }) else {
                return worker.failWithWord(
                    "ERR Unknown option or number of arguments for CONFIG SET - '", arguments[index], "'")
            }
            guard names.insert(name).inserted else { return fail(name, "duplicate parameter", &worker) }
            if let refusal = changes.read(name, arguments.text(index + 1)) { return fail(name, refusal, &worker) }
        }
        if let name = changes.needsDirectory, worker.daemon.persistence == nil {
            return fail(name, "there is no data directory: start the daemon with --dir", &worker)
        }
        if changes.trustsClock, worker.daemon.persistence == nil {
            // There is no disk to wait for.
            changes.apply(to: worker.daemon)
            worker.daemon.trustClock { _ in }
        } else if changes.syncPolicy != nil || changes.isLogging != nil || changes.trustsClock {
            let later = worker.daemon.change(
                policy: changes.syncPolicy, isLogging: changes.isLogging, trustsClock: changes.trustsClock
            ) { [changes] in changes.apply(to: $0) }
            worker.wait(for: later)
        } else {
            changes.apply(to: worker.daemon)
        }
        worker.reply.ok()
    }

    private static func fail(_ name: String, _ why: String, _ worker: inout Worker) {
        worker.fail("ERR CONFIG SET failed (possibly related to argument '\(name)') - \(why)")
    }
}

extension ConfigCommands.Changes {
    /// Reads one setting.
    /// - Returns: why it cannot be set to this; nil if it can.
    fileprivate mutating func read(_ name: String, _ value: String) -> String? {
        switch name {
        case "maxmemory":
            guard let bytes = MemorySize.parse(value) else { return "argument must be a memory value" }
            maximumMemory = bytes
        case "guarded-reserve":
            guard let reserve = GuardedReserve(value) else {
                return "argument must be a share of maxmemory such as 25%, or a memory value"
            }
            guardedReserve = reserve
        case "maxclients":
            guard let number = Int(value), (1...1_000_000).contains(number) else {
                return "argument must be between 1 and 1000000 inclusive"
            }
            maximumClients = number
        case "loglevel":
            guard let level = Logger.Level(rawValue: value) else {
                let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                return "argument must be one of the following: \(names)"
            }
            logLevel = level
        case "appendfsync":
            guard let policy = SyncPolicy(rawValue: value.lowercased()) else {
                return "argument(s) must be one of the following: everysec, always, no"
            }
            syncPolicy = policy
        case "appendonly":
            guard value.lowercased() == "yes" || value.lowercased() == "no" else {
                return "argument must be 'yes' or 'no'"
            }
            isLogging = value.lowercased() == "yes"
        case "auto-aof-rewrite-percentage":
            guard let number = Int64(value) else { return "argument couldn't be parsed into an integer" }
            guard (0...Int64(Int32.max)).contains(number) else {
                return "argument must be between 0 and \(Int32.max) inclusive"
            }
            rewritePercentage = Int(number)
        case "auto-aof-rewrite-min-size":
            guard let bytes = MemorySize.parse(value) else { return "argument must be a memory value" }
            rewriteMinimum = bytes
        case "trust-clock":
            guard value.lowercased() == "yes" || value.lowercased() == "no" else {
                return "argument must be 'yes' or 'no'"
            }
            trustsClock = value.lowercased() == "yes"
        case "dir": return "can't set protected config"
        case "maxmemory-policy":
            guard value == "noeviction" else { return "revocations are never evicted" }
        default: return "can't set immutable config"
        }
        return nil
    }
}
