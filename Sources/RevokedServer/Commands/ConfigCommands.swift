import Denylist
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

    /// What clients of Redis ask for, and what is always so here.
    private static let constants = [
        ("databases", "1"), ("maxmemory-policy", "noeviction"), ("save", ""), ("timeout", "0"),
    ]

    /// Passwords are not shown.
    private static func values(_ daemon: Daemon) -> [(name: String, value: String)] {
        let configuration = daemon.currentConfiguration
        let settings = ServerConfiguration.settings.filter { $0.runtime != .hidden }
        return (settings.map { ($0.name, $0.text(in: configuration)) } + constants).sorted { $0.0 < $1.0 }
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

    /// All of the changes or none: what the disk has to agree to comes first.
    private static func set(_ arguments: Arguments, _ worker: inout Worker) {
        guard arguments.count % 2 == 0 else { return worker.failSyntax() }
        var changes = ConfigChanges()
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
        let trustsClock = changes.trustsClock == true
        if trustsClock, worker.daemon.persistence == nil {
            // There is no disk to wait for.
            changes.apply(to: worker.daemon)
            worker.daemon.trustClock { _ in }
        } else if changes.syncPolicy != nil || changes.isLogging != nil || trustsClock {
            let later = worker.daemon.change(
                policy: changes.syncPolicy, isLogging: changes.isLogging, trustsClock: trustsClock
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
