import RESP

/// What a command of a client means for what may be answered here. A command that is not known here may be answered by
/// none or several replies: from then on everything is passed on.
enum CommandKind: Equatable {
    /// Answered here if the keys are revocations or the epoch.
    case get, mget, exists, ttl
    /// One reply, and nothing else changes.
    case reads
    /// One reply, and keys may be others afterwards.
    case writes
    /// One reply, and the connection or its rights may be others afterwards.
    case changes
    case multi
    /// The end of a transaction.
    case exec, discard
    /// Anything may follow.
    case unknown

    var isCheck: Bool { self == .get || self == .mget || self == .exists || self == .ttl }

    init(_ arguments: RequestArguments) {
        let name = arguments[0]
        // Nearly all are one of these.
        if name.equalsIgnoringCase("mget") {
            self = arguments.count > 1 ? .mget : .reads
        } else if name.equalsIgnoringCase("exists") {
            self = arguments.count > 1 ? .exists : .reads
        } else if name.equalsIgnoringCase("get") {
            self = arguments.count == 2 ? .get : .reads
        } else if name.equalsIgnoringCase("ttl") {
            self = arguments.count == 2 ? .ttl : .reads
        } else {
            self = name.lowercasedWord.map { Self.kind($0, arguments) } ?? .unknown
        }
    }

    private static func kind(_ name: String, _ arguments: RequestArguments) -> CommandKind {
        if reading.contains(name) { return .reads }
        if writing.contains(name) { return .writes }
        if changing.contains(name) { return .changes }
        switch name {
        case "client":
            let subcommand = arguments.count > 1 ? arguments[1].lowercasedWord : nil
            return subcommand.map(clientSubcommands.contains) == true ? .changes : .unknown
        case "multi": return .multi
        case "exec": return .exec
        case "discard": return .discard
        default: return .unknown
        }
    }

    private static let reading: Set = [
        "asking", "bitcount", "cluster", "command", "dbsize", "echo", "expiretime", "function", "getbit", "getrange",
        "info", "keys", "lastsave", "latency", "lcs", "lease", "lolwut", "memory", "module", "object", "pexpiretime",
        "ping", "pttl", "pubsub", "randomkey", "readonly", "readwrite", "role", "scan", "slowlog", "strlen", "substr",
        "time", "touch", "type",
    ]

    private static let writing: Set = [
        "append", "bgrewriteaof", "bgsave", "copy", "decr", "decrby", "del", "delex", "delifeq", "eval", "eval_ro",
        "evalsha", "evalsha_ro", "expire", "expireat", "flushall", "flushdb", "getdel", "getex", "getset", "incr",
        "incrby", "incrbyfloat", "move", "mset", "msetex", "msetnx", "persist", "pexpire", "pexpireat", "psetex",
        "publish", "rename", "renamenx", "save", "script", "set", "setbit", "setex", "setnx", "setrange", "spublish",
        "swapdb", "unlink", "unwatch", "wait", "watch",
    ]

    private static let changing: Set = ["acl", "auth", "config", "hello", "quit", "reset", "select"]

    /// Those of `CLIENT` that one reply answers, and that let others be answered as before.
    private static let clientSubcommands: Set = [
        "getname", "getredir", "help", "id", "info", "kill", "list", "no-evict", "no-touch", "pause", "setinfo",
        "setname", "trackinginfo", "unblock", "unpause",
    ]
}
