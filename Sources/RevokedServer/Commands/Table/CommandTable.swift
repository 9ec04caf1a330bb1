import RESP

/// One command: its name, how many arguments it takes and where its keys stand (Redis, "Command key specifications").
struct Command: Sendable, BitwiseCopyable {
    struct Flags: OptionSet, Sendable {
        let rawValue: Int
        static let write = Flags(rawValue: 1)
        static let readOnly = Flags(rawValue: 2)
        /// Refused when `maxmemory` is reached.
        static let denyOOM = Flags(rawValue: 4)
        static let admin = Flags(rawValue: 8)
        static let noScript = Flags(rawValue: 16)
        /// Allowed while the data directory is read.
        static let loading = Flags(rawValue: 32)
        static let stale = Flags(rawValue: 64)
        static let fast = Flags(rawValue: 128)
        /// Allowed before authentication, and to every user.
        static let noAuthentication = Flags(rawValue: 256)
        static let noAsyncLoading = Flags(rawValue: 512)
        static let noMulti = Flags(rawValue: 1024)
        static let allowBusy = Flags(rawValue: 2048)
        static let pubsub = Flags(rawValue: 4096)
        static let skipSlowLog = Flags(rawValue: 1 << 13)
        static let skipMonitor = Flags(rawValue: 1 << 14)
        /// The number of its keys may be 0.
        static let noMandatoryKeys = Flags(rawValue: 1 << 15)

        // Ours; `COMMAND INFO` leaves them out.

        /// The user `admin`'s alone, once there is one.
        static let reserved = Flags(rawValue: 1 << 16)
        /// May take long: it walks keys or connections, or waits for others. The time is taken again after it.
        static let slow = Flags(rawValue: 1 << 17)
        /// It has subcommands: each of them says what is needed for it.
        static let container = Flags(rawValue: 1 << 18)
        /// ``reserved`` in database 0 alone, whose revocations it would take back.
        static let reservedInMain = Flags(rawValue: 1 << 19)
        /// It executes a script, which may write.
        static let writesByScript = Flags(rawValue: 1 << 20)
        /// Every user may, whatever its rules say.
        static let everyUser = Flags(rawValue: 1 << 21)
        /// More than its user and the state of the daemon decides whether it is executed.
        static let asked: Flags = [.reserved, .reservedInMain, .container, .pubsub]
        /// What most that concern the connection have.
        static let subscribing: Flags = [.pubsub, .noScript, .loading, .stale]
        static let scripting: Flags = [.noScript, .stale, .skipMonitor, .noMandatoryKeys, .slow]
        static let writingScript: Flags = [.scripting, .writesByScript]
        static let connection: Flags = [.noScript, .loading, .stale, .fast, .noAuthentication, .allowBusy]

        /// Whether it may write, itself or by what it executes.
        @inline(__always)
        var mayWrite: Bool { !isDisjoint(with: [.write, .writesByScript]) }

        /// Whether it is the user `admin`'s alone, once there is one.
        func isReserved(in database: Int) -> Bool {
            contains(.reserved) || contains(.reservedInMain) && database == 0
        }
    }

    let name: StaticString
    /// The number of arguments, the name included; negative: at least that many.
    let arity: Int
    let flags: Flags
    /// Those of Redis' ACL.
    let categories: CommandCategory
    let firstKey: Int
    /// Negative counts from the end.
    let lastKey: Int
    let keyStep: Int
    /// What becomes of the first key, and of the others if there is nothing else for them.
    let keyUse: KeyUse
    let otherKeyUse: KeyUse
    let id: ID

    /// As ``lastKey``: the argument before the first key is the number of keys.
    static let counted = Int.min

    enum ID: Int, Sendable {
        case get, set, setex, psetex, setnx, getset, getdel, getex, mget, mset, msetnx, msetex, strlen
        case incr, decr, incrby, decrby, incrbyfloat, append, getrange, substr, setrange, lcs, getbit, setbit
        case delex, delifeq, rename, renamenx
        case move, copy, swapdb
        case exists, type, del, unlink, touch, scan, keys, randomkey
        case ttl, pttl, expire, pexpire, expireat, pexpireat, expiretime, pexpiretime, persist
        case ping, echo, hello, auth, quit, reset, select, client, command
        case info, config, dbsize, time, shutdown, flushdb, flushall
        case save, bgsave, bgrewriteaof, lastsave
        case acl, slowlog, object, memory, latency, cluster, module, function
        case subscribe, unsubscribe, psubscribe, punsubscribe, ssubscribe, sunsubscribe, publish, spublish, pubsub
        case role, wait, replicaof, slaveof, replconf, psync, sync, lease, failover, readonly, readwrite, asking
        case debug, lolwut
        case multi, exec, discard, watch, unwatch, monitor
        case eval, evalsha, evalReadOnly, evalshaReadOnly, script
    }

    /// - Parameter categories: those that do not follow from the flags.
    init(
        _ id: ID, _ name: StaticString, _ arity: Int, _ flags: Flags, _ categories: CommandCategory = [],
        keys: (first: Int, last: Int, step: Int) = (0, 0, 0), _ keyUse: KeyUse = [], then otherKeyUse: KeyUse? = nil
    ) {
        self.id = id
        self.name = name
        self.arity = arity
        self.flags = flags
        self.categories = categories.union(CommandCategory(derivedFrom: flags))
        firstKey = keys.first
        lastKey = keys.last
        keyStep = keys.step
        self.keyUse = keyUse
        self.otherKeyUse = otherKeyUse ?? keyUse
    }

    /// The same command as one of its subcommands that has a key behind its name.
    func withKey(_ keyUse: KeyUse) -> Command {
        Command(id, name, arity, flags, categories, keys: (2, 2, 1), keyUse)
    }

    /// The place of the last key among so many arguments.
    /// - Parameter keyCount: the number that the argument before the first key holds.
    @inline(__always)
    func lastKey(among count: Int, _ keyCount: @autoclosure () -> Int64?) -> Int {
        if lastKey >= 0 { return lastKey }
        guard lastKey == Self.counted else { return count &+ lastKey }
        return lastCountedKey(among: count, count < firstKey ? nil : keyCount())
    }

    /// Before the first one if the number cannot be right.
    private func lastCountedKey(among count: Int, _ keyCount: Int64?) -> Int {
        guard let keyCount, keyCount > 0, keyCount <= Int64(max(0, count - firstKey)) else { return firstKey - 1 }
        return firstKey + (Int(keyCount) - 1) * keyStep
    }

    /// `config|get`, as errors name it.
    func fullName(_ arguments: borrowing Arguments) -> String {
        guard flags.contains(.container), arguments.count > 1 else { return "\(name)" }
        let entry = arguments[1].withUnsafeBytes {
            CommandCatalog.shared.find(Array("\(name)|".utf8) + $0.lowercasedASCII)
        }
        return entry?.name ?? "\(name)"
    }

    /// Whether it takes so many arguments, the name included.
    @inline(__always)
    func takes(_ count: Int) -> Bool { arity > 0 ? count == arity : count >= -arity }
}

/// All commands, and how to find one by the bytes of its name.
struct CommandTable: Sendable, BitwiseCopyable {
    static let shared = CommandTable()

    /// In the order of ``commands``.
    static let names = all.map { "\($0.name)" }

    let commands: StaticTable<Command>

    private static let all: [Command] = {
        let one = (first: 1, last: 1, step: 1)
        let all = (first: 1, last: -1, step: 1)
        let counted = (first: 3, last: Command.counted, step: 1)
        return [
            Command(.get, "get", 2, [.readOnly, .fast], .string, keys: one, .reads),
            Command(.set, "set", -3, [.write, .denyOOM], .string, keys: one, .sets),
            Command(.setex, "setex", 4, [.write, .denyOOM], .string, keys: one, .overwrites),
            Command(.psetex, "psetex", 4, [.write, .denyOOM], .string, keys: one, .overwrites),
            Command(.setnx, "setnx", 3, [.write, .denyOOM, .fast], .string, keys: one, .inserts),
            Command(.getdel, "getdel", 2, [.write, .fast], .string, keys: one, .takes),
            Command(.getex, "getex", -2, [.write, .fast], .string, keys: one, .readsAndUpdates),
            Command(.mget, "mget", -2, [.readOnly, .fast], .string, keys: all, .reads),
            Command(.mset, "mset", -3, [.write, .denyOOM], .string, keys: (1, -1, 2), .overwrites),
            Command(.getset, "getset", 3, [.write, .denyOOM, .fast], .string, keys: one, .readsAndUpdates),
            Command(.msetnx, "msetnx", -3, [.write, .denyOOM], .string, keys: (1, -1, 2), .inserts),
            Command(.msetex, "msetex", -4, [.write, .denyOOM], .string, keys: (2, Command.counted, 2), .overwrites),
            Command(.incr, "incr", 2, [.write, .denyOOM, .fast], .string, keys: one, .readsAndUpdates),
            Command(.decr, "decr", 2, [.write, .denyOOM, .fast], .string, keys: one, .readsAndUpdates),
            Command(.incrby, "incrby", 3, [.write, .denyOOM, .fast], .string, keys: one, .readsAndUpdates),
            Command(.decrby, "decrby", 3, [.write, .denyOOM, .fast], .string, keys: one, .readsAndUpdates),
            Command(.incrbyfloat, "incrbyfloat", 3, [.write, .denyOOM, .fast], .string, keys: one, .readsAndUpdates),
            Command(.append, "append", 3, [.write, .denyOOM, .fast], .string, keys: one, .grows),
            Command(.getrange, "getrange", 4, [.readOnly], .string, keys: one, .reads),
            Command(.substr, "substr", 4, [.readOnly], .string, keys: one, .reads),
            Command(.setrange, "setrange", 4, [.write, .denyOOM], .string, keys: one, .updates),
            Command(.lcs, "lcs", -3, [.readOnly, .slow], .string, keys: (1, 2, 1), .reads),
            Command(.getbit, "getbit", 3, [.readOnly, .fast], .bitmap, keys: one, .reads),
            Command(.setbit, "setbit", 4, [.write, .denyOOM], .bitmap, keys: one, .readsAndUpdates),
            Command(.delex, "delex", -2, [.write, .fast], .string, keys: one, .takesIf),
            Command(.delifeq, "delifeq", 3, [.write, .fast], .string, keys: one, .takes),
            Command(.rename, "rename", 3, [.write], .keyspace, keys: (1, 2, 1), .takes, then: .overwrites),
            Command(.renamenx, "renamenx", 3, [.write, .fast], .keyspace, keys: (1, 2, 1), .takes, then: .inserts),
            Command(.move, "move", 3, [.write, .fast], .keyspace, keys: one, .readsAndUpdates),
            Command(.copy, "copy", -3, [.write, .denyOOM], .keyspace, keys: (1, 2, 1), .reads, then: .overwrites),
            Command(.swapdb, "swapdb", 3, [.write, .fast, .slow], [.keyspace, .dangerous]),
            Command(.strlen, "strlen", 2, [.readOnly, .fast], .string, keys: one, .looks),
            Command(.exists, "exists", -2, [.readOnly, .fast], .keyspace, keys: all, .looks),
            Command(.type, "type", 2, [.readOnly, .fast], .keyspace, keys: one, .looks),
            Command(.del, "del", -2, [.write], .keyspace, keys: all, .removes),
            Command(.unlink, "unlink", -2, [.write, .fast], .keyspace, keys: all, .removes),
            Command(.touch, "touch", -2, [.readOnly, .fast], .keyspace, keys: all, .looks),
            Command(.scan, "scan", -2, [.readOnly, .slow], .keyspace),
            Command(.keys, "keys", 2, [.readOnly, .slow], [.keyspace, .dangerous]),
            Command(.randomkey, "randomkey", 1, [.readOnly, .slow], .keyspace),
            Command(.ttl, "ttl", 2, [.readOnly, .fast], .keyspace, keys: one, .reads),
            Command(.pttl, "pttl", 2, [.readOnly, .fast], .keyspace, keys: one, .reads),
            Command(.expire, "expire", -3, [.write, .fast], .keyspace, keys: one, .updates),
            Command(.pexpire, "pexpire", -3, [.write, .fast], .keyspace, keys: one, .updates),
            Command(.expireat, "expireat", -3, [.write, .fast], .keyspace, keys: one, .updates),
            Command(.pexpireat, "pexpireat", -3, [.write, .fast], .keyspace, keys: one, .updates),
            Command(.expiretime, "expiretime", 2, [.readOnly, .fast], .keyspace, keys: one, .reads),
            Command(.pexpiretime, "pexpiretime", 2, [.readOnly, .fast], .keyspace, keys: one, .reads),
            Command(.persist, "persist", 2, [.write, .fast], .keyspace, keys: one, .updates),
            Command(.ping, "ping", -1, [.fast], .connection),
            Command(.echo, "echo", 2, [.fast, .loading, .stale], .connection),
            Command(.hello, "hello", -1, .connection, .connection),
            Command(.auth, "auth", -2, .connection, .connection),
            Command(.quit, "quit", -1, .connection, .connection),
            Command(.reset, "reset", 1, .connection, .connection),
            Command(.select, "select", 2, [.fast, .loading, .stale], .connection),
            Command(.client, "client", -2, [.container, .slow]),
            Command(.command, "command", -1, [.container, .loading, .stale, .slow], .connection),
            Command(.info, "info", -1, [.loading, .stale, .slow], .dangerous),
            Command(.config, "config", -2, [.container, .slow]),
            Command(.acl, "acl", -2, [.container, .slow]),
            Command(.object, "object", -2, [.container, .slow]),
            Command(.memory, "memory", -2, [.container, .slow]),
            Command(.latency, "latency", -2, [.container, .slow]),
            Command(.cluster, "cluster", -2, [.container, .slow]),
            Command(.module, "module", -2, [.container, .slow]),
            Command(.function, "function", -2, [.container, .slow]),
            Command(.role, "role", 1, [.noScript, .loading, .stale, .fast], [.admin, .dangerous]),
            Command(.wait, "wait", 3, .noScript, .connection),
            Command(.replicaof, "replicaof", 3, [.reserved, .admin, .noScript, .stale, .noAsyncLoading]),
            Command(.slaveof, "slaveof", 3, [.reserved, .admin, .noScript, .stale, .noAsyncLoading]),
            Command(.replconf, "replconf", -1, [.admin, .noScript, .loading, .stale, .allowBusy]),
            Command(.psync, "psync", -3, [.admin, .noScript, .noAsyncLoading, .noMulti]),
            Command(.sync, "sync", 1, [.admin, .noScript, .noAsyncLoading, .noMulti]),
            Command(.lease, "lease", -2, [.container, .slow, .noScript, .noMulti]),
            Command(.failover, "failover", -1, [.admin, .noScript, .stale]),
            Command(.readonly, "readonly", 1, [.loading, .stale, .fast], .connection),
            Command(.readwrite, "readwrite", 1, [.loading, .stale, .fast], .connection),
            Command(.asking, "asking", 1, .fast, .connection),
            Command(.debug, "debug", -2, [.reserved, .admin, .noScript, .loading, .stale, .slow]),
            Command(.lolwut, "lolwut", -1, [.readOnly, .fast]),
            Command(.slowlog, "slowlog", -2, [.container, .slow]),
            Command(.dbsize, "dbsize", 1, [.readOnly, .fast], .keyspace),
            Command(.time, "time", 1, [.fast, .loading, .stale]),
            Command(
                .shutdown, "shutdown", -1, [.reserved, .admin, .noScript, .loading, .stale, .noMulti, .allowBusy]),
            Command(.save, "save", 1, [.reserved, .admin, .noScript, .noAsyncLoading, .noMulti]),
            Command(.bgsave, "bgsave", -1, [.reserved, .admin, .noScript, .noAsyncLoading]),
            Command(.bgrewriteaof, "bgrewriteaof", 1, [.reserved, .admin, .noScript, .noAsyncLoading]),
            Command(.lastsave, "lastsave", 1, [.fast, .loading, .stale], [.admin, .dangerous]),
            Command(.flushdb, "flushdb", -1, [.write, .reservedInMain, .slow], [.keyspace, .dangerous]),
            Command(.subscribe, "subscribe", -2, .subscribing, .pubsub),
            Command(.unsubscribe, "unsubscribe", -1, .subscribing, .pubsub),
            Command(.psubscribe, "psubscribe", -2, .subscribing, .pubsub),
            Command(.punsubscribe, "punsubscribe", -1, .subscribing, .pubsub),
            Command(.ssubscribe, "ssubscribe", -2, .subscribing, .pubsub, keys: all, .channel),
            Command(.sunsubscribe, "sunsubscribe", -1, .subscribing, .pubsub, keys: all, .channel),
            Command(.publish, "publish", 3, [.pubsub, .loading, .stale, .fast], .pubsub),
            Command(.spublish, "spublish", 3, [.pubsub, .loading, .stale, .fast], .pubsub, keys: one, .channel),
            Command(.pubsub, "pubsub", -2, [.container, .slow]),
            Command(.monitor, "monitor", 1, [.reserved, .admin, .noScript, .loading, .stale]),
            Command(.flushall, "flushall", -1, [.write, .reserved, .slow], [.keyspace, .dangerous]),
            Command(.multi, "multi", 1, [.noScript, .loading, .stale, .fast, .allowBusy], .transaction),
            Command(.exec, "exec", 1, [.noScript, .loading, .stale, .skipSlowLog, .slow], .transaction),
            Command(
                .watch, "watch", -2, [.noScript, .loading, .stale, .fast, .allowBusy], .transaction, keys: all, .looks),
            Command(.unwatch, "unwatch", 1, [.noScript, .loading, .stale, .fast, .allowBusy], .transaction),
            Command(.eval, "eval", -3, .writingScript, .scripting, keys: counted, .readsAndUpdates),
            Command(.evalsha, "evalsha", -3, .writingScript, .scripting, keys: counted, .readsAndUpdates),
            Command(.evalReadOnly, "eval_ro", -3, [.scripting, .readOnly], .scripting, keys: counted, .reads),
            Command(.evalshaReadOnly, "evalsha_ro", -3, [.scripting, .readOnly], .scripting, keys: counted, .reads),
            Command(.script, "script", -2, [.container, .slow]),
            Command(.discard, "discard", 1, [.noScript, .loading, .stale, .fast, .allowBusy], .transaction),
        ]
    }()

    /// A name as two words that may overlap, and its length; longer names are no commands.
    private struct Name: Equatable, BitwiseCopyable {
        /// Makes letters lower-case; nothing but a letter becomes one.
        private static let lowerCase: UInt64 = 0x2020_2020_2020_2020
        static let longest = 16

        private let first, last: UInt64
        private let count: Int

        /// No command's.
        init() { (first, last, count) = (0, 0, 0) }

        @inline(__always)
        init(_ bytes: RawSpan) {
            count = bytes.byteCount
            precondition(count > 0 && count <= Self.longest)
            func word(_ offset: Int) -> UInt64 { bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) }
            func half(_ offset: Int) -> UInt64 {
                UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
            func byte(_ offset: Int) -> UInt64 { UInt64(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) }
            let words =
                if count >= 8 { (word(0), word(count &- 8)) } else if count >= 4 { (half(0), half(count &- 4)) } else {
                    (byte(0) | byte(count &>> 1) << 8, byte(count &- 1))
                }
            first = words.0 | Self.lowerCase
            last = words.1 | Self.lowerCase
        }

        @inline(__always)
        var slot: Int {
            Int(truncatingIfNeeded: ((first ^ last << 5 ^ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15) >> 56)
        }
    }

    private struct Place: BitwiseCopyable {
        var name = Name()
        var index = -1
    }

    private static let slots = 256
    private let places: StaticTable<Place>

    private init() {
        var places = Array(repeating: Place(), count: Self.slots)
        for (index, command) in Self.all.enumerated() {
            let name = command.name.withUTF8Buffer { Name(RawSpan(_unsafeElements: $0)) }
            var slot = name.slot
            while places[slot].index >= 0 { slot = (slot + 1) % Self.slots }
            places[slot] = Place(name: name, index: index)
        }
        commands = StaticTable(Self.all)
        self.places = StaticTable(places)
    }

    /// The index of the command with this name, in any case; -1 if there is none.
    @inline(__always)
    func find(_ bytes: RawSpan) -> Int {
        guard bytes.byteCount > 0, bytes.byteCount <= Name.longest else { return -1 }
        let name = Name(bytes)
        var slot = name.slot
        while true {
            let place = places[slot]
            if place.index < 0 || place.name == name { return place.index }
            slot = (slot + 1) % Self.slots
        }
    }
}
