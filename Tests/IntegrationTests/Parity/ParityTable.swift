/// The hand-written cases: each a conversation that begins with an empty store.
enum ParityTable {
    static let numbers = [
        "0", "1000000", "-1", "-0", "+1", "01", "", "abc", "1.5", " 1", "1 ", "1e3", "0x10", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "99999999999999999999999", "9223372036854775", "9223372036854776",
        "-9223372036854775", "-9223372036854776", "4294967296", "2147483648", "-2147483649",
    ]

    /// One command with each of the numbers in the place of `#`.
    static func each(_ template: String, before: [WireCommand] = []) -> [[WireCommand]] {
        numbers.map { number in
            let words = template.split(separator: " ").map { $0 == "#" ? Bytes(number.utf8) : Bytes($0.utf8) }
            return before + [WireCommand(words), "EXISTS k", "TTL k", "GET k"]
        }
    }

    // MARK: Strings

    static let strings: [[WireCommand]] =
        [
            ["GET k", "SET k v", "GET k", "get k", "GeT k", "GET", "GET a b", "GET K"],
            ["SET k ", "GET k", "STRLEN k", "SET  v", "GET ", "EXISTS ", "DEL "],
            [
                "SET \\x00\\xff\\x0d\\x0a b\\x00\\x0d\\x0a\\xfe", "GET \\x00\\xff\\x0d\\x0a", "KEYS *",
                "STRLEN \\x00\\xff\\x0d\\x0a",
            ],
            ["SET k 12345", "GET k", "STRLEN k", "TYPE k", "SET k -0", "GET k", "SET k 007", "GET k"],
            [
                "SETNX k a", "SETNX k b", "GET k", "SETNX k", "SETNX", "SETNX k a b", "SET k x EX 100", "SETNX k y",
                "TTL k",
            ],
            ["MSET a 1 b 2", "MGET a b c a", "MSET a", "MSET a 1 b", "MSET", "MGET", "MSET a 1 a 2", "GET a"],
            ["SET a x EX 100", "MSET a y", "TTL a", "MGET a"],
            ["MSET k v k2", "EXISTS k k2"],
            ["STRLEN", "STRLEN a b", "STRLEN nope", "SET k hello", "STRLEN k"],
            ["GETDEL k", "SET k v", "GETDEL k", "GETDEL k", "EXISTS k", "GETDEL", "GETDEL a b"],
            ["SET k v EX 100", "GETDEL k", "SET k w", "TTL k"],
            [
                "SETEX k 100 v", "TTL k", "GET k", "SETEX k 0 v", "SETEX k -1 v", "SETEX k abc v", "SETEX k 100",
                "SETEX",
                "SETEX k 100 v x", "PSETEX k 100000 v", "TTL k", "PSETEX k 0 v", "PSETEX k -5 v", "PSETEX k 1.5 v",
                "PSETEX k", "PSETEX k 100 v v",
            ],
            ["GETEX nope", "GETEX nope EX abc", "GETEX nope EX 0", "GETEX nope FOO", "GETEX nope EX", "GETEX"],
            [
                "SET k v", "GETEX k", "TTL k", "GETEX k EX 100", "TTL k", "GETEX k PX 200000", "TTL k",
                "GETEX k PERSIST",
                "TTL k", "GETEX k PERSIST", "GETEX k EXAT 33177117420", "EXPIRETIME k", "GETEX k PXAT 33177117420123",
                "PEXPIRETIME k", "GETEX k EX 0", "GETEX k EX -1", "GETEX k PX 0", "GETEX k EXAT 0", "GETEX k PXAT -1",
                "GETEX k EX abc", "GETEX k EX 100 PERSIST", "GETEX k PERSIST EX 100", "GETEX k EX 100 PX 100",
                "GETEX k NX", "GETEX k KEEPTTL", "GETEX k GET", "GETEX k ex 100", "GETEX k EX 100 EX 200", "TTL k",
                "GETEX k PERSIST PERSIST", "TTL k", "GETEX k EXAT 1", "GET k",
            ],
            ["SET k v", "GETEX k PXAT 1", "GET k", "EXISTS k", "SET k v", "GETEX k EX", "GETEX k PERSIST EX", "GET k"],
        ] + each("SETEX k # v") + each("PSETEX k # v") + each("GETEX k EX #", before: ["SET k v"])
        + each("GETEX k PX #", before: ["SET k v"]) + each("GETEX k EXAT #", before: ["SET k v"])

    // MARK: SET

    static let set: [[WireCommand]] =
        [
            ["SET", "SET k", "SET k v", "SET k v w", "SET k v w x", "GET k"],
            ["SET k v NX", "SET k w NX", "GET k", "SET k w XX", "GET k", "SET n w XX", "EXISTS n"],
            ["SET k v nx", "SET k w Xx", "SET k v NX XX", "SET k v XX NX", "SET k v NX NX", "SET k v XX XX", "GET k"],
            [
                "SET k v GET", "SET k w GET", "SET k x NX GET", "GET k", "SET n x NX GET", "GET n", "SET n y XX GET",
                "GET n",
            ],
            ["SET n y XX GET", "EXISTS n", "SET n y GET GET", "SET n z get xx", "GET n"],
            ["SET k v EX 100", "TTL k", "SET k w", "TTL k", "SET k v PX 100000", "TTL k", "SET k w KEEPTTL", "TTL k"],
            ["SET k v KEEPTTL", "TTL k", "SET k v KEEPTTL KEEPTTL", "SET k v KEEPTTL EX 10", "SET k v EX 10 KEEPTTL"],
            [
                "SET k v EXAT 33177117420", "EXPIRETIME k", "PEXPIRETIME k", "SET k v PXAT 33177117420999",
                "PEXPIRETIME k",
            ],
            ["SET k v PXAT 33177117420499", "EXPIRETIME k", "SET k v PXAT 33177117420500", "EXPIRETIME k"],
            ["SET k v EXAT 1", "GET k", "EXISTS k", "TTL k", "SET k v NX", "GET k"],
            ["SET k v PXAT 1", "TYPE k", "SET k w XX", "GET k", "SET k v PXAT 1", "SET k x GET", "SET k x GET"],
            ["SET k v PXAT 1", "SET k w KEEPTTL", "TTL k", "SET k v EXAT 1", "SETNX k w", "GET k"],
            ["SET k v PXAT 1", "PERSIST k", "EXPIRE k 100", "DEL k", "GETDEL k", "GETEX k", "TOUCH k", "STRLEN k"],
            ["SET k v EX", "SET k v PX", "SET k v EXAT", "SET k v PXAT", "SET k v NX EX", "SET k v EX 10 PX", "GET k"],
            [
                "SET k v EX 10 PX 10", "SET k v EX 10 EXAT 10", "SET k v PXAT 10 EX 10", "SET k v EX 10 EX 2000",
                "TTL k",
            ],
            [
                "SET k v EX abc NX", "SET k v EX 0 FOO", "SET k v EX 0", "SET k v EX -10", "SET k v EXAT 0",
                "SET k v PXAT -1",
            ],
            [
                "SET k v PERSIST", "SET k v EX 10 PERSIST", "SET k v exat 33177117420 nx get", "SET k w Ex 5000 xX gEt",
                "TTL k",
            ],
            [
                "SET k v EX NX", "SET k v NX EX 1000 GET", "SET k w GET EX 2000 XX", "TTL k", "SET k v GET EX abc",
                "GET k",
            ],
            ["SET k v N", "SET k v NXX", "SET k v ", "SET k v EX ", "SET k v EX 10 ", "GET k"],
        ] + each("SET k v EX #") + each("SET k v PX #") + each("SET k v EXAT #")
        + each("SET k v PXAT #").filter { !$0[0].description.contains(String(ParityException.neverExpiry)) }

    // MARK: Expiry

    static let expiry: [[WireCommand]] =
        [
            [
                "TTL k", "PTTL k", "EXPIRETIME k", "PEXPIRETIME k", "SET k v", "TTL k", "PTTL k", "EXPIRETIME k",
                "PEXPIRETIME k",
            ],
            [
                "TTL", "TTL a b", "PTTL", "EXPIRETIME", "PEXPIRETIME a b", "PERSIST", "PERSIST a b", "EXPIRE",
                "EXPIRE k",
            ],
            ["EXPIRE k 100", "SET k v", "EXPIRE k 100", "TTL k", "PERSIST k", "TTL k", "PERSIST k", "PERSIST nope"],
            ["SET k v", "EXPIREAT k 33177117420", "EXPIRETIME k", "PEXPIREAT k 33177117420123", "PEXPIRETIME k"],
            [
                "SET k v", "EXPIRE k 0", "EXISTS k", "SET k v", "EXPIRE k -1", "EXISTS k", "SET k v", "EXPIREAT k 1",
                "EXISTS k",
            ],
            ["SET k v", "PEXPIRE k -9223372036854775808", "EXISTS k", "SET k v", "PEXPIREAT k 0", "EXISTS k"],
            [
                "SET k v", "EXPIRE k abc", "EXPIRE k 10 FOO", "EXPIRE k abc FOO", "EXPIRE k 10 NX XX",
                "EXPIRE k 10 NX GT",
            ],
            [
                "SET k v", "EXPIRE k 10 GT LT", "EXPIRE k 10 XX GT LT", "EXPIRE k 10 NX LT GT", "EXPIRE k 10 NX NX",
                "TTL k",
            ],
            ["EXPIRE nope 10 GT LT", "EXPIRE nope abc NX", "EXPIRE nope 10 NX", "EXPIRE nope 9223372036854775807"],
            [
                "SET k v", "EXPIREAT k 33177117420 XX", "TTL k", "EXPIREAT k 33177117420 GT", "TTL k",
                "EXPIREAT k 33177117420 NX", "EXPIRETIME k", "EXPIREAT k 33177117421 NX", "EXPIREAT k 33177117421 GT",
                "EXPIREAT k 33177117421 GT", "EXPIREAT k 33177117420 GT", "EXPIREAT k 33177117421 LT",
                "EXPIREAT k 33177117419 LT", "EXPIRETIME k", "EXPIREAT k 33177117418 xx lt", "EXPIRETIME k",
                "EXPIREAT k 33177117419 XX GT", "EXPIRETIME k", "EXPIREAT k 33177117500 LT XX", "EXPIRETIME k",
            ],
            [
                "SET k v", "EXPIREAT k 33177117420 LT", "EXPIRETIME k", "SET k v", "EXPIREAT k 33177117420 XX LT",
                "EXPIRETIME k",
            ],
            ["SET k v", "EXPIRE k -1 GT", "EXISTS k", "EXPIRE k -1 XX", "EXISTS k", "EXPIRE k -1 LT", "EXISTS k"],
            [
                "SET k v EX 100", "EXPIRE k -1 GT", "EXISTS k", "EXPIRE k -1 NX", "EXISTS k", "EXPIRE k -1 XX LT",
                "EXISTS k",
            ],
            ["SET k v", "EXPIRE k 10 ", "EXPIRE k 10 \\x00NX", "EXPIRE k 10 N\\x0d\\x0aX", "TTL k"],
        ] + each("EXPIRE k #", before: ["SET k v"]) + each("PEXPIRE k #", before: ["SET k v"])
        + each("EXPIREAT k #", before: ["SET k v"]) + each("EXPIRE k #") + each("EXPIREAT k # NX")
        + each("PEXPIREAT k #", before: ["SET k v"]).filter {
            !$0[1].description.contains(String(ParityException.neverExpiry))
        }

    // MARK: Keys

    static let keys: [[WireCommand]] = [
        ["EXISTS", "EXISTS a", "MSET a 1 b 2", "EXISTS a b c a", "TYPE a", "TYPE c", "TYPE", "TYPE a b"],
        ["MSET a 1 b 2 c 3", "DEL a a b x", "DEL", "UNLINK c c", "UNLINK", "UNLINK x", "DBSIZE"],
        ["TOUCH", "TOUCH a", "MSET a 1 b 2", "TOUCH a b a c"],
        ["DBSIZE", "DBSIZE x", "SET a 1", "DBSIZE", "DEL a", "DBSIZE"],
        [
            "KEYS", "KEYS a b", "KEYS *", "MSET a 1 ab 2 abc 3 b 4 a*c 5 [x] 6", "KEYS *", "KEYS a*", "KEYS a?",
            "KEYS ?",
        ],
        ["MSET hello 1 hallo 2 hxllo 3 hllo 4 heello 5", "KEYS h?llo", "KEYS h*llo", "KEYS h[ae]llo", "KEYS h[^e]llo"],
        ["MSET hello 1 hallo 2 hbllo 3", "KEYS h[a-b]llo", "KEYS h[b-a]llo", "KEYS h[a-]llo", "KEYS h[a", "KEYS h[^a"],
        [
            "MSET a*c 1 abc 2 a\\x5cc 3 ] 4 ^ 5 - 6", "KEYS a\\x5c*c", "KEYS a[*]c", "KEYS []]", "KEYS [\\x5c]]",
            "KEYS \\x5c",
        ],
        ["MSET a 1 b 2 ^ 3 - 4", "KEYS [", "KEYS [^", "KEYS []", "KEYS [^]", "KEYS [a-]", "KEYS [-a]", "KEYS [^^]"],
        ["MSET a 1 aa 2 aaa 3", "KEYS **", "KEYS *a*a*", "KEYS a*a*a*a", "KEYS ***a", "KEYS a**", "KEYS "],
        ["MSET A 1 a 2 \\xc3\\xa9 3", "KEYS a", "KEYS A", "KEYS ?", "KEYS ??", "KEYS [\\xc3]*", "KEYS [\\x80-\\xff]?"],
        ["SCAN", "SCAN abc", "SCAN -1", "SCAN 0 COUNT", "SCAN 0 COUNT 0", "SCAN 0 COUNT -1", "SCAN 0 COUNT abc"],
        [
            "SCAN 0 MATCH", "SCAN 0 FOO bar", "SCAN 0 MATCH * COUNT", "SCAN 0 TYPE", "SCAN 0 TYPE foo",
            "SCAN 0 TYPE hash",
        ],
        ["SCAN 1.5", "SCAN ", "SCAN 0 COUNT 9223372036854775808", "SCAN 99999999999999999999999"],
        ["RANDOMKEY", "RANDOMKEY x", "SET a 1", "RANDOMKEY"],
        ["SET a 1", "FLUSHALL", "DBSIZE", "SET a 1", "FLUSHDB", "DBSIZE", "SET a 1", "FLUSHALL ASYNC", "DBSIZE"],
        ["SET a 1", "FLUSHDB sync", "DBSIZE", "FLUSHDB FOO", "FLUSHALL FOO", "FLUSHALL SYNC ASYNC", "FLUSHDB SYNC x"],
    ]
}
