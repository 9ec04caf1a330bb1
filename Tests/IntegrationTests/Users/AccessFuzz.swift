import RevokedServer
import TestSupport

/// Random rules and random commands, the same in every run: of what both redis-server 7.0.15 and ours have.
struct AccessFuzz {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    static let commands = [
        "get", "set", "setex", "psetex", "setnx", "getdel", "getex", "mget", "mset", "strlen", "exists", "type", "del",
        "unlink", "touch", "scan", "keys", "randomkey", "ttl", "pttl", "expire", "pexpire", "expireat", "pexpireat",
        "expiretime", "pexpiretime", "persist", "ping", "echo", "hello", "auth", "quit", "reset", "select", "client",
        "command", "info", "config", "acl", "dbsize", "time", "shutdown", "flushdb", "flushall", "save", "bgsave",
        "bgrewriteaof", "lastsave", "incr", "decr", "incrby", "decrby", "incrbyfloat", "append", "getset", "getrange",
        "substr", "setrange", "msetnx", "rename", "renamenx", "move", "copy", "swapdb", "object", "memory", "latency",
        "cluster", "module",
        "function", "role", "wait", "replconf", "failover", "readonly", "lolwut", "lcs", "getbit", "setbit",
        "slowlog",
    ]
    static let subcommands = [
        "client|id", "client|getname", "client|setname", "client|info", "client|list", "client|kill",
        "client|no-evict", "client|help", "config|get", "config|set", "config|resetstat", "config|rewrite",
        "config|help", "command|count", "command|info", "command|docs", "command|help", "acl|cat", "acl|deluser",
        "acl|dryrun", "acl|genpass", "acl|getuser", "acl|list", "acl|load", "acl|log", "acl|save", "acl|setuser",
        "acl|users", "acl|whoami", "acl|help", "object|encoding", "object|refcount", "object|help", "memory|usage",
        "memory|stats", "memory|help", "latency|latest", "latency|reset", "cluster|info", "cluster|meet", "module|list",
        "function|list", "function|flush", "command|list", "command|getkeys", "command|getkeysandflags",
        "slowlog|get", "slowlog|len", "slowlog|reset", "slowlog|help",
    ]
    /// What only a user without restrictions may run here, whatever its rules say.
    static let reserved: Set<String> = [
        "client|kill", "config|set", "config|resetstat", "config|rewrite", "acl|deluser", "acl|dryrun", "acl|getuser",
        "acl|list", "acl|load", "acl|log", "acl|save", "acl|setuser", "acl|users", "shutdown", "flushdb", "flushall",
        "save", "bgsave", "bgrewriteaof", "replicaof", "slaveof", "slowlog|reset",
    ]
    private static let categories = [
        "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo",
        "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
        "all",
    ]
    private static let keys = ["a", "b", "ab", "abc", "user:1", "user:2", "x", "", "get", "A", "a*", "[a]"]
    private static let patterns = ["a", "a*", "*b", "?", "user:*", "user:?", "[ab]*", "x", "*", "", "a\\*", "[^a]"]

    // MARK: Rules

    mutating func rules() -> [String] {
        var rules = (0..<random.number(1..<9)).map { _ in rule() }
        if random.chance(20) {
            rules.append("(" + (0..<random.number(0..<5)).map { _ in part() }.joined(separator: " ") + ")")
        }
        if random.chance(5) { rules.append("clearselectors") }
        if random.chance(5) { rules.insert("reset", at: 0) }
        // Otherwise few rounds would allow anything of note.
        if random.chance(30) { rules.insert(random.pick(["+@all", "-@all"]), at: 0) }
        if random.chance(40) { rules.insert("resetkeys", at: 0) }
        return rules
    }

    private mutating func rule() -> String {
        switch random.number(0..<100) {
        case 0..<4: random.pick(["on", "off", "nopass", "resetpass", ">pw", ">other", "<pw", "sanitize-payload"])
        case 4:
            random.pick(["+nosuch", "-@nosuch", "+config|nosuch", "foo", "%~a", "+select|", "+config|get|a", "&c d"])
        default: part()
        }
    }

    /// Of a selector.
    private mutating func part() -> String {
        switch random.number(0..<100) {
        case 0..<30: sign() + randomCase(random.pick(Self.commands))
        case 30..<45: sign() + random.pick(Self.subcommands)
        case 45..<65: sign() + "@" + random.pick(Self.categories)
        case 65..<70: "+" + random.pick(["select|0", "select|1", "get|a", "set|A", "mget|b", "info|server", "ping|x"])
        case 70..<80: "~" + random.pick(Self.patterns)
        case 80..<94: random.pick(["%R~", "%W~", "%RW~", "%r~", "%wR~"]) + random.pick(Self.patterns)
        case 94..<96: random.pick(["resetkeys", "allkeys", "~*"])
        case 96..<98: random.pick(["&c", "&*", "resetchannels", "allchannels", "&c*"])
        default: random.pick(["nocommands", "allcommands"])
        }
    }

    private mutating func sign() -> String { random.chance(65) ? "+" : "-" }

    private mutating func randomCase(_ word: String) -> String { random.chance(20) ? word.uppercased() : word }

    // MARK: Commands

    /// A command with as many arguments as it may take.
    mutating func command() -> [String] {
        let name = random.pick(Self.commands)
        let keyed = Self.subcommands.filter { $0.hasPrefix(name + "|") }
        guard keyed.isEmpty else {
            guard name != "command" || random.chance(80) else { return [name] }
            let words = random.pick(keyed).split(separator: "|").map(String.init)
            return words + (0..<random.number(0..<3)).map { _ in key() }
        }
        switch name {
        case "set": return [name, key(), key()] + (random.chance(50) ? [random.pick(["get", "GeT", "NX", "x"])] : [])
        case "mget", "exists", "del", "unlink", "touch":
            return [name] + (0..<random.number(1..<4)).map { _ in key() }
        case "mset", "msetnx": return [name] + (0..<random.number(1..<4)).flatMap { _ in [key(), key()] }
        case "setex", "psetex": return [name, key(), "10", key()]
        case "select": return [name, random.pick(["0", "1"])]
        case "info": return random.chance(50) ? [name] : [name, random.pick(["server", "stats"])]
        default: return [randomCase(name)] + (0..<random.number(0..<4)).map { _ in key() }
        }
    }

    private mutating func key() -> String { random.pick(Self.keys) }
}
