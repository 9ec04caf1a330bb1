import Persistence
import RESP
import Synchronization

extension ClientSession {
    /// Checks one request and executes it: the order of the checks, and their texts, are Redis'.
    /// - Returns: false if it was not executed: it may write, and the log has no room until the disk has taken some of
    ///   it.
    mutating func perform(_ arguments: Arguments, _ tag: Int, _ worker: inout Worker) -> Bool {
        guard tag >= 0 else {
            refuseUnknown(arguments, &worker)
            return true
        }
        let command = worker.commands.commands[tag]
        if !isOpen(command, arguments, worker) {
            guard mayPerform(tag, arguments, &worker) else {
                worker.counters.add(to: .rejections(tag))
                return true
            }
            if command.flags.contains(.write), worker.isLogFull(for: arguments) { return false }
        }
        client.lastCommand.store(tag, ordering: .relaxed)
        let start = worker.reply.count
        let errors = worker.counters[.allErrors]
        execute(command.id, arguments, &worker)
        worker.counters.add(to: .calls(tag))
        if worker.counters[.allErrors] != errors { worker.counters.add(to: .failures(tag)) }
        worker.holdReply(from: start)
        if worker.hasReadEpoch { noteEpochRead(&worker) }
        // What follows in the same read must not count from before a walk through keys or connections.
        if command.flags.contains(.slow) || arguments.count > Self.fewArguments { worker.readClock() }
        return true
    }

    /// A command with more arguments may take as long as a walk through keys.
    private static let fewArguments = 64

    /// Whether a command that only reads has nothing more to be asked, as nearly always.
    @inline(__always)
    private func isOpen(_ command: Command, _ arguments: borrowing Arguments, _ worker: borrowing Worker) -> Bool {
        command.takes(arguments.count) && command.flags.isDisjoint(with: [.admin, .write]) && mayRead(worker)
    }

    @inline(__always)
    func mayRead(_ worker: borrowing Worker) -> Bool { user != .nobody && !worker.daemon.loading.isActive }

    /// What is asked of a command before it is executed; answers the error if there is one.
    private func mayPerform(_ tag: Int, _ arguments: borrowing Arguments, _ worker: inout Worker) -> Bool {
        let command = worker.commands.commands[tag]
        guard command.takes(arguments.count) else {
            return deny(&worker, "ERR wrong number of arguments for '\(command.name)' command")
        }
        guard user != .nobody || command.flags.contains(.noAuthentication) else {
            return deny(&worker, "NOAUTH Authentication required.")
        }
        if command.flags.contains(.admin), !mayAdminister(worker) {
            refusePermission("\(command.name)", &worker)
            return false
        }
        if !command.flags.contains(.loading), worker.daemon.loading.isActive {
            return deny(&worker, Worker.loading)
        }
        if command.flags.contains(.write), let log = worker.journal.disk, log.refusesWrites, let refusal = log.refusal {
            return deny(&worker, refusal)
        }
        return true
    }

    private func deny(_ worker: inout Worker, _ error: String) -> Bool {
        worker.fail(error)
        return false
    }

    private mutating func execute(_ id: Command.ID, _ arguments: Arguments, _ worker: inout Worker) {
        switch id {
        case .get: StringCommands.get(arguments, &worker)
        case .mget: StringCommands.mget(arguments, &worker)
        case .strlen: StringCommands.strlen(arguments, &worker)
        case .set: SetCommands.set(arguments, self, &worker)
        case .setex: SetCommands.setex(arguments, .seconds, self, &worker)
        case .psetex: SetCommands.setex(arguments, .milliseconds, self, &worker)
        case .setnx: SetCommands.setnx(arguments, self, &worker)
        case .mset: SetCommands.mset(arguments, self, &worker)
        case .getdel: KeyCommands.getdel(arguments, self, &worker)
        case .getex: ExpiryCommands.getex(arguments, self, &worker)
        case .exists, .touch: KeyCommands.exists(arguments, &worker)
        case .type: KeyCommands.type(arguments, &worker)
        case .del: KeyCommands.del(arguments, self, "del", &worker)
        case .unlink: KeyCommands.del(arguments, self, "unlink", &worker)
        case .scan: KeyspaceCommands.scan(arguments, &worker)
        case .keys: KeyspaceCommands.keys(arguments, &worker)
        case .randomkey: KeyspaceCommands.randomkey(&worker)
        case .dbsize: KeyspaceCommands.dbsize(&worker)
        case .flushdb, .flushall: KeyspaceCommands.flush(arguments, &worker)
        case .ttl: ExpiryCommands.ttl(arguments, .seconds, &worker)
        case .pttl: ExpiryCommands.ttl(arguments, .milliseconds, &worker)
        case .expiretime: ExpiryCommands.expiretime(arguments, .seconds, &worker)
        case .pexpiretime: ExpiryCommands.expiretime(arguments, .milliseconds, &worker)
        case .expire: ExpiryCommands.expire(arguments, .seconds, isAbsolute: false, "expire", self, &worker)
        case .pexpire: ExpiryCommands.expire(arguments, .milliseconds, isAbsolute: false, "pexpire", self, &worker)
        case .expireat: ExpiryCommands.expire(arguments, .seconds, isAbsolute: true, "expireat", self, &worker)
        case .pexpireat: ExpiryCommands.expire(arguments, .milliseconds, isAbsolute: true, "pexpireat", self, &worker)
        case .persist: ExpiryCommands.persist(arguments, self, &worker)
        case .ping: ConnectionCommands.ping(arguments, &worker)
        case .echo: worker.reply.bulk(arguments[1])
        case .hello: ConnectionCommands.hello(arguments, &self, &worker)
        case .auth: ConnectionCommands.auth(arguments, &self, &worker)
        case .quit: ConnectionCommands.quit(&self, &worker)
        case .reset: ConnectionCommands.reset(&self, &worker)
        case .select: ConnectionCommands.select(arguments, &worker)
        case .client: ClientCommands.client(arguments, &self, &worker)
        case .command: CommandCommands.command(arguments, self, &worker)
        case .info: ServerCommands.info(arguments, &worker)
        case .time: ServerCommands.time(&worker)
        case .config: ConfigCommands.config(arguments, self, &worker)
        case .save: PersistenceCommands.save(&worker)
        case .bgsave: PersistenceCommands.bgsave(arguments, &worker)
        case .bgrewriteaof: PersistenceCommands.bgrewriteaof(&worker)
        case .lastsave: PersistenceCommands.lastsave(&worker)
        case .shutdown: ServerCommands.shutdown(arguments, &self, &worker)
        }
    }

    /// Whether this connection may undo revocations and administer.
    func mayAdminister(_ worker: borrowing Worker) -> Bool {
        !worker.daemon.credentials.isAdminSeparate || user == .admin
    }

    /// - Parameter command: the full name, such as `config|set`.
    func refusePermission(_ command: String, _ worker: inout Worker) {
        worker.fail(Self.permissionRefusal(command))
    }

    static func permissionRefusal(_ command: String) -> String {
        "NOPERM this user has no permissions to run the '\(command)' command"
    }

    /// Redis' text: the name and what follows it, each cut at 128 bytes and at a zero.
    mutating func refuseUnknown(_ arguments: Arguments, _ worker: inout Worker) {
        if let stranger = Stranger(command: arguments[0]) { return dismiss(stranger, &worker) }
        var text = Array("ERR unknown command '".utf8)
        text += Self.cut(arguments[0], at: 128)
        text += "', with args beginning with: ".utf8
        var shown = 0
        var index = 1
        while index < arguments.count, shown < 128 {
            let word = Self.cut(arguments[index], at: 128 - shown)
            text += "'".utf8
            text += word
            text += "' ".utf8
            shown += word.count + 3
            index += 1
        }
        worker.counters.add(to: .unknownCommands)
        worker.fail(bytes: text)
    }

    static func cut(_ bytes: RawSpan, at limit: Int) -> [UInt8] {
        bytes.withUnsafeBytes { Array($0.prefix(limit).prefix { $0 != 0 }) }
    }
}

extension Worker {
    /// Answers an error: `text` begins with its code.
    mutating func fail(_ text: String) {
        counters.add(error: ErrorCode(of: text.utf8))
        reply.error(text)
    }

    mutating func fail(bytes: [UInt8]) {
        counters.add(error: ErrorCode(of: bytes))
        reply.error(bytes: bytes)
    }

    static let loading = "LOADING Redis is loading the dataset in memory"

    mutating func failLoading() { fail(Self.loading) }
    mutating func failSyntax() { fail("ERR syntax error") }
    mutating func failNotAnInteger() { fail("ERR value is not an integer or out of range") }
    mutating func failExpireTime(_ command: String) { fail("ERR invalid expire time in '\(command)' command") }

    mutating func failOutOfMemory() {
        counters.add(to: .refusedForMemory)
        fail("OOM command not allowed when used memory > 'maxmemory'.")
    }
}
