import RESP

/// `SLOWLOG`.
enum SlowLogCommands {
    static func slowlog(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        let log = context.daemon.slowLog
        switch SlowLogSubcommand.read(arguments, session, &context) {
        case .get:
            var count: Int64 = 10
            if arguments.count > 2 {
                guard arguments.count == 3, let given = arguments[2].parseInteger(), given >= -1 else {
                    return context.fail("ERR count should be greater than or equal to -1")
                }
                count = given < 0 ? Int64.max : given
            }
            let entries = log.newest(Int(count))
            context.reply.array(entries.count)
            for entry in entries { write(entry, &context.reply) }
        case .len: context.reply.integer(Int64(log.count))
        case .reset:
            log.reset()
            context.reply.ok()
        case nil: break
        }
    }

    private static func write(_ entry: SlowLog.Entry, _ reply: inout ReplyBuffer) {
        reply.array(6)
        reply.integer(Int64(entry.id))
        reply.integer(entry.time)
        reply.integer(entry.microseconds)
        reply.array(entry.arguments.count)
        for argument in entry.arguments { reply.bulk(argument.span.bytes) }
        reply.bulk(entry.address)
        reply.bulk(entry.clientName.span.bytes)
    }
}

enum SlowLogSubcommand: String, Subcommand {
    case get, len, reset

    static let family = SubcommandFamily.slowlog
    static let flags: Command.Flags = [.loading, .stale]
    static let categories: CommandCategory = []
    static let group = "server"
    static let usualPrivilege = SubcommandRule.Privilege.admin

    var rule: SubcommandRule {
        switch self {
        case .get: makeRule(-2, "Gets the newest entries; 10, if no number is given.", since: "2.2.12", "[count]")
        case .len: makeRule(2, "Counts the entries.", since: "2.2.12")
        case .reset: makeRule(2, "Removes all entries.", since: "2.2.12", "", .reserved)
        }
    }
}
