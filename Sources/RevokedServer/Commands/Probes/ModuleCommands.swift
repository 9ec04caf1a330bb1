import RESP

/// `MODULE`: there are none.
enum ModuleCommands {
    static func module(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        switch ModuleSubcommand.read(arguments, session, &context) {
        case .list: context.reply.array(0)
        case .load, .loadex, .unload: context.fail("ERR MODULE command not allowed. There are no modules")
        case nil: break
        }
    }
}

enum ModuleSubcommand: String, Subcommand {
    case list, load, loadex, unload

    static let family = SubcommandFamily.module
    static let flags: Command.Flags = [.noScript, .noAsyncLoading]
    static let categories: CommandCategory = []
    static let group = "server"
    static let usualPrivilege = SubcommandRule.Privilege.admin

    var rule: SubcommandRule {
        switch self {
        case .list: makeRule(2, "Lists no modules.", since: "4.0.0", flags: .noScript)
        case .load: makeRule(-3, "Is refused.", since: "4.0.0", "path [arg...]")
        case .loadex: makeRule(-3, "Is refused.", since: "7.0.0", "path [CONFIG name value] [ARGS args...]")
        case .unload: makeRule(3, "Is refused.", since: "4.0.0", "name")
        }
    }
}
