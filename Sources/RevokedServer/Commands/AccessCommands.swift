import Denylist
import Logging
import RESP
import Synchronization

/// `ACL`: users and what they may do. Texts and replies are those of Redis 7.0.
enum AccessCommands {
    static func acl(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        let users = context.daemon.users
        switch AccessSubcommand.read(arguments, session, &context) {
        case .cat: cat(arguments, &context)
        case .deluser: delete(arguments, &session, &context)
        case .dryrun: dryRun(arguments, &context)
        case .genpass: generatePassword(arguments, &context)
        case .getuser: get(arguments, &context)
        case .list: list(users.all.map(\.line), &context)
        case .load: load(session, &context)
        case .log: log(arguments, &context)
        case .save: save(&context)
        case .setuser: set(arguments, &session, &context)
        case .users: list(users.all.map(\.name.bytes), &context)
        case .whoami: context.reply.bulk(session.user.name.bytes.span.bytes)
        case nil: break
        }
    }

    private static func list(_ lines: [[UInt8]], _ context: inout ServingContext) {
        context.reply.array(lines.count)
        for line in lines { context.reply.bulk(line.span.bytes) }
    }

    private static func failCount(_ arguments: Arguments, _ context: inout ServingContext) {
        context.failWithWord(
            "ERR unknown subcommand or wrong number of arguments for '", arguments[1], "'. Try ACL HELP.")
    }

    // MARK: What there is

    private static func cat(_ arguments: Arguments, _ context: inout ServingContext) {
        guard arguments.count <= 3 else { return failCount(arguments, &context) }
        guard arguments.count == 3 else { return list(CommandCategory.names.map { Array($0.utf8) }, &context) }
        guard let category = arguments[2].withUnsafeBytes({ CommandCategory(named: $0) }) else {
            return context.failWithWord("ERR Unknown category '", arguments[2], "'")
        }
        list(CommandCatalog.shared.entries(in: category).map { Array($0.name.utf8) }, &context)
    }

    private static func get(_ arguments: Arguments, _ context: inout ServingContext) {
        let name = UserName(arguments[2])
        guard let user = name.flatMap(context.daemon.users.user)?.definition else { return context.reply.null() }
        context.reply.map(6)
        context.reply.bulk("flags")
        context.reply.set(user.flags.count)
        for flag in user.flags { context.reply.bulk(flag) }
        context.reply.bulk("passwords")
        list(user.passwords.map { Array($0.hexadecimal.utf8) }, &context)
        write(user.root, &context.reply)
        context.reply.bulk("selectors")
        context.reply.array(user.selectors.count)
        for selector in user.selectors {
            context.reply.map(3)
            write(selector, &context.reply)
        }
    }

    private static func write(_ selector: AccessSelector, _ reply: inout ReplyBuffer) {
        reply.bulk("commands")
        reply.bulk(selector.commandsText.span.bytes)
        reply.bulk("keys")
        reply.bulk(selector.keysText.span.bytes)
        reply.bulk("channels")
        reply.bulk(selector.channelsText.span.bytes)
    }

    private static func generatePassword(_ arguments: Arguments, _ context: inout ServingContext) {
        guard arguments.count <= 3 else { return failCount(arguments, &context) }
        var bits: Int64 = 256
        if arguments.count == 3 {
            guard let number = arguments[2].parseInteger() else { return context.failNotAnInteger() }
            bits = number
        }
        guard (1...4096).contains(bits) else {
            return context.fail(
                "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to "
                    + "4096")
        }
        context.reply.bulk(Daemon.randomHexadecimal(Int(bits + 3) / 4))
    }

    // MARK: Changing

    private static func set(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        let words = (3..<max(3, arguments.count)).map { arguments[$0].withUnsafeBytes(Array.init) }
        do throws(UserTable.Refusal) {
            let (daemon, name) = (context.daemon, arguments[2].withUnsafeBytes(Array.init))
            try daemon.changeExposure { (exposedHost) throws(UserTable.Refusal) in
                try daemon.users.set(name, words, exposedHost: exposedHost)
            }
        } catch {
            switch error {
            case .name: return context.fail("ERR Usernames can't contain spaces or null characters")
            case .unmatched(let selector): return context.fail(bytes: Array("ERR ".utf8) + selector.message)
            case .rule(let refusal):
                let text = Array("ERR Error in ACL SETUSER modifier '".utf8) + refusal.shown
                return context.fail(bytes: text + Array("': \(refusal.error.message)".utf8))
            case .tooMany: return context.fail("ERR there are at most \(UserLimits.users) users")
            case .opensDefault(let host): return context.fail("ERR \(UserTable.opensDefault(host))")
            }
        }
        session.refreshUser(context.daemon)
        context.reply.ok()
    }

    private static func delete(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext)
    {
        let names = (2..<arguments.count).compactMap { UserName(arguments[$0]) }
        let deleted: [User]
        do throws(UserTable.Undeletable) { deleted = try context.daemon.users.delete(names) } catch {
            return context.fail("ERR The '\(error.name)' user cannot be removed")
        }
        context.daemon.endConnections(of: deleted)
        session.refreshUser(context.daemon)
        context.reply.integer(Int64(deleted.count))
    }

    private static let noFile =
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER "
        + "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store "
        + "users in the Redis configuration."

    private static let notSaved =
        "ERR There was an error trying to save the ACLs. Please check the server logs for more information"

    private static func load(_ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let path = context.daemon.configuration.userFile else { return context.fail(noFile) }
        let later = DeferredReply()
        context.daemon.loadUsers(path, for: session.client.id) { [weak daemon = context.daemon] failure in
            later.complete(failure.map { "ERR \($0)" })
            daemon?.logHasProgressed()
        }
        context.holds.wait(for: later)
        context.reply.ok()
    }

    private static func save(_ context: inout ServingContext) {
        guard let path = context.daemon.configuration.userFile else { return context.fail(noFile) }
        let later = DeferredReply()
        context.daemon.users.save(to: path) { [weak daemon = context.daemon] failure in
            if let failure { daemon?.logger.error("the users could not be written to \(path): \(failure)") }
            later.complete(failure.map { _ in notSaved })
            daemon?.logHasProgressed()
        }
        context.holds.wait(for: later)
        context.reply.ok()
    }

    // MARK: DRYRUN

    private static func dryRun(_ arguments: Arguments, _ context: inout ServingContext) {
        guard let standing = UserName(arguments[2]).flatMap(context.daemon.users.standing) else {
            return context.failWithWord("ERR User '", arguments[2], "' not found")
        }
        let index = CommandTable.shared.find(arguments[3])
        guard index >= 0 else { return context.failWithWord("ERR Command '", arguments[3], "' not found") }
        var command = CommandTable.shared.commands[index]
        var entry = CommandCatalog.shared.commands[index]
        if entry.isContainer, arguments.count > 4 {
            guard
                let subcommand = CommandCatalog.shared.find(
                    Array("\(entry.name)|".utf8) + arguments[4].withUnsafeBytes(Array.init))
            else {
                return context.failWithWord("ERR Command '", arguments[3], "' not found")
            }
            entry = subcommand
            if let keyUse = subcommand.keyUse { command = command.withKey(keyUse) }
        }
        let count = arguments.count - 3
        guard entry.arity > 0 ? count == entry.arity : count >= -entry.arity else {
            return context.fail("ERR wrong number of arguments for '\(entry.name)' command")
        }
        switch denial(standing, command, entry, arguments, context) {
        case nil: context.reply.ok()
        case .command: context.reply.bulk("This user has no permissions to run the '\(entry.name)' command")
        case .key(let place):
            let key = arguments[place].withUnsafeBytes(Array.init)
            let text =
                Array("This user has no permissions to access the '".utf8) + key.prefix { $0 != 0 }
                + Array("' key".utf8)
            context.reply.bulk(text.span.bytes)
        case .channel(let place):
            let channel = arguments[place].withUnsafeBytes(Array.init)
            let text =
                Array("This user has no permissions to access the '".utf8) + channel.prefix { $0 != 0 }
                + Array("' channel".utf8)
            context.reply.bulk(text.span.bytes)
        }
    }

    /// What would be refused before the command looks at the key's entry.
    private static func denial(
        _ standing: UserTable.Standing, _ command: Command, _ entry: CommandCatalog.Entry, _ arguments: Arguments,
        _ context: borrowing ServingContext
    ) -> User.Denial? {
        if entry.flags.contains(.everyUser) { return nil }
        if let denial = standing.user.denial(of: command, bit: entry.bit, arguments, from: 3) { return denial }
        guard !standing.mayAdminister else { return nil }
        if entry.flags.isReserved(in: context.database) { return .command }
        let undoes = command.keyUse.contains(.delete)
        return undoes && (4..<arguments.count).contains { context.denylist.isGuarded(arguments[$0]) } ? .command : nil
    }

    // MARK: LOG

    private static func log(_ arguments: Arguments, _ context: inout ServingContext) {
        guard arguments.count <= 3 else { return failCount(arguments, &context) }
        var count = 10
        if arguments.count == 3 {
            if arguments[2].equalsIgnoringCase("reset") {
                context.daemon.denialLog.reset()
                return context.reply.ok()
            }
            guard let number = arguments[2].parseInteger() else { return context.failNotAnInteger() }
            count = Int(max(0, number))
        }
        let entries = context.daemon.denialLog.newest(count)
        context.reply.array(entries.count)
        for entry in entries {
            context.reply.map(7)
            context.reply.bulk("count")
            context.reply.integer(Int64(entry.count))
            context.reply.bulk("reason")
            context.reply.bulk(entry.reason.rawValue)
            context.reply.bulk("context")
            context.reply.bulk("toplevel")
            context.reply.bulk("object")
            context.reply.bulk(entry.object.span.bytes)
            context.reply.bulk("username")
            context.reply.bulk(entry.user.span.bytes)
            context.reply.bulk("age-seconds")
            context.reply.double(Double(max(0, context.uptime - entry.at)) / 1000)
            context.reply.bulk("client-info")
            context.reply.bulk(entry.client)
        }
    }
}

extension Daemon {
    /// Closes the connections of users that are gone.
    func endConnections(of users: [User], except kept: Set<Int64> = []) {
        guard !users.isEmpty else { return }
        let gone = Set(users.map(\.identity))
        for client in clients.all where !kept.contains(client.id) {
            if gone.contains(client.details.withLock({ $0.userIdentity })) { client.end() }
        }
    }
}

enum AccessSubcommand: String, Subcommand {
    case cat, deluser, dryrun, genpass, getuser, list, load, log, save, setuser, users, whoami

    static let family = SubcommandFamily.acl
    static let flags: Command.Flags = [.noScript, .loading, .stale]
    static let categories: CommandCategory = []
    static let group = "server"
    static let usualPrivilege = SubcommandRule.Privilege.reserved

    var rule: SubcommandRule {
        switch self {
        case .cat: makeRule(-2, "Lists the categories, or the commands of one.", since: "6.0.0", "[category]", .none)
        case .deluser: makeRule(-3, "Deletes users, and closes their connections.", since: "6.0.0", "username...")
        case .dryrun:
            makeRule(
                -4, "Tells whether a user may run a command, without running it.", since: "7.0.0",
                "username command [arg...]")
        case .genpass: makeRule(-2, "Makes a password.", since: "6.0.0", "[bits]", .none)
        case .getuser: makeRule(3, "Gets the rules of a user.", since: "6.0.0", "username")
        case .list: makeRule(2, "Lists the users as lines of an ACL file.", since: "6.0.0")
        case .load: makeRule(2, "Reads the ACL file anew.", since: "6.0.0")
        case .log: makeRule(-2, "Tells what was denied lately.", since: "6.0.0", "[count | RESET]")
        case .save: makeRule(2, "Writes the users to the ACL file.", since: "6.0.0")
        case .setuser: makeRule(-3, "Makes or changes a user.", since: "6.0.0", "username [rule...]")
        case .users: makeRule(2, "Lists the names of the users.", since: "6.0.0")
        case .whoami: makeRule(2, "Gets the name of the connection's user.", since: "6.0.0", "", .none)
        }
    }
}
