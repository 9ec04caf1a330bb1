import RESP
import Synchronization

/// `CLIENT` and its subcommands.
enum ClientCommands {
    static let invalidName = "ERR Client names cannot contain spaces, newlines or special characters."

    static func client(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        switch ClientSubcommand.read(arguments, session, &context) {
        case .id: context.reply.integer(session.client.id)
        case .getname:
            let name = session.client.details.withLock { $0.name }
            if name.isEmpty { context.reply.null() } else { context.reply.bulk(name.span.bytes) }
        case .setname:
            guard isValidName(arguments[2]) else { return context.fail(invalidName) }
            let name = arguments[2].withUnsafeBytes(Array.init)
            session.client.details.withLock { $0.name = name }
            context.reply.ok()
        case .setinfo: setInformation(arguments, &session, &context)
        case .info:
            context.reply.verbatim(
                describe(session.client, context.daemon, input: arguments.requestBytes) + "\n")
        case .list: list(arguments, session, &context)
        case .kill: kill(arguments, &session, &context)
        case .noEvict:
            guard let isOn = readSwitch(arguments[2]) else { return context.failSyntax() }
            session.client.details.withLock { $0.isExemptFromEviction = isOn }
            context.reply.ok()
        case .noTouch:
            // Nothing is kept of when a key was last used.
            guard readSwitch(arguments[2]) != nil else { return context.failSyntax() }
            context.reply.ok()
        case .tracking: TrackingCommands.tracking(arguments, &session, &context)
        case .caching: TrackingCommands.caching(arguments, &session, &context)
        case .trackinginfo: TrackingCommands.information(session, &context)
        case .getredir: TrackingCommands.redirect(session, &context)
        case .reply: PauseCommands.reply(arguments, &session, &context)
        case .pause: PauseCommands.pause(arguments, &context)
        case .unpause: PauseCommands.unpause(&context)
        case .unblock: PauseCommands.unblock(arguments, &context)
        case nil: break
        }
    }

    private static func readSwitch(_ word: RawSpan) -> Bool? {
        if word.equalsIgnoringCase("on") { return true }
        return word.equalsIgnoringCase("off") ? false : nil
    }

    static func isValidName(_ name: RawSpan) -> Bool {
        for index in 0..<name.byteCount where !(0x21...0x7E).contains(name[byte: index]) { return false }
        return name.byteCount <= 1024
    }

    private static func setInformation(
        _ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext
    ) {
        let value = arguments[3]
        guard isValidName(value) else {
            let what = arguments[2].equalsIgnoringCase("lib-name") ? "lib-name" : "lib-ver"
            return context.fail("ERR \(what) cannot contain spaces, newlines or special characters.")
        }
        let bytes = value.withUnsafeBytes(Array.init)
        if arguments[2].equalsIgnoringCase("lib-name") {
            session.client.details.withLock { $0.libraryName = bytes }
            session.forgetPeer(context.daemon)
        } else if arguments[2].equalsIgnoringCase("lib-ver") {
            session.client.details.withLock { $0.libraryVersion = bytes }
        } else {
            return context.failWithWord("ERR Unrecognized option '", arguments[2], "'")
        }
        context.reply.ok()
    }

    // MARK: LIST

    private static func list(
        _ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext
    ) {
        var records = context.daemon.clients.all
        if arguments.count == 4, arguments[2].equalsIgnoringCase("type") {
            guard let type = readType(arguments[3], &context) else { return }
            records.removeAll { !type.contains($0) }
        } else if arguments.count > 3, arguments[2].equalsIgnoringCase("id") {
            var wanted: Set<Int64> = []
            for index in 3..<arguments.count {
                guard let id = arguments[index].parseInteger() else { return context.fail("ERR Invalid client ID") }
                wanted.insert(id)
            }
            records = records.filter { wanted.contains($0.id) }
        } else if arguments.count != 2 {
            return context.failSyntax()
        }
        let lines = records.map { record in
            describe(record, context.daemon, input: record === session.client ? arguments.requestBytes : 0) + "\n"
        }
        context.reply.verbatim(lines.joined())
    }

    private enum ClientType {
        case normal, subscriber, replica, primary

        func contains(_ client: ClientRecord) -> Bool {
            let (isSubscriber, isReplica) = client.details.withLock { ($0.isSubscriber, $0.isReplica) }
            return self == (isReplica ? .replica : isSubscriber ? .subscriber : .normal)
        }
    }

    /// Answers the error if there is no such type.
    private static func readType(_ word: RawSpan, _ context: inout ServingContext) -> ClientType? {
        if word.equalsIgnoringCase("normal") { return .normal }
        if word.equalsIgnoringCase("pubsub") { return .subscriber }
        if word.equalsIgnoringCase("slave") || word.equalsIgnoringCase("replica") { return .replica }
        if word.equalsIgnoringCase("master") { return .primary }
        context.failWithWord("ERR Unknown client type '", word, "'")
        return nil
    }

    /// - Parameter input: what of its input is known, in bytes.
    static func describe(_ client: ClientRecord, _ daemon: Daemon, input: Int = 0) -> String {
        let now = daemon.clock.uptime()
        let details = client.details.withLock { $0 }
        let last = client.lastCommand.load(ordering: .relaxed)
        let command = CommandCatalog.shared.name(of: last) ?? "NULL"
        let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
        let queued = client.queuedCommands.load(ordering: .relaxed)
        let flags =
            details.flags + (queued >= 0 ? "x" : "") + (client.hasSeenChange.load(ordering: .relaxed) ? "d" : "")
        let idle = max(0, now - client.lastInteraction.load(ordering: .relaxed)) / 1000
        return [
            "id=\(client.id)", "addr=\(client.address)", "laddr=\(client.localAddress)", "fd=\(client.descriptor)",
            "name=\(text(details.name))", "age=\((now - client.connectedAt) / 1000)", "idle=\(idle)",
            "flags=\(flags.isEmpty ? "N" : flags)", "db=\(client.database.load(ordering: .relaxed))",
            "sub=\(details.subscriptions[0])", "psub=\(details.subscriptions[1])", "ssub=\(details.subscriptions[2])",
            "multi=\(queued)",
            // These are not measured, but redis-py insists on numbers.
            "qbuf=\(input)", "qbuf-free=0", "argv-mem=0", "multi-mem=0", "rbs=0", "rbp=0", "obl=0", "oll=0", "omem=0",
            "tot-mem=0", "events=r", "cmd=\(command)", "user=\(details.userName)",
            "redir=\(details.tracking?.redirect ?? -1)", "resp=\(details.version)",
            "lib-name=\(text(details.libraryName))", "lib-ver=\(text(details.libraryVersion))",
        ].joined(separator: " ")
    }

    // MARK: KILL

    private static func kill(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        let all = context.daemon.clients.all
        if arguments.count == 3 {
            let address = arguments[2]
            guard let index = all.firstIndex(where: { address.equals($0.address) }) else {
                return context.fail("ERR No such client")
            }
            context.reply.ok()
            return end(all[index], &session)
        }
        var skipsSelf = true
        var victims = all
        var index = 3
        while index < arguments.count {
            let (word, value) = (arguments[index - 1], arguments[index])
            if word.equalsIgnoringCase("id") {
                guard let id = value.parseInteger(), id > 0 else {
                    return context.fail("ERR client-id should be greater than 0")
                }
                victims.removeAll { $0.id != id }
            } else if word.equalsIgnoringCase("type") {
                guard let type = readType(value, &context) else { return }
                victims.removeAll { !type.contains($0) }
            } else if word.equalsIgnoringCase("addr") {
                victims.removeAll { !value.equals($0.address) }
            } else if word.equalsIgnoringCase("laddr") {
                victims.removeAll { !value.equals($0.localAddress) }
            } else if word.equalsIgnoringCase("user") {
                guard let name = UserName(value), context.daemon.users.user(name) != nil else {
                    return context.failWithWord("ERR No such user '", value, "'")
                }
                victims.removeAll { $0.details.withLock { $0.userName } != name }
            } else if word.equalsIgnoringCase("skipme") {
                skipsSelf = value.equalsIgnoringCase("yes")
                guard skipsSelf || value.equalsIgnoringCase("no") else { return context.failSyntax() }
            } else {
                return context.failSyntax()
            }
            index += 2
        }
        guard index == arguments.count + 1 else { return context.failSyntax() }
        if skipsSelf {
            let own = session.client.id
            victims.removeAll { $0.id == own }
        }
        context.reply.integer(Int64(victims.count))
        for victim in victims { end(victim, &session) }
    }

    private static func end(_ victim: ClientRecord, _ session: inout ClientSession) {
        if victim === session.client { session.isClosing = true } else { victim.end() }
    }
}

extension ClientRecord.Details {
    var isSubscriber: Bool { subscriptions.contains { $0 > 0 } }

    /// As `CLIENT LIST` has them.
    fileprivate var flags: String {
        let flags: [(Bool, String)] = [
            (isMonitor, "O"), (isReplica, "S"), (isSubscriber, "P"), (isPaused, "b"), (tracking != nil, "t"),
            (hasBrokenRedirect, "R"),
            (tracking?.isBroadcast ?? false, "B"), (isExemptFromEviction, "e"),
        ]
        return flags.filter(\.0).map(\.1).joined()
    }
}

extension ServingContext {
    /// An error with a word of the client's in it, cut at 128 bytes and at a zero as Redis does.
    mutating func failWithWord(_ before: String, _ word: RawSpan, _ after: String) {
        fail(bytes: Array(before.utf8) + ClientSession.cut(word, at: 128) + Array(after.utf8))
    }
}

enum ClientSubcommand: String, Subcommand {
    case id, getname, setname, setinfo, info, list, kill
    case tracking, caching, trackinginfo, getredir, reply, pause, unpause, unblock
    case noEvict = "no-evict"
    case noTouch = "no-touch"

    static let family = SubcommandFamily.client
    static let flags: Command.Flags = [.noScript, .loading, .stale]
    static let categories = CommandCategory.connection
    static let group = "connection"
    static let usualPrivilege = SubcommandRule.Privilege.none

    var rule: SubcommandRule {
        switch self {
        case .id: makeRule(2, "Gets the connection's number.", since: "5.0.0")
        case .getname: makeRule(2, "Gets the connection's name.", since: "2.6.9")
        case .setname: makeRule(3, "Names the connection.", since: "2.6.9", "connection-name")
        case .setinfo:
            makeRule(
                4, "Says which library the connection uses.", since: "7.2.0", "(LIB-NAME libname | LIB-VER libver)")
        case .info: makeRule(2, "Tells about the connection.", since: "6.2.0")
        case .list:
            makeRule(
                -2, "Tells about all connections.", since: "2.4.0",
                "[TYPE (NORMAL | MASTER | REPLICA | PUBSUB)] [ID client-id...]", .admin)
        case .kill:
            makeRule(
                -3, "Closes connections.", since: "2.4.0",
                "(ip:port | ([ID client-id] [TYPE type] [USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME yes/no]))",
                .reserved)
        case .tracking:
            makeRule(
                -3, "Tells the connection which keys that it has read change.", since: "6.0.0",
                "(ON | OFF) [REDIRECT client-id] [(PREFIX prefix)...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]")
        case .caching:
            makeRule(3, "Says whether the next command's keys are remembered.", since: "6.0.0", "(YES | NO)")
        case .trackinginfo: makeRule(2, "Tells what the connection is told of.", since: "6.2.0")
        case .getredir: makeRule(2, "Gets the connection that is told in this one's place.", since: "6.0.0")
        case .reply: makeRule(3, "Turns replies off and on.", since: "3.2.0", "(ON | OFF | SKIP)")
        case .pause:
            makeRule(
                -3, "Lets commands wait for some milliseconds.", since: "3.0.0", "timeout [WRITE | ALL]", .reserved)
        case .unpause: makeRule(2, "Ends a pause.", since: "6.2.0", "", .reserved)
        case .unblock:
            makeRule(
                -3, "Answers 0: no command blocks here.", since: "5.0.0", "client-id [TIMEOUT | ERROR]", .reserved)
        case .noEvict: makeRule(3, "Exempts the connection from eviction.", since: "7.0.0", "(ON | OFF)", .admin)
        case .noTouch:
            makeRule(3, "Taken for the sake of clients: reads change nothing here.", since: "7.2.0", "(ON | OFF)")
        }
    }
}

extension Arguments {
    /// What they took as a request.
    fileprivate var requestBytes: Int {
        (0..<count).reduce("*\(count)\r\n".utf8.count) { sum, index in
            let length = self[index].byteCount
            return sum + "$\(length)\r\n".utf8.count + length + 2
        }
    }
}
