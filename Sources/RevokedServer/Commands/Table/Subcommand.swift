import RESP
import Synchronization

/// The subcommands of one command, by their names in lower case. What each takes, who may use it and what `HELP` says
/// stands in its rule, and is checked here and nowhere else.
protocol Subcommand: CaseIterable, RawRepresentable<String>, Sendable {
    /// The command that these are of.
    static var family: SubcommandFamily { get }
    /// What all of them have, as `COMMAND INFO` has it; `HELP` may be in a script.
    static var flags: Command.Flags { get }
    static var categories: CommandCategory { get }
    /// The group of all of them, as `COMMAND DOCS` has it.
    static var group: String { get }
    /// What one needs whose rule does not say otherwise.
    static var usualPrivilege: SubcommandRule.Privilege { get }
    var rule: SubcommandRule { get }
}

/// The commands that have subcommands, by their names in lower case.
enum SubcommandFamily: String, CaseIterable, Sendable {
    case client, config, command, acl, pubsub, slowlog, object, memory, latency, cluster, module, function
    case script, lease

    /// The most subcommands of one command, `HELP` included.
    static let places = 32

    /// Where those of the command begin in a ``CommandSet``. The commands themselves take the first
    /// ``CounterSlot/maximumCommands``.
    var firstBit: Int { CounterSlot.maximumCommands + Self.allCases.firstIndex(of: self)! * Self.places }
}

struct SubcommandRule {
    /// The number of words, the command's name included; negative: at least that many.
    let arity: Int
    let documentation: CommandDocumentation
    let privilege: Privilege
    /// nil: those that all of them have.
    let flags: Command.Flags?
    /// What it does with its key, the first word behind its name; nil if it has none.
    let keyUse: KeyUse?

    enum Privilege {
        /// Every user may, whatever its rules say: it tells a connection about itself.
        case everyone
        case none
        /// Redis' flag `admin`.
        case admin
        /// The same; the user `admin`'s alone, once there is one.
        case reserved
    }

    fileprivate func takes(_ count: Int) -> Bool { arity > 0 ? count == arity : count >= -arity }
}

extension Subcommand {
    /// The command's name in lower case.
    static var command: String { family.rawValue }

    /// - Parameters:
    ///   - since: the version of Redis that first had it.
    ///   - syntax: its arguments, as `COMMAND DOCS` has them.
    ///   - flags: where they are others than those of most.
    ///   - key: what it does with its key, if it has one.
    func makeRule(
        _ arity: Int, _ summary: String, since: String, _ syntax: String = "",
        _ privilege: SubcommandRule.Privilege = Self.usualPrivilege, flags: Command.Flags? = nil, key: KeyUse? = nil
    ) -> SubcommandRule {
        SubcommandRule(
            arity: arity, documentation: CommandDocumentation(summary, since: since, group: Self.group, syntax),
            privilege: privilege, flags: flags, keyUse: key)
    }

    /// The subcommand that is meant, if it may be executed. `HELP` is answered here.
    /// - Returns: nil if it has been answered already.
    static func read(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext)
        -> Self?
    {
        guard let place = place(arguments, session, &context) else { return nil }
        guard place < allCases.count else {
            help(&context)
            return nil
        }
        let subcommand = Array(allCases)[place]
        if subcommand.rule.keyUse != nil { session.rememberKey(arguments[2], context.daemon) }
        return subcommand
    }

    /// The place of the subcommand that is meant, if it may be executed; that of `HELP` is behind the last.
    /// - Returns: nil if an error was answered.
    static func place(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext)
        -> Int?
    {
        let word = arguments[1]
        guard let place = index(of: word) ?? (word.equalsIgnoringCase("help") ? allCases.count : nil) else {
            context.failWithWord("ERR unknown subcommand '", word, "'. Try \(command.uppercased()) HELP.")
            return nil
        }
        let subcommand = place < allCases.count ? Array(allCases)[place] : nil
        let name = "\(command)|\(subcommand?.rawValue ?? "help")"
        guard subcommand?.rule.takes(arguments.count) ?? (arguments.count == 2) else {
            context.daemon.subcommands.countRejection(family.firstBit + place)
            context.fail("ERR wrong number of arguments for '\(name)' command")
            return nil
        }
        guard mayExecute(subcommand, place, name, arguments, session, &context) else {
            context.daemon.subcommands.countRejection(family.firstBit + place)
            return nil
        }
        session.client.lastCommand.store(family.firstBit + place, ordering: .relaxed)
        return place
    }

    /// - Parameter subcommand: nil: `HELP`.
    private static func mayExecute(
        _ subcommand: Self?, _ place: Int, _ name: String, _ arguments: borrowing Arguments,
        _ session: borrowing ClientSession, _ context: inout ServingContext
    ) -> Bool {
        let command = subcommand?.rule.keyUse.map(table.withKey) ?? table
        guard
            subcommand?.rule.privilege == .everyone
                || session.mayRun(family.firstBit + place, name, of: command, arguments, &context)
        else { return false }
        guard subcommand?.rule.privilege != .reserved || session.mayAdminister else {
            session.refusePermission(name, &context)
            return false
        }
        let flags = subcommand?.rule.flags ?? flags
        guard subcommand == nil || flags.contains(.loading) || !context.daemon.loading.isActive else {
            context.failLoading()
            return false
        }
        return true
    }

    /// The command that these are of.
    private static var table: Command {
        let commands = CommandTable.shared
        return commands.commands[commands.find(Array(command.utf8).span.bytes)]
    }

    private static func index(of word: RawSpan) -> Int? {
        allCases.enumerated().first { word.equalsIgnoringCase($0.element) }?.offset
    }

    /// What rules can allow: the subcommands and `HELP`.
    static var entries: [CommandCatalog.Entry] {
        let own = allCases.enumerated().map { index, subcommand in
            let rule = subcommand.rule
            let flags = (rule.flags ?? flags).union(rule.privilege.flags)
            return entry(index, subcommand.rawValue, rule.arity, flags, categories, rule.keyUse)
        }
        return own + [entry(own.count, "help", 2, [.loading, .stale], categories.subtracting(.pubsub))]
    }

    private static func entry(
        _ index: Int, _ name: String, _ arity: Int, _ flags: Command.Flags, _ categories: CommandCategory = categories,
        _ keyUse: KeyUse? = nil
    ) -> CommandCatalog.Entry {
        precondition(index < SubcommandFamily.places, "\(command) has more subcommands than places")
        return CommandCatalog.Entry(
            name: "\(command)|\(name)", bit: family.firstBit + index, arity: arity, flags: flags,
            categories: categories.union(CommandCategory(derivedFrom: flags)), keyUse: keyUse)
    }

    private static func help(_ context: inout ServingContext) {
        var lines = ["\(command.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        for subcommand in allCases {
            let syntax = subcommand.rule.documentation.syntax
            lines.append(subcommand.rawValue.uppercased() + (syntax.isEmpty ? "" : " " + syntax))
            lines.append("    " + subcommand.rule.documentation.summary)
        }
        lines += ["HELP", "    Prints this help."]
        context.reply.array(lines.count)
        for line in lines { context.reply.status(line) }
    }

    /// For `COMMAND DOCS`.
    static var documentation: [(String, CommandDocumentation)] {
        allCases.map { ("\(command)|\($0.rawValue)", $0.rule.documentation) }
    }
}

extension SubcommandRule.Privilege {
    fileprivate var flags: Command.Flags {
        switch self {
        case .none: []
        case .everyone: .everyUser
        case .admin: .admin
        case .reserved: [.admin, .reserved]
        }
    }
}

extension RawSpan {
    /// Whether these bytes are the subcommand's name, ASCII case aside.
    fileprivate func equalsIgnoringCase(_ subcommand: some Subcommand) -> Bool {
        withUnsafeBytes { bytes in
            bytes.elementsEqual(subcommand.rawValue.utf8) { byte, expected in
                (byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte) == expected
            }
        }
    }
}
