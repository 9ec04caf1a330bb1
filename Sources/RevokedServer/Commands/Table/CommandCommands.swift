import RESP

/// `COMMAND`: what commands there are.
enum CommandCommands {
    static func command(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        let all = CommandCatalog.shared.commands
        guard arguments.count > 1 else {
            context.reply.array(all.count)
            for entry in all { describe(entry, &context.reply) }
            return
        }
        switch CommandSubcommand.read(arguments, session, &context) {
        case .count: context.reply.integer(Int64(all.count))
        case .info:
            let entries = named(arguments)
            context.reply.array(entries.count)
            for entry in entries {
                if let entry { describe(entry, &context.reply) } else { context.reply.null() }
            }
        case .docs:
            let known = named(arguments).compactMap { $0 }
            context.reply.map(known.count)
            for entry in known { document(entry, &context.reply) }
        case .list: list(arguments, &context)
        case .getkeys: keys(arguments, withFlags: false, &context)
        case .getkeysandflags: keys(arguments, withFlags: true, &context)
        case nil: break
        }
    }

    /// The commands and subcommands that are named, nil for one that is not ours; all commands if none is named.
    private static func named(_ arguments: borrowing Arguments) -> [CommandCatalog.Entry?] {
        guard arguments.count > 2 else { return CommandCatalog.shared.commands }
        return (2..<arguments.count).map { index in
            arguments[index].withUnsafeBytes { CommandCatalog.shared.find($0) }
        }
    }

    // MARK: INFO

    /// - Parameter parent: the command that a subcommand is of.
    private static func describe(
        _ entry: CommandCatalog.Entry, of parent: Command? = nil, _ reply: inout ReplyBuffer
    ) {
        let command = entry.command ?? entry.keyUse.flatMap { parent?.withKey($0) }
        reply.array(10)
        reply.bulk(entry.name)
        reply.integer(Int64(entry.arity))
        let flags = entry.flags.names + (command?.lastKey == Command.counted ? ["movablekeys"] : [])
        reply.set(flags.count)
        for flag in flags { reply.status(flag) }
        let range = command.flatMap { $0.lastKey == Command.counted ? nil : ($0.firstKey, $0.lastKey, $0.keyStep) }
        reply.integer(Int64(range?.0 ?? 0))
        reply.integer(Int64(range?.1 ?? 0))
        reply.integer(Int64(range?.2 ?? 0))
        let categories = entry.categories.words
        reply.set(categories.count)
        for category in categories { reply.status("@" + category) }
        let tips = CommandTips.of(entry.name)
        reply.set(tips.count)
        for tip in tips { reply.bulk(tip) }
        let specifications = command?.keySpecifications ?? []
        reply.set(specifications.count)
        for specification in specifications { specification.write(to: &reply) }
        if entry.isContainer { reply.array(entry.subcommands.count) } else { reply.set(0) }
        for subcommand in entry.subcommands { describe(subcommand, of: command, &reply) }
    }

    // MARK: DOCS

    private static func document(_ entry: CommandCatalog.Entry, _ reply: inout ReplyBuffer) {
        if let command = entry.command {
            let subcommands = command.id.container?.documentation ?? []
            CommandDocumentation(of: command.id).write(entry.name, subcommands: subcommands, to: &reply)
        } else {
            let parent = entry.name.prefix { $0 != "|" }
            let container = CommandCatalog.shared.find(parent.utf8)?.command?.id.container
            let documentation = container?.documentation.first { $0.0 == entry.name }?.1
            (documentation ?? CommandDocumentation("Prints help.", since: "5.0.0", group: container?.group ?? "generic"))
                .write(entry.name, to: &reply)
        }
    }

    // MARK: LIST

    private static func list(_ arguments: borrowing Arguments, _ context: inout ServingContext) {
        let all = CommandCatalog.shared.commands.flatMap { [$0] + $0.subcommands }
        var shown = all
        if arguments.count > 2 {
            guard arguments.count == 5, arguments[2].equalsIgnoringCase("filterby") else { return context.failSyntax() }
            if arguments[3].equalsIgnoringCase("aclcat") {
                let category = arguments[4].withUnsafeBytes { CommandCategory(named: $0) }
                shown = all.filter { entry in category.map { !entry.categories.isDisjoint(with: $0) } ?? false }
            } else if arguments[3].equalsIgnoringCase("pattern") {
                guard arguments[4].byteCount <= GlobPattern.maximumLength else {
                    return context.fail(GlobPattern.tooLong)
                }
                let bytes = arguments[4].withUnsafeBytes { $0.lowercasedASCII }
                let pattern = GlobPattern(bytes.span.bytes)
                shown = all.filter { pattern.matches($0.name.utf8.span.bytes) }
            } else if arguments[3].equalsIgnoringCase("module") {
                shown = []
            } else {
                return context.failSyntax()
            }
        }
        context.reply.array(shown.count)
        for entry in shown { context.reply.bulk(entry.name) }
    }

    // MARK: GETKEYS

    /// Where the command begins that `GETKEYS` is asked about.
    private static let start = 2

    private static func keys(_ arguments: borrowing Arguments, withFlags: Bool, _ context: inout ServingContext) {
        guard let entry = find(arguments), let command = entry.command ?? parent(of: arguments) else {
            return context.fail("ERR Invalid command specified")
        }
        guard command.firstKey > 0, command.keyUse != .channel else {
            return context.fail("ERR The command has no key arguments")
        }
        let count = arguments.count - start
        guard entry.arity > 0 ? count == entry.arity : count >= -entry.arity else {
            return context.fail("ERR Invalid number of arguments specified for command")
        }
        let keyCount = arguments[start + command.firstKey - 1].parseInteger()
        let last = command.lastKey(among: count, keyCount)
        guard last >= command.firstKey else {
            let mayHaveNone = command.flags.contains(.noMandatoryKeys) && keyCount.map { $0 <= 0 } ?? false
            return mayHaveNone
                ? context.reply.array(0) : context.fail("ERR Invalid arguments specified for command")
        }
        let places = Array(stride(from: command.firstKey, through: last, by: command.keyStep))
        context.reply.array(places.count)
        for place in places {
            if withFlags { context.reply.array(2) }
            context.reply.bulk(arguments[start + place])
            guard withFlags else { continue }
            let use = command.keyUse(at: place, arguments, from: start).names
            context.reply.set(use.count)
            for name in use { context.reply.status(name) }
        }
    }

    /// The command, or subcommand, that is asked about.
    private static func find(_ arguments: borrowing Arguments) -> CommandCatalog.Entry? {
        let entry = arguments[start].withUnsafeBytes { CommandCatalog.shared.find($0) }
        guard let entry, entry.isContainer, arguments.count > start + 1 else { return entry }
        return arguments[start + 1].withUnsafeBytes { CommandCatalog.shared.find(Array("\(entry.name)|".utf8) + $0) }
    }

    /// The command of a subcommand, with the subcommand's key.
    private static func parent(of arguments: borrowing Arguments) -> Command? {
        let parent = arguments[start].withUnsafeBytes { CommandCatalog.shared.find($0) }?.command
        return find(arguments)?.keyUse.map { parent?.withKey($0) } ?? parent
    }
}

extension Command.Flags {
    var names: [String] {
        [
            (Self.write, "write"), (.readOnly, "readonly"), (.denyOOM, "denyoom"), (.admin, "admin"),
            (.noScript, "noscript"), (.loading, "loading"), (.stale, "stale"), (.fast, "fast"),
            (.noAuthentication, "no_auth"), (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"),
            (.allowBusy, "allow_busy"), (.pubsub, "pubsub"), (.skipSlowLog, "skip_slowlog"),
            (.skipMonitor, "skip_monitor"), (.noMandatoryKeys, "no_mandatory_keys"),
        ].filter { contains($0.0) }.map(\.1)
    }
}

enum CommandSubcommand: String, Subcommand {
    case count, docs, getkeys, getkeysandflags, info, list

    static let family = SubcommandFamily.command
    static let flags: Command.Flags = [.loading, .stale]
    static let categories = CommandCategory.connection
    static let group = "server"
    static let usualPrivilege = SubcommandRule.Privilege.none

    var rule: SubcommandRule {
        switch self {
        case .count: makeRule(2, "Counts the commands.", since: "2.8.13")
        case .docs: makeRule(-2, "Tells what commands do and take.", since: "7.0.0", "[command-name...]")
        case .getkeys: makeRule(-4, "Finds the keys of a command.", since: "2.8.13", "command arg...")
        case .getkeysandflags:
            makeRule(
                -4, "Finds the keys of a command, and what becomes of them.", since: "7.0.0", "command arg...")
        case .info: makeRule(-2, "Tells arity, flags and keys of commands.", since: "2.8.13", "[command-name...]")
        case .list:
            makeRule(
                -2, "Lists the names of the commands.", since: "7.0.0",
                "[FILTERBY (MODULE module-name | ACLCAT category | PATTERN pattern)]")
        }
    }
}
