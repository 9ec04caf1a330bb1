extension ParityTable {
    // MARK: Connection

    static let connection: [[WireCommand]] = [
        ["PING", "PING hello", "PING a b", "ping", "PING ", "PING \\x00\\x0d\\x0a"],
        ["ECHO", "ECHO a", "ECHO a b", "ECHO "],
        ["SELECT 0", "SELECT 1", "SELECT -1", "SELECT 16", "SELECT abc", "SELECT", "SELECT 0 0", "SELECT "],
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
        ["GET\\x00 k", "GET\\x00\\x00 k", "PING\\x00", "\\x00", "SET\\x00 k v", "G\\x00T k"],
        [
            "COMMAND", "COMMAND COUNT", "COMMAND COUNT x", "COMMAND FOO", "COMMAND INFO", "COMMAND INFO get",
            "COMMAND INFO foo",
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
        ["SHUTDOWN NOSAVE SAVE", "SHUTDOWN NOW FOO", "SHUTDOWN NOSAVE ABORT", "PING"],
    ]
}
