import Persistence
import RESP
import Synchronization

extension ClientSession {
    /// Checks one request and executes it: the order of the checks, and their texts, are Redis'.
    /// - Returns: false if it was not executed: it may write, and the log has no room until the disk has taken some of
    ///   it.
    mutating func perform(_ arguments: Arguments, _ tag: Int, _ context: inout ServingContext) -> Bool {
        let start = context.reply.count
        guard tag >= 0 else {
            refuseUnknown(arguments, &context)
            if !modes.isEmpty { finishInMode(nil, from: start, &context) }
            return true
        }
        if !isOpen(tag, arguments, context) {
            switch admit(tag, arguments, from: start, &context) {
            case .executes: break
            case .isAnswered: return true
            case .waits: return false
            }
        }
        client.lastCommand.store(tag, ordering: .relaxed)
        run(tag, arguments, &context)
        if !modes.isEmpty { finishInMode(context.commands.commands[tag], from: start, &context) }
        context.holds.finishCommand(from: start, context.reply, context.journal.disk)
        if context.hasReadEpoch { noteEpochRead(&context) }
        // What follows in the same read must not count from before a walk through keys or connections.
        // Meanwhile the connection may have been killed, and its user's rights may have changed.
        if mayTakeLong(tag, arguments, context) {
            context.readClock()
            mayGoOn(context.daemon)
        }
        return true
    }

    /// What becomes of a command.
    private enum Admission {
        case executes
        /// With an error, or because it was queued.
        case isAnswered
        case waits
    }

    /// Asks all that may keep a command from being executed now. ``perform(_:_:_:)`` comes here only if something may.
    @inline(never)
    private mutating func admit(
        _ tag: Int, _ arguments: Arguments, from start: Int, _ context: inout ServingContext
    ) -> Admission {
        let command = context.commands.commands[tag]
        guard mayGoOn(context.daemon) else { return .isAnswered }
        guard mayPerform(tag, arguments, &context) else {
            context.counters.add(to: .rejections(tag))
            abortTransaction(for: command, from: start, &context)
            if !modes.isEmpty { finishInMode(command, from: start, &context) }
            return .isAnswered
        }
        if waitsForPause(command, arguments, context.daemon) { return .waits }
        if transaction != nil, !command.isOfTransactions {
            queue(command, arguments, &context)
            finishInMode(command, from: start, &context)
            return .isAnswered
        }
        if waitsForLog(command, arguments, context) { return .waits }
        if command.flags.contains(.pubsub) || command.id == .exec, waitsForMail(command, context) {
            context.isPostponed = true
            return .waits
        }
        tellOf(command, arguments, context)
        return .executes
    }

    /// Executes a command that may be, and counts it.
    @inline(__always)
    mutating func run(_ tag: Int, _ arguments: Arguments, _ context: inout ServingContext) {
        let isTimed =
            context.counters[.calls(tag)] & context.untimedCalls == 0 || mayTakeLong(tag, arguments, context)
        let began = isTimed ? CommandTimer.now : 0
        let errors = context.counters[.allErrors]
        execute(context.commands.commands[tag].id, arguments, &context)
        context.counters.add(to: .calls(tag))
        let hasFailed = context.counters[.allErrors] != errors
        if hasFailed { context.counters.add(to: .failures(tag)) }
        if isTimed { note(tag, began, hasFailed: hasFailed, arguments, &context) }
    }

    /// Whether a command that writes has to wait until the log has room.
    private func waitsForLog(
        _ command: Command, _ arguments: borrowing Arguments, _ context: borrowing ServingContext
    ) -> Bool {
        if command.flags.mayWrite { return context.isLogFull(for: command, arguments) }
        guard command.id == .exec, let transaction else { return false }
        return context.isLogFull(for: transaction)
    }

    /// Whether a command that publishes has to wait until other threads have handed out messages.
    private func waitsForMail(_ command: Command, _ context: borrowing ServingContext) -> Bool {
        let publishes = command.flags.contains(.pubsub) || transaction?.flags.contains(.pubsub) == true
        return publishes && context.daemon.mail.isCongested
    }

    /// Whether a command may take as long as a walk through keys.
    @inline(__always)
    private func mayTakeLong(
        _ tag: Int, _ arguments: borrowing Arguments, _ context: borrowing ServingContext
    ) -> Bool {
        arguments.count > Self.fewArguments || context.commands.commands[tag].flags.contains(.slow)
    }

    private static let fewArguments = 64

    /// Whether nothing has to be asked before a command is executed: its user may do everything, and the daemon, the
    /// connection and the log are as they nearly always are.
    @inline(__always)
    private func isOpen(_ tag: Int, _ arguments: borrowing Arguments, _ context: borrowing ServingContext) -> Bool {
        let flags = context.commands.commands[tag].flags
        return context.commands.commands[tag].takes(arguments.count) && flags.isDisjoint(with: .asked) && isUnimpeded
            && context.conditions.now.isEmpty
            && (!flags.mayWrite || isCurrent(context.users) && context.isLogOpen)
    }

    /// What is asked of a command before it is executed; answers the error if there is one.
    private func mayPerform(_ tag: Int, _ arguments: borrowing Arguments, _ context: inout ServingContext) -> Bool {
        let command = context.commands.commands[tag]
        guard command.takes(arguments.count) else {
            return deny(&context, "ERR wrong number of arguments for '\(command.name)' command")
        }
        guard isAuthenticated || command.flags.contains(.noAuthentication) else {
            return deny(&context, "NOAUTH Authentication required.")
        }
        if transaction != nil, command.flags.contains(.noMulti) {
            return deny(&context, "ERR Command not allowed inside a transaction")
        }
        let isContainer = command.flags.contains(.container) && arguments.count > 1
        if !isContainer, !mayRun(tag, "\(command.name)", of: command, arguments, &context) { return false }
        if command.flags.isReserved(in: transaction?.database ?? database), !mayAdminister {
            refusePermission("\(command.name)", &context)
            return false
        }
        if hearsOnly, !command.isForSubscribers { return refuseWhileSubscribed(arguments, command, &context) }
        if command.flags.isDisjoint(with: [.loading, .container]), context.daemon.loading.isActive {
            return deny(&context, ServingContext.loading)
        }
        if command.flags.contains(.write), let log = context.journal.disk, log.refusesWrites, let refusal = log.refusal
        {
            return deny(&context, refusal)
        }
        // The family checks it when it is executed; a transaction wants to know before.
        if isContainer, transaction != nil, let container = command.id.container {
            return container.place(arguments, self, &context) != nil
        }
        return true
    }

    private func deny(_ context: inout ServingContext, _ error: String) -> Bool {
        context.fail(error)
        return false
    }

    /// As long as the table: one line a command.
    private mutating func execute(_ id: Command.ID, _ arguments: Arguments, _ context: inout ServingContext) {
        switch id {
        case .get: StringCommands.get(arguments, &context)
        case .mget: StringCommands.mget(arguments, &context)
        case .strlen: StringCommands.strlen(arguments, &context)
        case .set: SetCommands.set(arguments, self, &context)
        case .setex: SetCommands.setex(arguments, .seconds, self, &context)
        case .psetex: SetCommands.setex(arguments, .milliseconds, self, &context)
        case .setnx: SetCommands.setnx(arguments, self, &context)
        case .getset: SetCommands.getset(arguments, self, &context)
        case .mset: SetCommands.mset(arguments, self, &context)
        case .msetnx: SetCommands.msetnx(arguments, self, &context)
        case .msetex: SetCommands.msetex(arguments, self, &context)
        case .incr: StringCommands.add(1, "incr", arguments, self, &context)
        case .decr: StringCommands.add(-1, "decr", arguments, self, &context)
        case .incrby: StringCommands.incrby(arguments, self, &context)
        case .decrby: StringCommands.decrby(arguments, self, &context)
        case .incrbyfloat: StringCommands.incrbyfloat(arguments, self, &context)
        case .append: StringCommands.append(arguments, self, &context)
        case .getrange, .substr: StringCommands.getrange(arguments, &context)
        case .setrange: StringCommands.setrange(arguments, self, &context)
        case .lcs: CommonSubsequence.lcs(arguments, &context)
        case .getbit: StringCommands.getbit(arguments, &context)
        case .setbit: StringCommands.setbit(arguments, self, &context)
        case .delex: KeyCommands.delex(arguments, self, &context)
        case .delifeq: KeyCommands.delifeq(arguments, self, &context)
        case .rename: KeyCommands.rename(ifAbsent: false, arguments, self, &context)
        case .renamenx: KeyCommands.rename(ifAbsent: true, arguments, self, &context)
        case .getdel: KeyCommands.getdel(arguments, self, &context)
        case .getex: ExpiryCommands.getex(arguments, self, &context)
        case .exists, .touch: KeyCommands.exists(arguments, &context)
        case .type: KeyCommands.type(arguments, &context)
        case .del: KeyCommands.del(arguments, self, "del", &context)
        case .unlink: KeyCommands.del(arguments, self, "unlink", &context)
        case .scan: KeyspaceCommands.scan(arguments, &context)
        case .keys: KeyspaceCommands.keys(arguments, &context)
        case .randomkey: KeyspaceCommands.randomkey(&context)
        case .dbsize: KeyspaceCommands.dbsize(&context)
        case .move: DatabaseCommands.move(arguments, self, &context)
        case .copy: DatabaseCommands.copy(arguments, self, &context)
        case .swapdb: DatabaseCommands.swapdb(arguments, &context)
        case .flushdb: KeyspaceCommands.flushdb(arguments, &context)
        case .flushall: KeyspaceCommands.flushall(arguments, &context)
        case .ttl: ExpiryCommands.ttl(arguments, .seconds, &context)
        case .pttl: ExpiryCommands.ttl(arguments, .milliseconds, &context)
        case .expiretime: ExpiryCommands.expiretime(arguments, .seconds, &context)
        case .pexpiretime: ExpiryCommands.expiretime(arguments, .milliseconds, &context)
        case .expire: ExpiryCommands.expire(arguments, .seconds, isAbsolute: false, "expire", self, &context)
        case .pexpire: ExpiryCommands.expire(arguments, .milliseconds, isAbsolute: false, "pexpire", self, &context)
        case .expireat: ExpiryCommands.expire(arguments, .seconds, isAbsolute: true, "expireat", self, &context)
        case .pexpireat: ExpiryCommands.expire(arguments, .milliseconds, isAbsolute: true, "pexpireat", self, &context)
        case .persist: ExpiryCommands.persist(arguments, self, &context)
        case .ping: ConnectionCommands.ping(arguments, self, &context)
        case .echo: context.reply.bulk(arguments[1])
        case .hello: ConnectionCommands.hello(arguments, &self, &context)
        case .auth: ConnectionCommands.auth(arguments, &self, &context)
        case .quit: ConnectionCommands.quit(&self, &context)
        case .reset: ConnectionCommands.reset(&self, &context)
        case .select: DatabaseCommands.select(arguments, &self, &context)
        case .client: ClientCommands.client(arguments, &self, &context)
        case .command: CommandCommands.command(arguments, self, &context)
        case .info: ServerCommands.info(arguments, &context)
        case .time: ServerCommands.time(&context)
        case .object: ObjectCommands.object(arguments, self, &context)
        case .memory: MemoryCommands.memory(arguments, self, &context)
        case .latency: LatencyCommands.latency(arguments, self, &context)
        case .cluster: ClusterCommands.cluster(arguments, self, &context)
        case .module: ModuleCommands.module(arguments, self, &context)
        case .function: FunctionCommands.function(arguments, self, &context)
        case .role: ReplicationCommands.role(&context)
        case .wait: ReplicationCommands.wait(arguments, self, &context)
        case .replicaof, .slaveof: ReplicationCommands.replicaof(arguments, &context)
        case .replconf: ReplicationCommands.replconf(arguments, &self, &context)
        case .psync: ReplicationCommands.psync(arguments, &self, &context)
        case .sync: context.fail("ERR replicas older than Redis 2.8 are not served: PSYNC takes the place of SYNC")
        case .lease: LeaseCommands.lease(arguments, self, &context)
        case .failover: context.fail("ERR FAILOVER requires connected replicas.")
        case .readonly, .readwrite, .asking: ClusterCommands.refuse(&context)
        case .debug: DebugCommands.debug(arguments, &context)
        case .lolwut: context.reply.verbatim("Redis ver. \(ServerInformation.redisVersion)\n")
        case .acl: AccessCommands.acl(arguments, &self, &context)
        case .config: ConfigCommands.config(arguments, self, &context)
        case .slowlog: SlowLogCommands.slowlog(arguments, self, &context)
        case .save: PersistenceCommands.save(&context)
        case .bgsave: PersistenceCommands.bgsave(arguments, &context)
        case .bgrewriteaof: PersistenceCommands.bgrewriteaof(&context)
        case .lastsave: PersistenceCommands.lastsave(&context)
        case .shutdown: ServerCommands.shutdown(arguments, &self, &context)
        case .subscribe: PubSubCommands.subscribe(arguments, .channel, &self, &context)
        case .psubscribe: PubSubCommands.subscribe(arguments, .pattern, &self, &context)
        case .ssubscribe: PubSubCommands.subscribe(arguments, .shardChannel, &self, &context)
        case .unsubscribe: PubSubCommands.unsubscribe(arguments, .channel, &self, &context)
        case .punsubscribe: PubSubCommands.unsubscribe(arguments, .pattern, &self, &context)
        case .sunsubscribe: PubSubCommands.unsubscribe(arguments, .shardChannel, &self, &context)
        case .publish: PubSubCommands.publish(arguments, toShard: false, &context)
        case .spublish: PubSubCommands.publish(arguments, toShard: true, &context)
        case .pubsub: PubSubCommands.pubsub(arguments, self, &context)
        case .eval: ScriptCommands.eval(arguments, &self, &context)
        case .evalsha: ScriptCommands.eval(arguments, isDigest: true, &self, &context)
        case .evalReadOnly: ScriptCommands.eval(arguments, isReadOnly: true, &self, &context)
        case .evalshaReadOnly: ScriptCommands.eval(arguments, isDigest: true, isReadOnly: true, &self, &context)
        case .script: ScriptCommands.script(arguments, self, &context)
        case .multi: TransactionCommands.multi(&self, &context)
        case .exec: TransactionCommands.exec(arguments, &self, &context)
        case .discard: TransactionCommands.discard(&self, &context)
        case .watch: TransactionCommands.watch(arguments, &self, &context)
        case .unwatch: TransactionCommands.unwatch(&self, &context)
        case .monitor: PauseCommands.monitor(&self, &context)
        }
    }
}

extension ServingContext {
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

    static let outOfMemory = "OOM command not allowed when used memory > 'maxmemory'."

    mutating func failLoading() { fail(Self.loading) }
    mutating func failSyntax() { fail("ERR syntax error") }
    mutating func failNotAnInteger() { fail("ERR value is not an integer or out of range") }
    mutating func failExpireTime(_ command: String) { fail("ERR invalid expire time in '\(command)' command") }

    mutating func failOutOfMemory() {
        counters.add(to: .refusedForMemory)
        fail(Self.outOfMemory)
    }
}
