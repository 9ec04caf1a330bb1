import RESP

/// What `COMMAND DOCS` tells of a command, or of a subcommand.
struct CommandDocumentation {
    var summary: String
    /// The release of Redis that first had it.
    var since: String
    var group = "generic"
    var complexity = "O(1)"
    /// As ``CommandSyntax`` reads it.
    var syntax = ""

    private static let time =
        "EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds"

    init(
        _ summary: String, since: String, group: String = "generic", complexity: String = "O(1)", _ syntax: String = ""
    ) {
        self.summary = summary
        self.since = since
        self.group = group
        self.complexity = complexity
        self.syntax = syntax
    }

    /// Writes the command's name and its documentation, as a pair of a map.
    func write(_ name: String, subcommands: [(String, CommandDocumentation)] = [], to reply: inout ReplyBuffer) {
        reply.bulk(name)
        let syntax = CommandSyntax(syntax)
        reply.map(4 + (syntax.arguments.isEmpty ? 0 : 1) + (subcommands.isEmpty ? 0 : 1))
        for (field, value) in [("summary", summary), ("since", since), ("group", group), ("complexity", complexity)] {
            reply.bulk(field)
            reply.bulk(value)
        }
        if !syntax.arguments.isEmpty {
            reply.bulk("arguments")
            syntax.write(to: &reply)
        }
        if !subcommands.isEmpty {
            reply.bulk("subcommands")
            reply.map(subcommands.count)
            for (name, documentation) in subcommands { documentation.write(name, to: &reply) }
        }
    }

    init(of command: Command.ID) {
        switch command {
        case .get: self.init("Gets the value of a key.", since: "1.0.0", group: "string", "key")
        case .set:
            self.init(
                "Sets the value of a key, with a time to live if one is given. A revocation's only grows.",
                since: "1.0.0", group: "string",
                "key value [NX | XX | IFEQ value | IFNE value] [GET] [\(Self.time) | KEEPTTL]")
        case .setex:
            self.init(
                "Sets a value and a time to live in seconds: how a token is revoked.", since: "2.0.0", group: "string",
                "key seconds value")
        case .psetex:
            self.init(
                "Sets a value and a time to live in milliseconds.", since: "2.6.0", group: "string",
                "key milliseconds value")
        case .setnx:
            self.init("Sets the value of a key that is not there.", since: "1.0.0", group: "string", "key value")
        case .getdel: self.init("Gets the value of a key and deletes it.", since: "6.2.0", group: "string", "key")
        case .getex:
            self.init(
                "Gets the value of a key and gives it another expiry.", since: "6.2.0", group: "string",
                "key [\(Self.time) | PERSIST]")
        case .mget:
            self.init("Gets the values of several keys.", since: "1.0.0", group: "string", complexity: "O(N)", "key...")
        case .mset:
            self.init(
                "Sets several keys, all or none.", since: "1.0.1", group: "string", complexity: "O(N)", "(key value)..."
            )
        case .getset:
            self.init("Sets a value, and gets the one before.", since: "1.0.0", group: "string", "key value")
        case .msetnx:
            self.init(
                "Sets several keys if none of them is there.", since: "1.0.1", group: "string", complexity: "O(N)",
                "(key value)...")
        case .msetex:
            self.init(
                "Sets several keys, all or none, with one expiry.", since: "8.4.0", group: "string",
                complexity: "O(N)", "numkeys (key value)... [NX | XX] [\(Self.time) | KEEPTTL]")
        case .incr: self.init("Adds one to a number.", since: "1.0.0", group: "string", "key")
        case .decr: self.init("Takes one off a number.", since: "1.0.0", group: "string", "key")
        case .incrby: self.init("Adds to a number.", since: "1.0.0", group: "string", "key increment")
        case .decrby: self.init("Takes something off a number.", since: "1.0.0", group: "string", "key decrement")
        case .incrbyfloat:
            self.init("Adds to a number with a fraction.", since: "2.6.0", group: "string", "key increment")
        case .append: self.init("Appends to a value.", since: "2.0.0", group: "string", "key value")
        case .getrange:
            self.init("Gets a part of a value.", since: "2.4.0", group: "string", complexity: "O(N)", "key start end")
        case .substr:
            self.init("Gets a part of a value.", since: "1.0.0", group: "string", complexity: "O(N)", "key start end")
        case .setrange:
            self.init("Overwrites a part of a value.", since: "2.2.0", group: "string", "key offset value")
        case .lcs:
            self.init(
                "Finds the longest common subsequence of two values.", since: "7.0.0", group: "string",
                complexity: "O(N*M)", "key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]")
        case .getbit: self.init("Gets a bit of a value.", since: "2.2.0", group: "bitmap", "key offset")
        case .setbit:
            self.init(
                "Sets a bit of a value, and gets the one before.", since: "2.2.0", group: "bitmap", "key offset value")
        case .delex:
            self.init(
                "Deletes a key if its value is, or is not, the one given.", since: "8.4.0", group: "string",
                "key [IFEQ value | IFNE value]")
        case .delifeq:
            self.init("Deletes a key if its value is the one given.", since: "9.0.0", group: "string", "key value")
        case .rename: self.init("Renames a plain key.", since: "1.0.0", "key newkey")
        case .renamenx:
            self.init("Renames a plain key if there is none of the new name.", since: "1.0.0", "key newkey")
        case .move: self.init("Moves a plain key to another database.", since: "1.0.0", "key db")
        case .copy:
            self.init(
                "Copies a plain key to another one.", since: "6.2.0",
                "source destination [DB destination-db] [REPLACE]")
        case .swapdb:
            self.init(
                "Exchanges the plain keys of two databases.", since: "4.0.0", group: "server", complexity: "O(N)",
                "index1 index2")
        case .strlen: self.init("Gets the length of a value.", since: "2.2.0", group: "string", "key")
        case .exists: self.init("Counts which keys are there.", since: "1.0.0", complexity: "O(N)", "key...")
        case .type: self.init("Tells the type of a value: string or none.", since: "1.0.0", "key")
        case .del: self.init("Deletes keys; of a revocation: undoes it.", since: "1.0.0", complexity: "O(N)", "key...")
        case .unlink:
            self.init("Deletes keys; of a revocation: undoes it.", since: "4.0.0", complexity: "O(N)", "key...")
        case .touch: self.init("Counts which keys are there.", since: "3.2.1", complexity: "O(N)", "key...")
        case .scan:
            self.init(
                "Walks over the keys, some at a time.", since: "2.8.0", complexity: "O(1) a call",
                "cursor [MATCH pattern] [COUNT count] [TYPE type]")
        case .keys: self.init("Lists the keys that match a pattern.", since: "1.0.0", complexity: "O(N)", "pattern")
        case .randomkey: self.init("Gets a key at random.", since: "1.0.0")
        case .ttl: self.init("Gets the time that a key has left, in seconds.", since: "1.0.0", "key")
        case .pttl: self.init("Gets the time that a key has left, in milliseconds.", since: "2.6.0", "key")
        case .expire:
            self.init("Sets a key's time to live in seconds.", since: "1.0.0", "key seconds [NX | XX | GT | LT]")
        case .pexpire:
            self.init(
                "Sets a key's time to live in milliseconds.", since: "2.6.0", "key milliseconds [NX | XX | GT | LT]")
        case .expireat:
            self.init("Sets a key's expiry.", since: "1.2.0", "key unix-time-seconds [NX | XX | GT | LT]")
        case .pexpireat:
            self.init("Sets a key's expiry.", since: "2.6.0", "key unix-time-milliseconds [NX | XX | GT | LT]")
        case .expiretime: self.init("Gets a key's expiry in Unix seconds.", since: "7.0.0", "key")
        case .pexpiretime: self.init("Gets a key's expiry in Unix milliseconds.", since: "7.0.0", "key")
        case .persist: self.init("Takes a plain key's expiry away.", since: "2.2.0", "key")
        case .ping: self.init("Answers PONG, or the message.", since: "1.0.0", group: "connection", "[message]")
        case .echo: self.init("Answers the message.", since: "1.0.0", group: "connection", "message")
        case .hello:
            self.init(
                "Chooses the version of the protocol, and tells about the server.", since: "6.0.0", group: "connection",
                "[protover [AUTH username password] [SETNAME clientname]]")
        case .auth:
            self.init("Authenticates the connection.", since: "1.0.0", group: "connection", "[username] password")
        case .quit: self.init("Closes the connection.", since: "1.0.0", group: "connection")
        case .reset: self.init("Makes the connection as it was when new.", since: "6.2.0", group: "connection")
        case .select: self.init("Chooses a database.", since: "1.0.0", group: "connection", "index")
        case .client: self.init("Connections: the own one and others.", since: "2.4.0", group: "connection")
        case .command:
            self.init("Tells about all commands.", since: "2.8.13", group: "server", complexity: "O(N)")
        case .info: self.init("Tells how the server is doing.", since: "1.0.0", group: "server", "[section...]")
        case .config: self.init("The settings.", since: "2.0.0", group: "server")
        case .acl: self.init("Users, and what they may do.", since: "6.0.0", group: "server")
        case .object: self.init("Tells about a key's value.", since: "2.2.3")
        case .memory: self.init("What entries take.", since: "4.0.0", group: "server")
        case .latency: self.init("Events are not sampled.", since: "2.8.13", group: "server")
        case .cluster: self.init("There is no cluster.", since: "3.0.0", group: "cluster")
        case .module: self.init("There are no modules.", since: "4.0.0", group: "server")
        case .function: self.init("There are no functions.", since: "7.0.0", group: "scripting")
        case .role:
            self.init("Tells that this is a primary, and which replicas it has.", since: "2.8.12", group: "server")
        case .wait:
            self.init(
                "Waits until so many replicas have what was written before.", since: "3.0.0", group: "generic",
                "numreplicas timeout")
        case .replicaof: self.init("Takes NO ONE, which ends an import.", since: "5.0.0", group: "server", "host port")
        case .slaveof: self.init("Takes NO ONE, which ends an import.", since: "1.0.0", group: "server", "host port")
        case .replconf: self.init("What a replica says of itself.", since: "3.0.0", group: "server")
        case .psync: self.init("Copies this server.", since: "2.8.0", group: "server", "replicationid offset")
        case .sync: self.init("Is refused.", since: "1.0.0", group: "server")
        case .lease: self.init("Leases of followers.", since: "7.0.0", group: "server")
        case .failover: self.init("Answers that there is no replica.", since: "6.2.0", group: "server")
        case .readonly, .readwrite: self.init("Answers that there is no cluster.", since: "3.0.0", group: "cluster")
        case .asking: self.init("Answers that there is no cluster.", since: "3.0.0", group: "cluster")
        case .debug: self.init("Is refused.", since: "1.0.0", group: "server")
        case .lolwut: self.init("Tells the version of Redis.", since: "5.0.0", group: "server", "[VERSION version]")
        case .slowlog: self.init("Commands that took long.", since: "2.2.12", group: "server")
        case .dbsize: self.init("Counts the keys.", since: "1.0.0", group: "server")
        case .time: self.init("Gets the server's time, which never goes back.", since: "2.6.0", group: "server")
        case .subscribe:
            self.init("Listens to channels.", since: "2.0.0", group: "pubsub", complexity: "O(N)", "channel...")
        case .unsubscribe:
            self.init("Ends listening to channels.", since: "2.0.0", group: "pubsub", "[channel...]")
        case .psubscribe:
            self.init(
                "Listens to the channels that match patterns.", since: "2.0.0", group: "pubsub", complexity: "O(N)",
                "pattern...")
        case .punsubscribe:
            self.init("Ends listening to patterns.", since: "2.0.0", group: "pubsub", "[pattern...]")
        case .ssubscribe:
            self.init(
                "Listens to shard channels.", since: "7.0.0", group: "pubsub", complexity: "O(N)", "shardchannel...")
        case .sunsubscribe:
            self.init("Ends listening to shard channels.", since: "7.0.0", group: "pubsub", "[shardchannel...]")
        case .publish:
            self.init(
                "Sends a message to a channel.", since: "2.0.0", group: "pubsub", complexity: "O(N+M)",
                "channel message")
        case .spublish:
            self.init(
                "Sends a message to a shard channel.", since: "7.0.0", group: "pubsub", complexity: "O(N)",
                "shardchannel message")
        case .monitor:
            self.init("Shows the commands that are executed, without secrets.", since: "1.0.0", group: "server")
        case .pubsub: self.init("Tells who listens to what.", since: "2.8.0", group: "pubsub")
        case .shutdown:
            self.init("Ends the server.", since: "1.0.0", group: "server", "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]")
        case .flushdb, .flushall:
            self.init(
                "Deletes all keys, and gives the denylist a new epoch.", since: "1.0.0", group: "server",
                complexity: "O(N)", "[ASYNC | SYNC]")
        case .save:
            self.init(
                "Writes a snapshot, and answers when it is on disk.", since: "1.0.0", group: "server",
                complexity: "O(N)")
        case .bgsave:
            self.init(
                "Writes a snapshot in the background.", since: "1.0.0", group: "server", complexity: "O(N)",
                "[SCHEDULE]")
        case .bgrewriteaof:
            self.init("Rewrites the log in the background.", since: "1.0.0", group: "server", complexity: "O(N)")
        case .lastsave: self.init("Gets the time of the last snapshot.", since: "1.0.0", group: "server")
        case .eval, .evalReadOnly:
            self.init(
                "Executes a well-known script for locks or caches. There is no Lua.", since: "2.6.0",
                group: "scripting", "script numkeys [key...] [arg...]")
        case .evalsha, .evalshaReadOnly:
            self.init(
                "Executes a well-known script by its SHA-1.", since: "2.6.0", group: "scripting",
                "sha1 numkeys [key...] [arg...]")
        case .script: self.init("Well-known scripts.", since: "2.6.0", group: "scripting")
        case .multi: self.init("Begins a transaction.", since: "1.2.0", group: "transactions")
        case .exec:
            self.init(
                "Executes the transaction's commands: others see all of them done or none, and so does the disk.",
                since: "1.2.0", group: "transactions", complexity: "That of the commands")
        case .watch:
            self.init(
                "Has the next EXEC do nothing if one of the keys is changed before it.", since: "2.2.0",
                group: "transactions", complexity: "O(N)", "key...")
        case .unwatch: self.init("Watches no key any more.", since: "2.2.0", group: "transactions")
        case .discard: self.init("Forgets the transaction.", since: "2.0.0", group: "transactions", complexity: "O(N)")
        }
    }
}
