import RESP

/// The subcommands of one command, by their names in lower case. What each takes, who may use it and what `HELP` says
/// stands in its rule, and is checked here and nowhere else.
protocol Subcommand: CaseIterable, RawRepresentable<String>, Sendable {
    /// The command's name in lower case.
    static var command: String { get }
    var rule: SubcommandRule { get }
}

struct SubcommandRule {
    /// The number of words, the command's name included; negative: at least that many.
    let arity: Int
    let documentation: CommandDocumentation
    /// The user `admin`'s alone, once there is one.
    var isAdmin = false

    init(_ arity: Int, _ summary: String, since: String, _ syntax: String = "", isAdmin: Bool = false, group: String) {
        self.arity = arity
        documentation = CommandDocumentation(summary, since: since, group: group, syntax)
        self.isAdmin = isAdmin
    }

    fileprivate func takes(_ count: Int) -> Bool { arity > 0 ? count == arity : count >= -arity }
}

extension Subcommand {
    /// The subcommand that is meant, if it may be executed. `HELP` is answered here.
    /// - Returns: nil if it has been answered already.
    static func read(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) -> Self? {
        let word = arguments[1]
        guard let subcommand = allCases.first(where: { word.equalsIgnoringCase($0) }) else {
            if word.equalsIgnoringCase("help") {
                help(arguments, &worker)
            } else {
                worker.failWithWord("ERR unknown subcommand '", word, "'. Try \(command.uppercased()) HELP.")
            }
            return nil
        }
        let name = "\(command)|\(subcommand.rawValue)"
        guard subcommand.rule.takes(arguments.count) else {
            worker.fail("ERR wrong number of arguments for '\(name)' command")
            return nil
        }
        guard !subcommand.rule.isAdmin || session.mayAdminister(worker) else {
            session.refusePermission(name, &worker)
            return nil
        }
        return subcommand
    }

    private static func help(_ arguments: Arguments, _ worker: inout Worker) {
        guard arguments.count == 2 else {
            return worker.fail("ERR wrong number of arguments for '\(command)|help' command")
        }
        var lines = ["\(command.uppercased()) <subcommand> [<arg> [value] ...]. Subcommands are:"]
        for subcommand in allCases {
            let syntax = subcommand.rule.documentation.syntax
            lines.append(subcommand.rawValue.uppercased() + (syntax.isEmpty ? "" : " " + syntax))
            lines.append("    " + subcommand.rule.documentation.summary)
        }
        lines += ["HELP", "    Prints this help."]
        worker.reply.array(lines.count)
        for line in lines { worker.reply.status(line) }
    }

    /// For `COMMAND DOCS`.
    static var documentation: [(String, CommandDocumentation)] {
        allCases.map { ("\(command)|\($0.rawValue)", $0.rule.documentation) }
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

enum ClientSubcommand: String, Subcommand {
    case id, getname, setname, setinfo, info, list, kill
    case noEvict = "no-evict"
    case noTouch = "no-touch"

    static let command = "client"

    var rule: SubcommandRule {
        func rule(_ arity: Int, _ summary: String, since: String, _ syntax: String = "", isAdmin: Bool = false)
            -> SubcommandRule
        {
            SubcommandRule(arity, summary, since: since, syntax, isAdmin: isAdmin, group: "connection")
        }
        return switch self {
        case .id: rule(2, "Gets the connection's number.", since: "5.0.0")
        case .getname: rule(2, "Gets the connection's name.", since: "2.6.9")
        case .setname: rule(3, "Names the connection.", since: "2.6.9", "connection-name")
        case .setinfo:
            rule(
                4, "Says which library the connection uses.", since: "7.2.0", "(LIB-NAME libname | LIB-VER libver)")
        case .info: rule(2, "Tells about the connection.", since: "6.2.0")
        case .list:
            rule(
                -2, "Tells about all connections.", since: "2.4.0",
                "[TYPE (NORMAL | MASTER | REPLICA | PUBSUB)] [ID client-id...]")
        case .kill:
            rule(
                -3, "Closes connections.", since: "2.4.0",
                "(ip:port | ([ID client-id] [TYPE type] [USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME yes/no]))",
                isAdmin: true)
        case .noEvict: rule(3, "Exempts the connection from eviction.", since: "7.0.0", "(ON | OFF)")
        case .noTouch:
            rule(3, "Taken for the sake of clients: reads change nothing here.", since: "7.2.0", "(ON | OFF)")
        }
    }
}

enum ConfigSubcommand: String, Subcommand {
    case get, set, resetstat, rewrite

    static let command = "config"

    var rule: SubcommandRule {
        func rule(_ arity: Int, _ summary: String, since: String, _ syntax: String = "", isAdmin: Bool = true)
            -> SubcommandRule
        {
            SubcommandRule(arity, summary, since: since, syntax, isAdmin: isAdmin, group: "server")
        }
        return switch self {
        case .get: rule(-3, "Gets the settings that match.", since: "2.0.0", "parameter...", isAdmin: false)
        case .set: rule(-4, "Changes settings, all or none of them.", since: "2.0.0", "(parameter value)...")
        case .resetstat: rule(2, "Sets the counters of INFO to zero.", since: "2.0.0")
        case .rewrite: rule(2, "Answers that there is no configuration file to write.", since: "2.8.0")
        }
    }
}

enum CommandSubcommand: String, Subcommand {
    case count, info, docs

    static let command = "command"

    var rule: SubcommandRule {
        func rule(_ arity: Int, _ summary: String, since: String, _ syntax: String = "") -> SubcommandRule {
            SubcommandRule(arity, summary, since: since, syntax, group: "server")
        }
        return switch self {
        case .count: rule(2, "Counts the commands.", since: "2.8.13")
        case .info: rule(-2, "Tells arity, flags and keys of commands.", since: "2.8.13", "[command-name...]")
        case .docs: rule(-2, "Tells what commands do and take.", since: "7.0.0", "[command-name...]")
        }
    }
}
