extension ParityTable {
    // MARK: Connection

    static let connection: [[WireCommand]] = [
        ["PING", "PING hello", "PING a b", "ping", "PING ", "PING \\x00\\x0d\\x0a"],
        ["ECHO", "ECHO a", "ECHO a b", "ECHO "],
        ["SELECT 0", "SELECT 1", "SELECT -1", "SELECT 16", "SELECT abc", "SELECT", "SELECT 0 0", "SELECT "],
        [
            "SET k 0", "SELECT 5", "GET k", "SET k 5", "GET k", "DBSIZE", "MSET k 6 j 1", "EXPIRE j 100", "TTL j",
            "SELECT 0", "GET k", "EXISTS j", "DBSIZE", "SELECT 5", "FLUSHDB", "DBSIZE", "SELECT 0", "GET k",
        ],
        [
            "SELECT 3", "SET k 3", "RESET", "GET k", "SELECT 3", "GETDEL k", "RANDOMKEY", "SCAN 0", "KEYS *",
            "SET k 3", "SELECT 4", "FLUSHALL", "SELECT 3", "EXISTS k",
        ],
        [
            "SET k 1 PXAT 4000000000000", "MOVE k 5", "EXISTS k", "SELECT 5", "PEXPIRETIME k", "MOVE k 0", "MOVE k 0",
            "SET k 2", "MOVE k 0", "GET k", "MOVE k 5", "MOVE k 99", "MOVE k x", "MOVE k -1", "MOVE k", "MOVE k 1 2",
        ],
        [
            "SET a 1 PXAT 4000000000000", "COPY a b", "MGET a b", "PEXPIRETIME b", "COPY a b", "SET a 2",
            "COPY a b REPLACE", "GET b", "COPY a a", "COPY a a DB 3", "COPY a a DB 3", "COPY a a db 3 replace",
            "COPY nope x", "COPY a b DB", "COPY a b DB x", "COPY a b DB 16", "COPY a b FOO", "COPY a", "SELECT 3",
            "MGET a b", "COPY a a DB 0", "COPY a c DB 0", "SELECT 0", "GET c", "COPY nope a REPLACE", "GET a",
        ],
        [
            "SELECT 4", "MSET a 4 only4 1", "SELECT 9", "MSET a 9 only9 1 more9 2", "SWAPDB 4 9", "MGET a only4 only9",
            "DBSIZE", "SELECT 4", "MGET a only4 only9", "DBSIZE", "SWAPDB 4 4", "GET a", "SWAPDB 4 11", "DBSIZE",
            "SELECT 11", "DBSIZE", "SWAPDB 0 11", "DBSIZE", "SELECT 0", "MGET a only9", "SWAPDB 0 0", "DBSIZE",
            "SWAPDB 1 16", "SWAPDB x 1", "SWAPDB 1 x", "SWAPDB -1 1", "SWAPDB 1", "SWAPDB 1 2 3",
        ],
        ["SELECT 2147483648", "SELECT 9223372036854775808", "SELECT -2147483649", "SELECT 2147483647"],
        ["AUTH", "AUTH x", "AUTH default x", "AUTH default ", "AUTH nobody x", "AUTH a b c", "AUTH ", "PING"],
        ["RESET", "RESET x", "PING", "GET k"],
        ["CLIENT SETNAME me", "CLIENT GETNAME", "RESET", "CLIENT GETNAME", "HELLO 3", "RESET", "GET nope", "HELLO"],
        ["HELLO", "HELLO 2", "GET nope", "HELLO 3", "GET nope", "HELLO", "HELLO 2", "GET nope"],
        ["HELLO 1", "HELLO 4", "HELLO abc", "HELLO 0", "HELLO -1", "HELLO 9223372036854775808", "HELLO ", "GET nope"],
        ["HELLO 3 SETNAME me", "CLIENT GETNAME", "HELLO 2 SETNAME", "HELLO 2 FOO", "HELLO 2 AUTH", "HELLO 2 AUTH a"],
        [
            "HELLO 3 AUTH default x", "GET nope", "HELLO 2 AUTH nobody x", "GET nope",
            "HELLO 2 AUTH default x SETNAME he",
        ],
        [
            "CLIENT GETNAME", "HELLO 3 SETNAME a\\x20b", "GET nope", "HELLO 2 AUTH default x SETNAME b FOO",
            "CLIENT GETNAME",
        ],
        ["HELLO 3 SETNAME me AUTH nobody x", "CLIENT GETNAME", "GET nope", "HELLO SETNAME x"],
        ["CLIENT", "CLIENT FOO", "CLIENT ID", "CLIENT ID x", "CLIENT id", "CLIENT GETNAME x", "CLIENT SETNAME"],
        ["CLIENT GETNAME", "CLIENT SETNAME a", "CLIENT GETNAME", "CLIENT SETNAME ", "CLIENT GETNAME"],
        [
            "CLIENT SETNAME a\\x20b", "CLIENT SETNAME a\\x0ab", "CLIENT SETNAME a\\xffb", "CLIENT SETNAME a b",
            "CLIENT GETNAME",
        ],
        ["CLIENT SETNAME \\x21\\x7e", "CLIENT GETNAME", "CLIENT SETNAME \\x7f", "CLIENT SETNAME \\x00"],
        ["CLIENT LIST", "CLIENT LIST TYPE", "CLIENT LIST TYPE foo", "CLIENT LIST TYPE normal", "CLIENT LIST FOO"],
        [
            "CLIENT LIST TYPE master", "CLIENT LIST TYPE pubsub", "CLIENT LIST ID", "CLIENT LIST ID x",
            "CLIENT LIST ID 99999",
        ],
        ["CLIENT LIST TYPE normal x", "CLIENT LIST ID 99999 x", "CLIENT INFO", "CLIENT INFO x", "CLIENT LIST ID 0"],
        [
            "CLIENT KILL", "CLIENT KILL 1.2.3.4:5", "CLIENT KILL ADDR", "CLIENT KILL ADDR 1.2.3.4:5",
            "CLIENT KILL ID abc",
        ],
        [
            "CLIENT KILL ID 0", "CLIENT KILL ID -1", "CLIENT KILL ID 999999", "CLIENT KILL TYPE foo",
            "CLIENT KILL TYPE pubsub",
        ],
        [
            "CLIENT KILL TYPE master", "CLIENT KILL USER nobody", "CLIENT KILL SKIPME foo",
            "CLIENT KILL ID 999999 SKIPME",
        ],
        ["CLIENT KILL LADDR 1.2.3.4:5", "CLIENT KILL ID 999999 ADDR 1.2.3.4:5 SKIPME no", "CLIENT KILL FOO bar"],
        ["CLIENT KILL id 999999 SKIPME YES", "CLIENT KILL ID 999999 FOO", "CLIENT KILL ADDR 1 LADDR 2 USER default"],
        [
            "CLIENT NO-EVICT", "CLIENT NO-EVICT on", "CLIENT NO-EVICT OFF", "CLIENT NO-EVICT maybe",
            "CLIENT NO-EVICT on off",
        ],
        ["CLIENT SETNAME a\\x00b", "CLIENT getname", "CLIENT sEtNaMe x", "CLIENT GetName"],
        ["QUIT"], ["QUIT now"],
    ]

    // MARK: Server

    static let server: [[WireCommand]] = [
        ["FOO", "FOO bar", "FOO bar baz", "foo  ", "FOO \\x00bar", "F\\x00OO x", "FO\\x0d\\x0aO a\\x0d\\x0ab"],
        [WireCommand(text: "FOO " + (0..<40).map { "word\($0)" }.joined(separator: " "))],
        [WireCommand(text: String(repeating: "X", count: 300))],
        [WireCommand(text: String(repeating: "X", count: 130) + " " + String(repeating: "y", count: 300) + " z")],
        [WireCommand(text: "FOO " + String(repeating: "y", count: 127) + " z"), ["FOO"]],
        [WireCommand(text: "FOO " + String(repeating: "y", count: 128) + " z"), ["FOO", ""]],
        [[""], ["", "a"], [" "], ["GET "], [" GET", "k"]],
        // Not a command's name and a zero: Redis takes that for the name where its table's random hash happens to put
        // both into one bucket.
        ["\\x00", "G\\x00T k"],
        [
            "COMMAND", "COMMAND COUNT", "COMMAND COUNT x", "COMMAND FOO", "COMMAND INFO", "COMMAND INFO get",
            "COMMAND INFO foo",
        ],
        [
            "COMMAND GETKEYS get k", "COMMAND GETKEYS get", "COMMAND GETKEYS", "COMMAND GETKEYS foo k",
            "COMMAND GETKEYS ping x", "COMMAND GETKEYS mset a 1 b 2", "COMMAND GETKEYS get a b",
            "COMMAND GETKEYS rename a b", "COMMAND GETKEYS set a b NX", "COMMAND GETKEYS config get",
            "COMMAND GETKEYSANDFLAGS set a b", "COMMAND GETKEYSANDFLAGS set a b GET",
            "COMMAND GETKEYSANDFLAGS rename a b", "COMMAND GETKEYSANDFLAGS del a b", "COMMAND GETKEYSANDFLAGS getex a",
            "COMMAND GETKEYSANDFLAGS append a b", "COMMAND GETKEYSANDFLAGS foo a", "COMMAND GETKEYSANDFLAGS",
        ],
        [
            "COMMAND LIST FILTERBY", "COMMAND LIST FILTERBY PATTERN", "COMMAND LIST FILTERBY PATTERN a b",
            "COMMAND LIST FILTERBY PATTERN xyz*", "COMMAND LIST FILTERBY pattern getrange",
            "COMMAND LIST FILTERBY aclcat nosuch", "COMMAND LIST FILTERBY MODULE nosuch", "COMMAND LIST FOO a b",
            "COMMAND LIST FILTERBY foo a", "COMMAND LIST FILTERBY PATTERN config|[gs]et", "COMMAND LIST",
        ],
        [
            "SLOWLOG", "SLOWLOG FOO", "SLOWLOG LEN x", "SLOWLOG RESET x", "SLOWLOG RESET", "SLOWLOG GET -2",
            "SLOWLOG GET x", "SLOWLOG GET", "SLOWLOG GET 3", "SLOWLOG GET -1", "SLOWLOG LEN",
        ],
        ["COMMAND DOCS", "COMMAND DOCS get", "COMMAND DOCS foo", "COMMAND count", "COMMAND INFO get foo set"],
        ["INFO", "INFO server", "INFO server clients", "INFO nope", "INFO all", "INFO EVERYTHING", "INFO default"],
        [
            "CONFIG", "CONFIG FOO", "CONFIG GET", "CONFIG GET nope", "CONFIG GET maxmemory-policy", "CONFIG SET",
            "CONFIG SET a",
        ],
        ["CONFIG GET maxmemory", "CONFIG GET MAXMEMORY", "CONFIG GET maxmemory maxmemory", "CONFIG GET databases"],
        ["CONFIG SET maxmemory 100mb", "CONFIG GET maxmemory", "CONFIG SET maxmemory 0", "CONFIG GET maxmemory"],
        ["CONFIG SET maxmemory abc", "CONFIG SET nope 1", "CONFIG SET maxmemory", "CONFIG SET maxmemory 0 nope"],
        ["CONFIG SET port 1 nope 2", "CONFIG RESETSTAT", "CONFIG RESETSTAT x", "CONFIG GET appendonly save"],
        [
            "TIME", "TIME x", "DBSIZE x y", "SHUTDOWN FOO", "SHUTDOWN SAVE NOSAVE", "SHUTDOWN ABORT",
            "SHUTDOWN ABORT NOW",
        ],
        ["BGSAVE x", "BGSAVE SCHEDULE x", "BGSAVE x SCHEDULE", "SAVE x", "BGREWRITEAOF x", "LASTSAVE x", "LASTSAVE"],
        ["SAVE"], ["BGSAVE SCHEDULE"],
        ["CONFIG SET appendfsync sometimes", "CONFIG SET appendonly maybe", "CONFIG SET dir /nowhere"],
        [
            "CONFIG SET auto-aof-rewrite-percentage x", "CONFIG SET auto-aof-rewrite-percentage -1",
            "CONFIG SET auto-aof-rewrite-percentage 50", "CONFIG GET auto-aof-rewrite-percentage",
        ],
        [
            "CONFIG SET auto-aof-rewrite-min-size x", "CONFIG SET auto-aof-rewrite-min-size 5mb",
            "CONFIG GET auto-aof-rewrite-min-size", "CONFIG SET auto-aof-rewrite-min-size 64mb",
            "CONFIG SET auto-aof-rewrite-percentage 100",
        ],
        [
            "ROLE", "ROLE x", "WAIT 0 0", "WAIT 0 x", "WAIT x 0", "WAIT 0 -1", "WAIT 0", "REPLICAOF no one",
            "SLAVEOF NO ONE",
        ],
        ["READONLY", "READWRITE", "ASKING", "FAILOVER", "LOLWUT", "LOLWUT x", "REPLICAOF no", "PSYNC ?", "READONLY x"],
        [
            "CLUSTER", "CLUSTER FOO", "CLUSTER INFO", "CLUSTER info", "CLUSTER NODES", "CLUSTER SLOTS",
            "CLUSTER SHARDS",
            "CLUSTER MYID", "CLUSTER KEYSLOT", "CLUSTER KEYSLOT a", "CLUSTER COUNTKEYSINSLOT 1", "CLUSTER RESET HARD",
            "CLUSTER MEET 1 2", "CLUSTER MEET 1", "CLUSTER SETSLOT 1 STABLE", "CLUSTER INFO x", "CLUSTER REPLICAS x",
        ],
        ["MODULE", "MODULE LIST", "MODULE LIST x", "MODULE FOO", "MODULE LOAD", "MODULE LOAD x", "MODULE UNLOAD x"],
        [
            "LATENCY LATEST", "LATENCY HISTORY x", "LATENCY HISTORY", "LATENCY RESET", "LATENCY RESET a b",
            "LATENCY GRAPH x", "LATENCY HISTOGRAM nope", "LATENCY DOCTOR", "LATENCY FOO", "LATENCY LATEST x", "LATENCY",
        ],
        [
            "FUNCTION LIST", "FUNCTION LIST FOO", "FUNCTION LIST LIBRARYNAME", "FUNCTION LIST LIBRARYNAME a WITHCODE",
            "FUNCTION LIST WITHCODE WITHCODE", "FUNCTION STATS", "FUNCTION DUMP", "FUNCTION FLUSH",
            "FUNCTION FLUSH ASYNC", "FUNCTION FLUSH x", "FUNCTION FLUSH SYNC x", "FUNCTION DELETE x", "FUNCTION KILL",
            "FUNCTION RESTORE x", "FUNCTION RESTORE x y", "FUNCTION RESTORE x FLUSH",
            "FUNCTION RESTORE \\x0a\\x00\\x5d\\x9b\\x5c\\x40\\x0f\\x7f\\xa2\\xda replace", "FUNCTION LOAD x",
            "FUNCTION FOO", "FUNCTION",
        ],
        [
            "MEMORY USAGE nope", "MEMORY USAGE nope SAMPLES", "MEMORY USAGE nope SAMPLES x", "MEMORY USAGE nope FOO 1",
            "MEMORY USAGE nope SAMPLES -1", "MEMORY USAGE nope SAMPLES 0", "SET k v", "MEMORY USAGE k", "MEMORY PURGE",
            "MEMORY STATS", "MEMORY DOCTOR", "MEMORY MALLOC-STATS", "MEMORY FOO", "MEMORY USAGE", "MEMORY", "DEBUG",
            "DEBUG SLEEP 0",
        ],
        [
            "OBJECT ENCODING nope", "OBJECT FREQ nope", "OBJECT IDLETIME nope", "OBJECT REFCOUNT nope", "OBJECT FOO",
            "SET k 123", "OBJECT ENCODING k", "OBJECT REFCOUNT k", "OBJECT FREQ k", "OBJECT IDLETIME k", "SET k 10000",
            "OBJECT REFCOUNT k", "OBJECT ENCODING k", "SET k -1", "OBJECT REFCOUNT k", "SET k hello",
            "OBJECT ENCODING k", "OBJECT REFCOUNT k", "SET k 12345678901234567890123456789012345678901234",
            "OBJECT ENCODING k", "SET k 123456789012345678901234567890123456789012345", "OBJECT ENCODING k",
            "SET k 9223372036854775807", "OBJECT ENCODING k", "SET k 9223372036854775808", "OBJECT ENCODING k",
            "OBJECT ENCODING", "OBJECT ENCODING k x", "OBJECT",
        ],
        ["SHUTDOWN NOSAVE SAVE", "SHUTDOWN NOW FOO", "SHUTDOWN NOSAVE ABORT", "PING"],
    ]
}
