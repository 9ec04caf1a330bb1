import Denylist
import Persistence
import PrometheusMetrics
import RESP

/// `MEMORY`: what entries take.
enum MemoryCommands {
    static func memory(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        switch MemorySubcommand.read(arguments, session, &context) {
        case .usage: usage(arguments, &context)
        case .stats: stats(&context)
        case .doctor: context.reply.verbatim("The memory of entries and tables is in INFO memory and in /metrics.\n")
        case .mallocStats: context.reply.verbatim("Stats not supported for the current allocator")
        // The clock hand returns free pages by itself.
        case .purge: context.reply.ok()
        case nil: break
        }
    }

    private static func usage(_ arguments: Arguments, _ context: inout ServingContext) {
        var index = 3
        while index < arguments.count {
            guard arguments[index].equalsIgnoringCase("samples"), index + 1 < arguments.count else {
                return context.failSyntax()
            }
            guard let samples = arguments[index + 1].parseInteger() else { return context.failNotAnInteger() }
            guard samples >= 0 else { return context.failSyntax() }
            index += 2
        }
        let bytes = context.find(2, of: arguments) { value, _ in ServingContext.entryBytes(arguments[2], value) }
        if let bytes { context.reply.integer(Int64(bytes)) } else { context.reply.null() }
    }

    private static func stats(_ context: inout ServingContext) {
        let daemon = context.daemon
        let (databases, total) = (daemon.denylist.databases, daemon.denylist.statistics)
        let resident = ProcessFigures.residentBytes() ?? total.bytes
        let numbers: [(String, Int)] = [
            ("peak.allocated", resident), ("total.allocated", resident), ("startup.allocated", 0),
            ("replication.backlog", 0), ("clients.slaves", 0), ("clients.normal", daemon.counters.waitingBytes),
            ("cluster.links", 0), ("aof.buffer", daemon.persistence?.log.queuedBytes ?? 0), ("lua.caches", 0),
            ("functions.caches", 0),
        ]
        let sums: [(String, Int)] = [
            ("overhead.total", max(0, resident - total.bytes)), ("keys.count", total.entries),
            ("keys.bytes-per-key", total.entries > 0 ? total.bytes / total.entries : 0), ("dataset.bytes", total.bytes),
        ]
        context.reply.map(numbers.count + databases.count + sums.count + 2)
        for (name, number) in numbers { context.reply.field(name, number) }
        for database in databases {
            context.reply.bulk("db.\(database.number)")
            context.reply.map(2)
            // Entries and their expiries are in one table.
            context.reply.field("overhead.hashtable.main", 0)
            context.reply.field("overhead.hashtable.expires", 0)
        }
        for (name, number) in sums { context.reply.field(name, number) }
        for name in ["dataset.percentage", "peak.percentage"] {
            context.reply.bulk(name)
            context.reply.double(name.hasPrefix("peak") ? 100 : 100 * Double(total.bytes) / Double(max(1, resident)))
        }
    }
}

extension ReplyBuffer {
    fileprivate mutating func field(_ name: String, _ number: Int) {
        bulk(name)
        integer(Int64(number))
    }
}

enum MemorySubcommand: String, Subcommand {
    case doctor, purge, stats, usage
    case mallocStats = "malloc-stats"

    static let family = SubcommandFamily.memory
    static let flags: Command.Flags = []
    static let categories: CommandCategory = []
    static let group = "server"
    static let usualPrivilege = SubcommandRule.Privilege.none

    var rule: SubcommandRule {
        switch self {
        case .doctor: makeRule(2, "Tells where figures of memory are.", since: "4.0.0")
        case .mallocStats: makeRule(2, "Answers that there are none.", since: "4.0.0")
        case .purge: makeRule(2, "Does nothing: free memory is returned by itself.", since: "4.0.0")
        case .stats: makeRule(2, "Tells how much memory is used for what.", since: "4.0.0")
        case .usage:
            makeRule(
                -3, "Tells about how many bytes a key takes.", since: "4.0.0", "key [SAMPLES count]",
                flags: .readOnly, key: .looks)
        }
    }
}
