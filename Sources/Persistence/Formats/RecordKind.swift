import RESP

/// What a record of a log does, by its command.
enum RecordKind {
    case set, setEx, psetEx, setNX, getSet, mset, msetEx, getEx
    case delete, getDelete
    case expire, pexpire, expireAt, pexpireAt, persist
    case flushAll, flushDatabase
    case select, multi, exec
    /// Data that we do not keep, which was asked to be passed over.
    case other

    /// The kind of the record that begins at `offset`.
    /// - Throws: ``FormatError/Code/unsupported`` for a command that we cannot carry out.
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
            } else if skipsUnsupported, Self.leavesStringsAlone(name) {
                self = .other
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
        "SELECT": .select, "MULTI": .multi, "EXEC": .exec,
    ]

    private static func refusal(_ name: String) -> String {
        // A damaged name is not printed: it may be anything.
        guard name.utf8.count <= 24, name.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else {
            return "an unknown command"
        }
        guard leavesStringsAlone(name) else { return "the command \(name), which cannot be read from a log" }
        return "the command \(name), for data other than strings (--skip-unsupported passes over it)"
    }

    /// Whether a command changes keys of other types only, or no key at all: to pass over it leaves strings right.
    private static func leavesStringsAlone(_ name: String) -> Bool { otherTypes.contains(name) }

    private static let otherTypes: Set<String> = [
        "LPUSH", "RPUSH", "LPUSHX", "RPUSHX", "LPOP", "RPOP", "LMPOP", "BLPOP", "BRPOP", "BLMPOP", "LINSERT", "LSET",
        "LREM", "LTRIM", "RPOPLPUSH", "BRPOPLPUSH", "LMOVE", "BLMOVE",
        "SADD", "SREM", "SPOP", "SMOVE",
        "ZADD", "ZINCRBY", "ZREM", "ZREMRANGEBYSCORE", "ZREMRANGEBYRANK", "ZREMRANGEBYLEX", "ZPOPMIN", "ZPOPMAX",
        "ZMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "GEOADD",
        "HSET", "HSETNX", "HMSET", "HSETEX", "HGETEX", "HGETDEL", "HDEL", "HINCRBY", "HINCRBYFLOAT", "HEXPIRE",
        "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "HPERSIST",
        "XADD", "XDEL", "XDELEX", "XTRIM", "XACK", "XACKDEL", "XCLAIM", "XAUTOCLAIM", "XGROUP", "XREADGROUP", "XSETID",
        "PUBLISH", "SPUBLISH", "FUNCTION", "SCRIPT",
    ]
}
