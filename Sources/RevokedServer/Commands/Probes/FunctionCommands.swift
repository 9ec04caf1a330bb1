import RESP

/// `FUNCTION`: there are no libraries, and no engine that could run one.
enum FunctionCommands {
    /// What Redis dumps of no libraries: the version of its format and a checksum.
    private static let dump: [UInt8] = [0x0A, 0x00, 0x5D, 0x9B, 0x5C, 0x40, 0x0F, 0x7F, 0xA2, 0xDA]

    static func function(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        switch FunctionSubcommand.read(arguments, session, &context) {
        case .list: list(arguments, &context)
        case .stats:
            context.reply.map(2)
            context.reply.bulk("running_script")
            context.reply.null()
            context.reply.bulk("engines")
            context.reply.map(0)
        case .dump: context.reply.bulk(dump.span.bytes)
        case .flush: flush(arguments, &context)
        case .restore: restore(arguments, &context)
        case .load: context.fail("ERR Engine not found: there are no functions")
        case .delete: context.fail("ERR Library not found")
        case .kill: context.fail("NOTBUSY No scripts in execution right now.")
        case nil: break
        }
    }

    private static func list(_ arguments: Arguments, _ context: inout ServingContext) {
        var (hasCode, hasPattern) = (false, false)
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            if !hasCode, word.equalsIgnoringCase("withcode") {
                hasCode = true
            } else if !hasPattern, word.equalsIgnoringCase("libraryname") {
                index += 1
                guard index < arguments.count else { return context.fail("ERR library name argument was not given") }
                hasPattern = true
            } else {
                return context.failWithWord("ERR Unknown argument ", word, "")
            }
            index += 1
        }
        context.reply.array(0)
    }

    private static func flush(_ arguments: Arguments, _ context: inout ServingContext) {
        guard arguments.count <= 3 else {
            return context.failWithWord(
                "ERR unknown subcommand or wrong number of arguments for '", arguments[1], "'. Try FUNCTION HELP.")
        }
        guard arguments.endWithFlushMode(after: 2) else {
            return context.fail("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
        }
        context.reply.ok()
    }

    private static func restore(_ arguments: Arguments, _ context: inout ServingContext) {
        if arguments.count > 3 {
            let word = arguments[3]
            let isPolicy =
                word.equalsIgnoringCase("flush") || word.equalsIgnoringCase("append")
                || word.equalsIgnoringCase("replace")
            guard arguments.count == 4, isPolicy else {
                return context.fail(
                    "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
            }
        }
        guard arguments[2].equals(dump.span.bytes) else {
            return context.fail("ERR DUMP payload version or checksum are wrong")
        }
        context.reply.ok()
    }
}

enum FunctionSubcommand: String, Subcommand {
    case delete, dump, flush, kill, list, load, restore, stats

    static let family = SubcommandFamily.function
    static let flags: Command.Flags = .noScript
    static let categories = CommandCategory(named: "scripting".utf8)!
    static let group = "scripting"
    static let usualPrivilege = SubcommandRule.Privilege.none

    var rule: SubcommandRule {
        switch self {
        case .delete:
            makeRule(3, "Answers that there is none.", since: "7.0.0", "library-name", flags: [.write, .noScript])
        case .dump: makeRule(2, "Dumps no functions.", since: "7.0.0")
        case .flush:
            makeRule(-2, "Deletes no functions.", since: "7.0.0", "[ASYNC | SYNC]", flags: [.write, .noScript])
        case .kill: makeRule(2, "Answers that none is running.", since: "7.0.0", flags: [.noScript, .allowBusy])
        case .list: makeRule(-2, "Lists no functions.", since: "7.0.0", "[LIBRARYNAME pattern] [WITHCODE]")
        case .load:
            makeRule(
                -3, "Is refused.", since: "7.0.0", "[REPLACE] function-code", flags: [.write, .denyOOM, .noScript])
        case .restore:
            makeRule(
                -3, "Restores a dump of no functions.", since: "7.0.0", "serialized-value [FLUSH | APPEND | REPLACE]",
                flags: [.write, .denyOOM, .noScript])
        case .stats:
            makeRule(2, "Tells that no function is running.", since: "7.0.0", flags: [.noScript, .allowBusy])
        }
    }
}
