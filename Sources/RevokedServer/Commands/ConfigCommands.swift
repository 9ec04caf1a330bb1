import Denylist
import Logging
import Persistence
import RESP
import Synchronization

/// `CONFIG`: the settings there are, and the few that may change while the daemon runs.
enum ConfigCommands {
    static func config(_ arguments: Arguments, _ session: borrowing Session, _ worker: inout Worker) {
        let word = arguments[1]
        if word.equalsIgnoringCase("get") {
            guard arguments.count >= 3 else { return failArity("get", &worker) }
            get(arguments, &worker)
        } else if word.equalsIgnoringCase("set") {
            guard arguments.count >= 4, arguments.count % 2 == 0 else { return failArity("set", &worker) }
            guard session.mayAdminister(worker) else { return session.refusePermission("config|set", &worker) }
            set(arguments, &worker)
        } else if word.equalsIgnoringCase("resetstat") {
            guard arguments.count == 2 else { return failArity("resetstat", &worker) }
            guard session.mayAdminister(worker) else { return session.refusePermission("config|resetstat", &worker) }
            worker.daemon.counters.reset()
            worker.reply.ok()
        } else {
            worker.failSubcommand(word, of: "CONFIG")
        }
    }

    private static func failArity(_ subcommand: String, _ worker: inout Worker) {
        worker.fail("ERR wrong number of arguments for 'config|\(subcommand)' command")
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

    private enum Change {
        case maximumMemory(Int)
        case maximumClients(Int)
        case logLevel(Logger.Level)
        case syncPolicy(SyncPolicy)
        case logging(Bool)
        case rewriting(percentage: Int?, minimum: Int?)

        var needsDirectory: Bool {
            switch self {
            case .logging(let isOn): isOn
            case .syncPolicy, .rewriting: true
            case .maximumMemory, .maximumClients, .logLevel: false
            }
        }
    }

    /// All of the changes or none.
    private static func set(_ arguments: Arguments, _ worker: inout Worker) {
        var changes: [Change] = []
        for index in stride(from: 2, to: arguments.count, by: 2) {
            let (name, value) = (arguments.text(index).lowercased(), arguments.text(index + 1))
            switch name {
            case "maxmemory":
                guard let bytes = MemorySize.parse(value) else {
                    return fail(name, "argument must be a memory value", &worker)
                }
                changes.append(.maximumMemory(bytes))
            case "maxclients":
                guard let number = Int(value), (1...1_000_000).contains(number) else {
                    return fail(name, "argument must be between 1 and 1000000 inclusive", &worker)
                }
                changes.append(.maximumClients(number))
            case "loglevel":
                guard let level = Logger.Level(rawValue: value) else {
                    let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                    return fail(name, "argument must be one of the following: \(names)", &worker)
                }
                changes.append(.logLevel(level))
            case "appendfsync":
                guard let policy = SyncPolicy(rawValue: value.lowercased()) else {
                    return fail(
                        name, "argument(s) must be one of the following: everysec, always, no", &worker)
                }
                changes.append(.syncPolicy(policy))
            case "appendonly":
                guard value.lowercased() == "yes" || value.lowercased() == "no" else {
                    return fail(name, "argument must be 'yes' or 'no'", &worker)
                }
                changes.append(.logging(value.lowercased() == "yes"))
            case "auto-aof-rewrite-percentage":
                guard let number = Int64(value) else {
                    return fail(name, "argument couldn't be parsed into an integer", &worker)
                }
                guard (0...Int64(Int32.max)).contains(number) else {
                    return fail(name, "argument must be between 0 and \(Int32.max) inclusive", &worker)
                }
                changes.append(.rewriting(percentage: Int(number), minimum: nil))
            case "auto-aof-rewrite-min-size":
                guard let bytes = MemorySize.parse(value) else {
                    return fail(name, "argument must be a memory value", &worker)
                }
                changes.append(.rewriting(percentage: nil, minimum: bytes))
            case "dir": return fail(name, "can't set protected config", &worker)
            case "maxmemory-policy":
                guard value == "noeviction" else { return fail(name, "revocations are never evicted", &worker) }
            default:
                if values(worker.daemon).contains(where: { $0.name == name }) {
                    return fail(name, "can't set immutable config", &worker)
                }
                return worker.failWithWord(
                    "ERR Unknown option or number of arguments for CONFIG SET - '", arguments[index], "'")
            }
        }
        guard worker.daemon.persistence != nil || !changes.contains(where: \.needsDirectory) else {
            return fail("appendonly", "there is no data directory: start the daemon with --dir", &worker)
        }
        var policy: SyncPolicy?
        var isLogging: Bool?
        for change in changes {
            switch change {
            case .maximumMemory(let bytes): worker.daemon.denylist.maximumBytes = bytes
            case .maximumClients(let number): worker.daemon.clients.maximum.store(number, ordering: .relaxed)
            case .logLevel(let level): worker.daemon.logLevel.withLock { $0 = level }
            case .syncPolicy(let new): policy = new
            case .logging(let isOn): isLogging = isOn
            case .rewriting(let percentage, let minimum):
                worker.daemon.persistence?.setRewriting(percentage: percentage, minimum: minimum)
            }
        }
        if policy != nil || isLogging != nil {
            worker.wait(for: worker.daemon.change(policy: policy, isLogging: isLogging))
        }
        worker.reply.ok()
    }

    private static func fail(_ name: String, _ why: String, _ worker: inout Worker) {
        worker.fail("ERR CONFIG SET failed (possibly related to argument '\(name)') - \(why)")
    }
}
