import RESP
import Synchronization

/// `CLIENT` and its subcommands.
enum ClientCommands {
    static let invalidName = "ERR Client names cannot contain spaces, newlines or special characters."

    static func client(_ arguments: Arguments, _ session: inout ClientSession, _ worker: inout Worker) {
        switch ClientSubcommand.read(arguments, session, &worker) {
        case .id: worker.reply.integer(session.client.id)
        case .getname:
            let name = session.client.details.withLock { $0.name }
            if name.isEmpty { worker.reply.null() } else { worker.reply.bulk(name.span.bytes) }
        case .setname:
            guard isValidName(arguments[2]) else { return worker.fail(invalidName) }
            let name = arguments[2].withUnsafeBytes(Array.init)
            session.client.details.withLock { $0.name = name }
            worker.reply.ok()
        case .setinfo: setInformation(arguments, &session, &worker)
        case .info: worker.reply.verbatim(describe(session.client, worker.daemon) + "\n")
        case .list: list(arguments, &worker)
        case .kill: kill(arguments, &session, &worker)
        case .noEvict:
            guard let isOn = readSwitch(arguments[2]) else { return worker.failSyntax() }
            session.client.details.withLock { $0.isExemptFromEviction = isOn }
            worker.reply.ok()
        case .noTouch:
            // Nothing is kept of when a key was last used.
            guard readSwitch(arguments[2]) != nil else { return worker.failSyntax() }
            worker.reply.ok()
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

    private static func setInformation(_ arguments: Arguments, _ session: inout ClientSession, _ worker: inout Worker) {
        let value = arguments[3]
        guard isValidName(value) else {
            let what = arguments[2].equalsIgnoringCase("lib-name") ? "lib-name" : "lib-ver"
            return worker.fail("ERR \(what) cannot contain spaces, newlines or special characters.")
        }
        let bytes = value.withUnsafeBytes(Array.init)
        if arguments[2].equalsIgnoringCase("lib-name") {
            session.client.details.withLock { $0.libraryName = bytes }
            session.forgetPeer(worker.daemon)
        } else if arguments[2].equalsIgnoringCase("lib-ver") {
            session.client.details.withLock { $0.libraryVersion = bytes }
        } else {
            return worker.failWithWord("ERR Unrecognized option '", arguments[2], "'")
        }
        worker.reply.ok()
    }

    // MARK: LIST

    private static func list(_ arguments: Arguments, _ worker: inout Worker) {
        var records = worker.daemon.clients.all
        if arguments.count == 4, arguments[2].equalsIgnoringCase("type") {
            guard let isNormal = readType(arguments[3], &worker) else { return }
            if !isNormal { records = [] }
        } else if arguments.count > 3, arguments[2].equalsIgnoringCase("id") {
            var wanted: Set<Int64> = []
            for index in 3..<arguments.count {
                guard let id = arguments[index].parseInteger() else { return worker.fail("ERR Invalid client ID") }
                wanted.insert(id)
            }
            records = records.filter { wanted.contains($0.id) }
        } else if arguments.count != 2 {
            return worker.failSyntax()
        }
        worker.reply.verbatim(records.map { describe($0, worker.daemon) + "\n" }.joined())
    }

    /// Whether the type is ours; all clients are normal ones. Answers the error otherwise.
    private static func readType(_ word: RawSpan, _ worker: inout Worker) -> Bool? {
        if word.equalsIgnoringCase("normal") { return true }
        if word.equalsIgnoringCase("master") || word.equalsIgnoringCase("slave")
            || word.equalsIgnoringCase("replica") || word.equalsIgnoringCase("pubsub")
        {
            return false
        }
        worker.failWithWord("ERR Unknown client type '", word, "'")
        return nil
    }

    private static func describe(_ client: ClientRecord, _ daemon: Daemon) -> String {
        let now = daemon.clock.uptime()
        let details = client.details.withLock { $0 }
        let last = client.lastCommand.load(ordering: .relaxed)
        let command = last < 0 ? "NULL" : "\(CommandTable.shared.commands[last].name)"
        let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
        let idle = max(0, now - client.lastInteraction.load(ordering: .relaxed)) / 1000
        return [
            "id=\(client.id)", "addr=\(client.address)", "laddr=\(client.localAddress)", "fd=-1",
            "name=\(text(details.name))", "age=\((now - client.connectedAt) / 1000)", "idle=\(idle)",
            "flags=\(details.isExemptFromEviction ? "e" : "N")", "db=0", "sub=0", "psub=0", "multi=-1",
            "cmd=\(command)", "user=\(details.user.name)", "resp=\(details.version)",
            "lib-name=\(text(details.libraryName))", "lib-ver=\(text(details.libraryVersion))",
        ].joined(separator: " ")
    }

    // MARK: KILL

    private static func kill(_ arguments: Arguments, _ session: inout ClientSession, _ worker: inout Worker) {
        let all = worker.daemon.clients.all
        if arguments.count == 3 {
            let address = arguments.text(2)
            guard let victim = all.first(where: { $0.address == address }) else {
                return worker.fail("ERR No such client")
            }
            worker.reply.ok()
            return end(victim, &session)
        }
        var skipsSelf = true
        var victims = all
        var index = 3
        while index < arguments.count {
            let (word, text) = (arguments[index - 1], arguments.text(index))
            if word.equalsIgnoringCase("id") {
                guard let id = arguments[index].parseInteger(), id > 0 else {
                    return worker.fail("ERR client-id should be greater than 0")
                }
                victims.removeAll { $0.id != id }
            } else if word.equalsIgnoringCase("type") {
                guard let isNormal = readType(arguments[index], &worker) else { return }
                if !isNormal { victims = [] }
            } else if word.equalsIgnoringCase("addr") {
                victims.removeAll { $0.address != text }
            } else if word.equalsIgnoringCase("laddr") {
                victims.removeAll { $0.localAddress != text }
            } else if word.equalsIgnoringCase("user") {
                guard text == "default" || text == "admin" && worker.daemon.credentials.isAdminSeparate else {
                    return worker.failWithWord("ERR No such user '", arguments[index], "'")
                }
                victims.removeAll { $0.details.withLock { $0.user.name } != text }
            } else if word.equalsIgnoringCase("skipme") {
                guard text.lowercased() == "yes" || text.lowercased() == "no" else { return worker.failSyntax() }
                skipsSelf = text.lowercased() == "yes"
            } else {
                return worker.failSyntax()
            }
            index += 2
        }
        guard index == arguments.count + 1 else { return worker.failSyntax() }
        if skipsSelf {
            let own = session.client.id
            victims.removeAll { $0.id == own }
        }
        worker.reply.integer(Int64(victims.count))
        for victim in victims { end(victim, &session) }
    }

    private static func end(_ victim: ClientRecord, _ session: inout ClientSession) {
        if victim === session.client { session.isClosing = true } else { victim.end() }
    }
}

extension Worker {
    /// An error with a word of the client's in it, cut at 128 bytes and at a zero as Redis does.
    mutating func failWithWord(_ before: String, _ word: RawSpan, _ after: String) {
        fail(bytes: Array(before.utf8) + ClientSession.cut(word, at: 128) + Array(after.utf8))
    }
}
