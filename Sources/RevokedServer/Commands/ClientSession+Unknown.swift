import RESP

extension ClientSession {
    /// Redis' text: the name and what follows it, each cut at 128 bytes and at a zero. A command for another type than
    /// strings gets advice behind that.
    mutating func refuseUnknown(_ arguments: Arguments, _ context: inout ServingContext) {
        transaction?.abort()
        if let stranger = Stranger(command: arguments[0]) { return dismiss(stranger, &context) }
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
        if let name = arguments[0].lowercasedWord, let type = OtherType.of(name) {
            text += "- this server keeps strings, no \(type.rawValue): \(type.advice)".utf8
        }
        context.counters.add(to: .unknownCommands)
        context.fail(bytes: text)
    }

    static func cut(_ bytes: RawSpan, at limit: Int) -> [UInt8] {
        bytes.withUnsafeBytes { Array($0.prefix(limit).prefix { $0 != 0 }) }
    }
}

/// The types of Redis that the daemon does not have, and the commands of each.
private enum OtherType: String, CaseIterable {
    case sets
    case sortedSets = "sorted sets"
    case hashes, lists, streams, geographies, counters

    /// What to configure instead.
    var advice: String {
        switch self {
        case .lists, .streams: "run queues on another server (Operating, Frameworks)"
        case .sets, .sortedSets: "use a cache store without tags (Operating, Frameworks)"
        case .hashes: "use a store that writes whole values (Operating, Frameworks)"
        case .geographies, .counters: "keep those on another server (Operating, Frameworks)"
        }
    }

    private var commands: String {
        switch self {
        case .sets:
            "sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop "
                + "srandmember srem sscan sunion sunionstore"
        case .sortedSets:
            "bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount "
                + "zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem "
                + "zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank "
                + "zscan zscore zunion zunionstore"
        case .hashes:
            "hdel hexists hexpire hget hgetall hgetdel hgetex hincrby hincrbyfloat hkeys hlen hmget hmset hpexpire "
                + "hrandfield hscan hset hsetex hsetnx hstrlen hvals"
        case .lists:
            "blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset "
                + "ltrim rpop rpoplpush rpush rpushx sort sort_ro"
        case .streams:
            "xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim"
        case .geographies:
            "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch "
                + "geosearchstore"
        case .counters: "bitcount bitfield bitfield_ro bitop bitpos pfadd pfcount pfmerge"
        }
    }

    private static let byCommand: [String: OtherType] = {
        let pairs = allCases.flatMap { type in type.commands.split(separator: " ").map { (String($0), type) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }()

    static func of(_ command: String) -> OtherType? { byCommand[command] }
}
