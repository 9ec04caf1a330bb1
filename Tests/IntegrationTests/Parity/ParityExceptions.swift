/// Where our replies may differ from redis-server 7.0.15's, and why. Everything that is not here is compared byte for
/// byte.
enum ParityException: Sendable {
    /// The same bytes.
    case none
    /// Two integers that lie at most this far apart.
    case integersWithin(Int64)
    /// An array whose order is nobody's promise.
    case anyOrder
    /// The same type of reply (its first byte).
    case sameType
    /// The same up to the value of `id`.
    case anyIdentifier
    /// Errors both, with texts of their own.
    case bothErrors
    /// Not compared.
    case anything

    /// The exception for a command; nearly always ``none``.
    static func of(_ command: WireCommand, areTimesExact: Bool = false) -> ParityException {
        switch command.name {
        // Time passes between the two servers' answers.
        case "ttl": return .integersWithin(1)
        case "pttl": return .integersWithin(1000)
        case "expiretime" where !areTimesExact: return .integersWithin(1)
        case "pexpiretime" where !areTimesExact: return .integersWithin(1000)
        case "time", "lastsave": return .sameType
        // The last one may still be running at one of them.
        case "bgsave" where command.word(1).lowercased() == "schedule": return .anything
        // Redis promises no order of keys, and none of a choice at random.
        case "keys": return .anyOrder
        case "randomkey": return .sameType
        // Connections are numbered by each server from its start.
        case "hello": return .anyIdentifier
        case "client" where command.word(1) == "id": return .sameType
        case "object" where command.word(1) == "idletime": return .integersWithin(60)
        // These name ports, descriptors and memory of the server; ours leaves out what it does not have.
        case "client" where ["list", "info"].contains(command.word(1)): return .sameType
        case "info": return .sameType
        // Commands that we do not have are not counted or described; of ours neither the key specifications nor the
        // documentation are kept.
        case "command" where command.words.count == 1: return .sameType
        case "command" where command.word(1) == "list" && command.words.count == 2: return .sameType
        // Lists come in the order of the table.
        case "command" where command.word(1) == "list": return .anyOrder
        case "command" where ["count", "docs", "info"].contains(command.word(1)): return .sameType
        // The documentation of subcommands: COMMAND HELP and so on are not kept.
        case _ where command.word(1) == "help" && command.words.count == 2: return .anything
        default: break
        }
        // An option that goes on behind a zero byte is the option to Redis, which compares C strings; to us it is a
        // syntax error. The two would hold different keys afterwards: no case does that.
        switch (command.name, command.word(1)) {
        // Matching takes pattern × key under a lock: patterns beyond 1,024 bytes are refused.
        case ("keys", let pattern) where pattern.utf8.count > 1024: return .anything
        // Redis reads a cursor with strtoul and so takes "", which it never gave out; we refuse it.
        case ("scan", ""): return .anything
        // Figures and texts of an allocator, of samples and of an engine that we do not have.
        case ("memory", "usage"), ("memory", "stats"), ("memory", "doctor"), ("memory", "malloc-stats"):
            return .sameType
        // Redis counts the time that has passed; ours is always 0.
        case ("object", "idletime"): return .integersWithin(60)
        case ("latency", "doctor"), ("function", "stats"): return .sameType
        case ("module", "load"), ("module", "unload"), ("function", "load"), ("debug", _): return .bothErrors
        // Newer than 7.0: we have them because client libraries send them (7.2).
        case ("client", "setinfo"), ("client", "no-touch"): return .anything
        // Subcommands and settings that we do not have.
        case ("config", "set") where command.words.count >= 4: return .sameType
        case ("config", "get") where command.words.count >= 3: return .sameType
        default: return .none
        }
    }

    /// The one expiry that our store keeps for “never”, 292 million years ahead: `EXPIRE` and its kin refuse it, `SET`
    /// and `GETEX` take it for “never”. Redis keeps it as an expiry. No case uses it.
    static let neverExpiry = Int64.max

    /// Raw input that gets other bytes from us.
    static let inputs: [(input: Bytes, exception: ParityException)] = [
        // Redis searches a line with C's strchr, which ends at a zero byte: it waits for ever. In an array we read on;
        // a line with one ends the connection, as no Redis client sends it.
        (Bytes("*1\r\n\u{0}\r\n".utf8), .anything),
        (Bytes("PING a\u{0}b\r\n".utf8), .anything),
        (Bytes("\u{0}PING\r\n".utf8), .anything),
        // Redis executes what it can of an HTTP request until it meets POST or Host:; we end at its first line.
        (Bytes("GET / HTTP/1.1\r\n".utf8), .anything),
        // Behind a line with an unknown command we execute nothing that came with it.
        (Bytes("$4\r\nPING\r\n".utf8), .bothErrors),
        // Redis takes whatever follows a carriage return, we insist on CRLF: two readers of one stream must not differ
        // about where a request ends.
        (Bytes("*1\rX$4\r\nPING\r\n".utf8), .anything),
        (Bytes("*1\r\n$4\rXPING\r\n".utf8), .anything),
        (Bytes("*1\r\n$4\r\nPINGXX".utf8), .anything),
        // We bound the arguments of one command to 2²² (Redis: 2³¹).
        (Bytes("*4194305\r\n".utf8), .anything),
        // Whether a line is too long or wrong depends on how much of it came at once.
        (Bytes(repeating: 0x61, count: 70_000), .bothErrors),
        (Bytes("*".utf8) + Bytes(repeating: 0x31, count: 70_000), .bothErrors),
        (Bytes("*1\r\n$".utf8) + Bytes(repeating: 0x31, count: 70_000), .bothErrors),
        // We bound an argument to 16 MiB by default (`proto-max-bulk-len`), Redis to 512 MiB.
        (Bytes("*2\r\n$6\r\nSTRLEN\r\n$16777217\r\n".utf8), .anything),
    ]

    /// Why two replies are not the same under this exception; nil if they are.
    func difference(ours: Bytes, theirs: Bytes) -> String? {
        guard ours != theirs else { return nil }
        let isSame: Bool
        switch self {
        case .none: isSame = false
        case .integersWithin(let most):
            let numbers = (ReplyFrame.integer(ours), ReplyFrame.integer(theirs))
            // -1 and -2 have meanings of their own.
            if case (let first?, let second?) = numbers, first >= 0, second >= 0 {
                isSame = first.magnitude.distance(to: second.magnitude).magnitude <= most
            } else {
                isSame = false
            }
        case .anyOrder: isSame = Self.sorted(ours) == Self.sorted(theirs)
        case .sameType: isSame = ours.first == theirs.first
        case .bothErrors: isSame = ours.first == UInt8(ascii: "-") && theirs.first == UInt8(ascii: "-")
        case .anyIdentifier: isSame = Self.withoutIdentifier(ours) == Self.withoutIdentifier(theirs)
        case .anything: isSame = true
        }
        return isSame ? nil : "\n  ours:   \(readable(ours))\n  theirs: \(readable(theirs))"
    }

    private static func sorted(_ reply: Bytes) -> [Bytes]? {
        (try? ReplyFrame.elements(of: reply))?.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The elements of `HELLO`'s map, without the one behind `id`.
    private static func withoutIdentifier(_ reply: Bytes) -> [Bytes]? {
        guard var elements = try? ReplyFrame.elements(of: reply) else { return nil }
        if let index = elements.firstIndex(of: Bytes("$2\r\nid\r\n".utf8)), index + 1 < elements.count {
            elements.remove(at: index + 1)
        }
        return elements
    }
}
