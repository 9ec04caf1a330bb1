import RESP

/// What a record of a log does, by its command.
enum RecordKind {
    case set, setEx, psetEx, setNX, getSet, mset, msetEx, getEx
    case delete, getDelete, rename, move, copy
    case expire, pexpire, expireAt, pexpireAt, persist
    case increment, decrement, incrementBy, decrementBy, append, setRange, setBit
    case flushAll, flushDatabase, swapDatabases
    case select, multi, exec
    /// What replicas hear, which changes nothing.
    case signal
    /// A type of data that we do not keep, to be skipped as configured. Its first argument is a key.
    case other
    /// The same of what is no key.
    case keyless

    /// The kind of the record at `offset`.
    /// - Throws: ``FormatError/Code/unsupported`` for a command that we cannot apply.
    init(_ record: RequestArguments, skipsUnsupported: Bool, at offset: Int) throws(FormatError) {
        let name = record[0]
        if name.equalsIgnoringCase("set") {
            self = .set
        } else if name.equalsIgnoringCase("del") {
            self = .delete
        } else {
            let name = record.text(0).uppercased()
            if let known = Self.names[name] {
                self = known
            } else if skipsUnsupported, Self.otherTypes.contains(name) {
                self = .other
            } else if skipsUnsupported, Self.withoutKeys.contains(name) {
                self = .keyless
            } else {
                throw FormatError(.unsupported, at: offset, Self.refusal(name))
            }
        }
    }

    private static let names: [String: RecordKind] = [
        "SET": .set, "SETEX": .setEx, "PSETEX": .psetEx, "SETNX": .setNX, "GETSET": .getSet, "MSET": .mset,
        "MSETNX": .mset, "MSETEX": .msetEx, "GETEX": .getEx, "DEL": .delete, "UNLINK": .delete, "GETDEL": .getDelete,
        "DELEX": .getDelete, "DELIFEQ": .getDelete, "EXPIRE": .expire, "PEXPIRE": .pexpire, "EXPIREAT": .expireAt,
        "PEXPIREAT": .pexpireAt, "PERSIST": .persist, "FLUSHALL": .flushAll, "FLUSHDB": .flushDatabase,
        "SWAPDB": .swapDatabases, "RENAME": .rename, "RENAMENX": .rename,
        "MOVE": .move, "COPY": .copy, "INCR": .increment, "DECR": .decrement, "INCRBY": .incrementBy,
        "DECRBY": .decrementBy, "APPEND": .append, "SETRANGE": .setRange, "SETBIT": .setBit,
        "SELECT": .select, "PING": .signal, "REPLCONF": .signal, "MULTI": .multi, "EXEC": .exec,
    ]

    private static func refusal(_ name: String) -> String {
        // A damaged name may be anything, so it is not printed.
        guard name.utf8.count <= 24, name.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else {
            return "an unknown command"
        }
        guard leavesStringsAlone(name) else { return "the command \(name), which cannot be read from a log" }
        return "the command \(name), for data other than strings (--skip-unsupported skips it)"
    }

    /// Whether a command changes only keys of other types, or none: skipping it leaves the strings right.
    private static func leavesStringsAlone(_ name: String) -> Bool {
        otherTypes.contains(name) || withoutKeys.contains(name)
    }

    private static let otherTypes: Set<String> = [
        "LPUSH", "RPUSH", "LPUSHX", "RPUSHX", "LPOP", "RPOP", "LMPOP", "BLPOP", "BRPOP", "BLMPOP", "LINSERT", "LSET",
        "LREM", "LTRIM", "RPOPLPUSH", "BRPOPLPUSH", "LMOVE", "BLMOVE",
        "SADD", "SREM", "SPOP", "SMOVE",
        "ZADD", "ZINCRBY", "ZREM", "ZREMRANGEBYSCORE", "ZREMRANGEBYRANK", "ZREMRANGEBYLEX", "ZPOPMIN", "ZPOPMAX",
        "ZMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "GEOADD",
        "HSET", "HSETNX", "HMSET", "HSETEX", "HGETEX", "HGETDEL", "HDEL", "HINCRBY", "HINCRBYFLOAT", "HEXPIRE",
        "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "HPERSIST",
        "XADD", "XDEL", "XDELEX", "XTRIM", "XACK", "XACKDEL", "XCLAIM", "XAUTOCLAIM", "XGROUP", "XREADGROUP", "XSETID",
    ]
    private static let withoutKeys: Set<String> = ["PUBLISH", "SPUBLISH", "FUNCTION", "SCRIPT"]
}
