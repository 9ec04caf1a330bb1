import RevokedServer
import Testing

/// `MULTI` and its kin word for word: what redis-server 7.0.15 answers, we answer.
@Suite struct TransactionParityTests {
    @Test(arguments: ParityPair.Version.allCases)
    func theSameWords(_ version: ParityPair.Version) async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            for conversation in Self.conversations {
                let pair = try ParityPair(daemon, redis, version)
                try pair.flush()
                try pair.run(conversation)
            }
            // The reply to HELLO has the connection's number in it.
            let pair = try ParityPair(daemon, redis, version)
            try pair.run(["MULTI", "HELLO 3", "GET zz", "EXEC", "GET zz", "MULTI", "HELLO 2", "EXEC", "GET zz"]) {
                $0.name == "exec" ? .sameType : .of($0)
            }
        }
    }

    private static let conversations: [[WireCommand]] = [
        ["EXEC", "DISCARD", "MULTI", "MULTI", "SET a 1", "EXEC", "GET a", "EXEC"],
        ["MULTI", "SET a 1", "DISCARD", "GET a", "DISCARD", "MULTI", "EXEC"],
        ["MULTI", "WATCH a", "GET a", "EXEC", "MULTI", "UNWATCH", "EXEC", "WATCH", "WATCH a b a", "UNWATCH x"],
        // What is refused when it is queued.
        ["MULTI", "NOSUCH x", "SET a 2", "EXEC", "GET a", "MULTI", "GET", "EXEC", "MULTI", "SET a", "DISCARD"],
        ["MULTI", "SAVE", "EXEC", "MULTI", "SHUTDOWN NOSAVE", "SET a 1", "EXEC", "PING"],
        ["MULTI", "CLIENT NOSUCH", "EXEC", "MULTI", "CLIENT KILL", "EXEC", "MULTI", "CONFIG GET", "EXEC"],
        ["MULTI", "CLIENT SETNAME n", "CLIENT GETNAME", "COMMAND NOSUCH", "EXEC", "CLIENT GETNAME"],
        ["MULTI", "CLIENT SETNAME n", "CLIENT GETNAME", "CLIENT HELP x", "EXEC", "MULTI", "CLIENT GETNAME", "EXEC"],
        [
            "MULTI", "EXEC x", "EXEC", "MULTI", "DISCARD x", "EXEC", "MULTI", "MULTI x", "EXEC", "MULTI", "WATCH",
            "EXEC",
        ],
        // What fails when it is executed.
        ["SET a x", "MULTI", "EXPIRE a y", "SET b 1", "SET b 2 EX 0", "MSET b", "EXEC"],
        [
            "SET a x", "MULTI", "EXPIRE a y", "SET b 1", "SET b 2 EX 0", "MSET a b c", "SELECT x", "GET b", "EXEC",
            "GET b",
        ],
        ["MULTI", "FLUSHALL", "SET a 1", "FLUSHDB", "GET a", "EXEC", "GET a"],
        ["MULTI", "RESET", "EXEC", "WATCH a", "RESET", "MULTI", "SET a 1", "EXEC"],
        ["MULTI", "AUTH x", "AUTH a b", "ECHO x", "PING", "DBSIZE", "MGET a b", "TYPE a", "EXEC"],
        // The own writes count, too.
        ["WATCH a", "SET a 1", "MULTI", "GET a", "EXEC", "MULTI", "GET a", "EXEC"],
        ["WATCH a", "SET a 1", "UNWATCH", "MULTI", "GET a", "EXEC", "WATCH a", "MULTI", "SET a 2", "EXEC", "GET a"],
        ["SET a 1", "WATCH a", "SET a 1", "MULTI", "NOSUCH", "EXEC", "MULTI", "EXEC"],
        [
            "SET a 1 PX 100000", "WATCH a", "SET a 1 KEEPTTL NX", "EXPIRE a 5 NX", "PERSIST b", "GETEX a", "MULTI",
            "EXEC",
        ],
        ["SET a 1 PXAT 1", "WATCH a", "GET a", "DEL a", "MULTI", "EXEC", "WATCH a", "SET a 1 PXAT 1", "MULTI", "EXEC"],
        ["WATCH a", "FLUSHALL", "MULTI", "EXEC", "SET a 1", "WATCH a", "FLUSHALL", "MULTI", "EXEC"],
        ["WATCH a", "SET a 1", "MULTI", "EXEC x", "MULTI", "EXEC", "WATCH a", "SET a 1", "EXEC x", "MULTI", "EXEC"],
        ["WATCH a", "MULTI", "QUIT"],
        // Rights.
        [
            "ACL SETUSER t on nopass ~a +@all -exec -get", "AUTH t x", "MULTI", "GET a", "SET a 1", "EXEC", "SET b 1",
            "DISCARD", "AUTH default x", "ACL SETUSER t +exec +watch", "AUTH t x", "WATCH a", "WATCH b", "MULTI",
            "SET b 1",
            "EXEC", "MULTI", "SET a 1", "EXEC", "AUTH default x",
        ],
        ["ACL SETUSER t on nopass ~* +@all -multi -watch", "AUTH t x", "MULTI", "WATCH a", "EXEC"],
    ]

    @Test func withoutAPasswordThereIsNoTransaction() async throws {
        let redis = try LocalRedis(["--requirepass", "secret"])
        try await LocalDaemon.run {
            $0.password = "secret"
        } _: { daemon in
            let pair = try ParityPair(daemon, redis)
            try pair.run(["MULTI", "EXEC", "DISCARD", "WATCH a", "AUTH secret", "MULTI", "EXEC"])
        }
    }

    /// Several connections: the number is the connection's.
    @Test func watchersHearOfOthers() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            for conversation in Self.several {
                let pairs = try (0..<3).map { _ in try ParityPair(daemon, redis) }
                try pairs[0].flush()
                for (client, command) in conversation { try pairs[client].run(command) }
            }
        }
    }

    private static let several: [[(Int, WireCommand)]] = [
        [(0, "WATCH a"), (1, "SET a 1"), (0, "MULTI"), (0, "SET a 2"), (0, "EXEC"), (0, "GET a")],
        [(0, "WATCH a"), (0, "MULTI"), (0, "SET a 2"), (1, "SET b 1"), (0, "EXEC"), (0, "GET a")],
        [(0, "WATCH a"), (0, "MULTI"), (0, "SET a 2"), (1, "SET a 1"), (0, "DISCARD"), (0, "MULTI"), (0, "EXEC")],
        [
            (0, "WATCH a b"), (1, "WATCH b c"), (2, "MSET b 1 d 2"), (0, "MULTI"), (1, "MULTI"), (0, "EXEC"),
            (1, "EXEC"),
            (0, "MULTI"), (0, "EXEC"),
        ],
        [(0, "SET a 1"), (0, "WATCH a"), (1, "MULTI"), (1, "DEL a"), (0, "MULTI"), (1, "EXEC"), (0, "EXEC")],
        [(0, "SET a 1"), (0, "WATCH a"), (1, "MULTI"), (1, "DEL b"), (0, "MULTI"), (1, "EXEC"), (0, "EXEC")],
        [(0, "SET a 1"), (0, "WATCH a x"), (1, "FLUSHALL"), (0, "MULTI"), (0, "EXEC")],
        [(0, "WATCH a x"), (1, "FLUSHDB"), (0, "MULTI"), (0, "EXEC")],
        [(0, "SET a 1"), (0, "WATCH a"), (1, "GETDEL a"), (1, "SET a 1"), (0, "MULTI"), (0, "GET a"), (0, "EXEC")],
        [(0, "SET a 1"), (0, "WATCH a"), (1, "EXPIRE a -1"), (0, "MULTI"), (0, "EXEC"), (0, "EXISTS a")],
        [(0, "SET a 1"), (0, "WATCH a"), (1, "GET a"), (1, "TOUCH a"), (1, "EXISTS a"), (0, "MULTI"), (0, "EXEC")],
        // Databases change places: a key that is in neither has not changed.
        [(0, "SET a 1"), (0, "WATCH a"), (1, "SWAPDB 0 1"), (0, "MULTI"), (0, "GET a"), (0, "EXEC")],
        [(1, "SELECT 1"), (1, "SET a 1"), (0, "WATCH a"), (1, "SWAPDB 0 1"), (0, "MULTI"), (0, "GET a"), (0, "EXEC")],
        [(1, "SET b 1"), (0, "WATCH a"), (1, "SWAPDB 0 1"), (0, "MULTI"), (0, "GET b"), (0, "EXEC")],
        [
            (0, "SET a 1"), (0, "WATCH a"), (1, "SWAPDB 2 3"), (1, "SWAPDB 0 0"), (0, "MULTI"), (0, "GET a"),
            (0, "EXEC"),
        ],
        [
            (0, "SELECT 5"), (0, "SET a 1"), (0, "WATCH a"), (0, "SELECT 6"), (1, "SWAPDB 6 5"), (0, "MULTI"),
            (0, "GET a"), (0, "EXEC"),
        ],
        [
            (0, "SELECT 5"), (0, "WATCH a"), (1, "SELECT 6"), (1, "SET a 1 PXAT 1"), (1, "DEL a"), (1, "SWAPDB 6 5"),
            (0, "MULTI"), (0, "SET a 2"), (0, "SWAPDB 5 6"), (0, "GET a"), (0, "SELECT 6"), (0, "GET a"), (0, "EXEC"),
            (0, "WATCH a"), (1, "SELECT 7"), (1, "FLUSHDB"), (0, "MULTI"), (0, "EXEC"), (0, "WATCH a"), (1, "SELECT 6"),
            (1, "FLUSHDB"), (0, "MULTI"), (0, "EXEC"),
        ],
    ]
}
