extension ParityTable {
    /// Commands that change a part of a value, count, or rename.
    static let changes: [[WireCommand]] =
        [
            ["INCR k", "INCR k", "DECR k", "GET k", "INCRBY k 10", "DECRBY k 3", "DECR k", "GET k", "STRLEN k"],
            ["INCR", "INCR a b", "DECR", "INCRBY k", "INCRBY k 1 2", "DECRBY k", "INCRBYFLOAT k", "INCRBYFLOAT k 1 2"],
            ["SET k 9223372036854775807", "INCR k", "INCRBY k 1", "DECR k", "INCRBY k -1", "INCRBY k 2", "GET k"],
            ["SET k -9223372036854775808", "DECR k", "DECRBY k 1", "INCRBY k -1", "DECRBY k -9223372036854775808"],
            [
                "SET k 10 EX 1000", "INCR k", "TTL k", "INCRBYFLOAT k 1", "TTL k", "APPEND k 0", "TTL k",
                "SETRANGE k 0 2",
            ],
            ["SET k 10 EX 1000", "SETBIT k 1 1", "TTL k", "SETRANGE k 0 2", "TTL k", "GETSET k 3", "TTL k", "GET k"],
            [
                "INCRBYFLOAT k 3.0e3", "INCRBYFLOAT k 200", "INCRBYFLOAT k -5200", "INCRBYFLOAT k 0.1",
                "INCRBYFLOAT k 0.2",
            ],
            [
                "SET k 1.50", "INCRBYFLOAT k 0", "GET k", "INCRBYFLOAT k -1.5", "INCRBYFLOAT k -0",
                "INCRBYFLOAT k 1e-18",
            ],
            ["SET k 3.0e3", "INCRBYFLOAT k 1", "SET k 0x10", "INCRBYFLOAT k 1", "SET k -inf", "INCRBYFLOAT k 1"],
            [
                "SET k inf", "INCRBYFLOAT k -inf", "SET k 1e4932", "INCRBYFLOAT k 1e4932", "INCRBYFLOAT k 9e4932",
                "GET k",
            ],
            ["SET k 17179869184", "INCRBYFLOAT k 1.5", "SET k 9223372036854775807", "INCRBYFLOAT k 1", "GET k"],
            [
                "APPEND k a", "APPEND k bc", "GET k", "APPEND k ", "APPEND n ", "EXISTS n", "APPEND", "APPEND k",
                "GET k",
            ],
            ["APPEND k \\x00\\xff", "APPEND k \\x0d\\x0a", "GET k", "STRLEN k"],
            [
                "GETSET k a", "GETSET k b", "GET k", "GETSET", "GETSET k", "GETSET k a b", "SET k v EX 100",
                "GETSET k w",
            ],
            ["SETRANGE k 3 ab", "GET k", "SETRANGE k 0 xy", "GET k", "SETRANGE k 1 ", "SETRANGE n 5 ", "EXISTS n"],
            ["SET k hello", "SETRANGE k 5 !", "SETRANGE k 9 !", "GET k", "SETRANGE k -1 x", "SETRANGE k 9999999999 x"],
            ["SETRANGE", "SETRANGE k", "SETRANGE k 1", "SETRANGE k 1 a b", "SETRANGE k abc x", "EXISTS k"],
            [
                "SET k hello", "GETRANGE k 0 -1", "GETRANGE k 1 3", "GETRANGE k -3 -1", "GETRANGE k -1 -3",
                "GETRANGE k 3 1", "GETRANGE k 4 100", "GETRANGE k 5 100", "GETRANGE k -100 1", "GETRANGE k -100 -50",
                "GETRANGE k 0 -100", "GETRANGE k -1 0", "SUBSTR k 1 2", "GETRANGE nope 0 1", "GETRANGE nope a 1",
                "GETRANGE k 0 b", "GETRANGE", "GETRANGE k", "GETRANGE k 1", "GETRANGE k 1 2 3", "SUBSTR",
            ],
            ["SET k 12345", "GETRANGE k 0 2", "SET k ", "GETRANGE k 0 -1", "GETRANGE k 0 0", "GETRANGE k -1 -1"],
            [
                "SETBIT k 7 1", "GET k", "GETBIT k 7", "GETBIT k 6", "GETBIT k 100", "SETBIT k 7 0", "SETBIT k 7 0",
                "STRLEN k", "SETBIT k 20 0", "STRLEN k", "GETBIT n 0", "SETBIT k -1 1", "SETBIT k 1 2", "SETBIT k 1 x",
                "SETBIT k x 1", "GETBIT k -1", "GETBIT k x", "SETBIT k 4294967296 1", "GETBIT k 4294967296", "SETBIT k",
                "GETBIT k", "GETBIT k 1 2",
            ],
            [
                "MSETNX a 1 b 2", "MGET a b", "MSETNX b 3 c 4", "MGET a b c", "MSETNX c 1 c 2", "GET c", "MSETNX",
                "MSETNX a",
            ],
            ["MSETNX a 1 b", "SET a 1 EX 1000", "MSETNX a 2", "TTL a"],
            [
                "RENAME a b", "SET a 1", "RENAME a b", "MGET a b", "RENAME b b", "GET b", "SET c 3 EX 1000",
                "RENAME c b", "GET b", "TTL b", "EXISTS c", "RENAME", "RENAME a", "RENAME a b c", "RENAME x x",
            ],
            [
                "RENAMENX a b", "MSET a 1 b 2", "RENAMENX a b", "MGET a b", "DEL b", "RENAMENX a b", "MGET a b",
                "RENAMENX b b", "RENAMENX x x", "RENAMENX x b", "RENAMENX a", "SET b 1 EX 1000", "SET a 2",
                "RENAME a b", "TTL b",
            ],
            [
                "MSET a ohmytext b mynewtext", "LCS a b", "LCS a b LEN", "LCS a b IDX", "LCS a b IDX MINMATCHLEN 4",
                "LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", "LCS a b IDX LEN", "LCS a b FOO", "LCS a b MINMATCHLEN",
                "LCS a b IDX MINMATCHLEN x", "LCS a nope", "LCS nope nope IDX", "LCS a a IDX WITHMATCHLEN", "LCS a",
                "LCS b a idx withmatchlen minmatchlen -1", "LCS a b IDX MINMATCHLEN 9223372036854775807",
            ],
        ] + each("INCRBY k #") + each("DECRBY k #") + each("INCRBYFLOAT k #")
        + each("SET k #", before: ["GET k"]).map {
            $0 + ["INCR k", "INCRBYFLOAT k 1"]
        } + each("GETRANGE k # 3", before: ["SET k hello"]) + each("GETRANGE k 1 #", before: ["SET k hello"])
        // Larger offsets are beyond our longest value, and within Redis'.
        + each("GETBIT k #", before: ["SET k v"]).filter { !$0[1].description.contains("2147483648") }
}
