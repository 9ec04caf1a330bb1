import Testing

@testable import RevokedServer

/// Which events of keys are published, beside redis-server.
@Suite struct KeyspaceNotificationTests {
    @Test(arguments: [1, 2]) func everyEventIsThatOfRedis(threads: Int) async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run {
            $0.threads = threads
        } _: { daemon in
            for letters in ["KEA", "KEn$g", "Kx$", "Eg", "KE", ""] {
                // An empty word: two spaces.
                let script = ["b CONFIG SET notify-keyspace-events \(letters)"] + Self.steps
                try SeveralClients(script.joined(separator: "\n")).compare(redis, daemon.connect)
            }
        }
        try redis.end()
    }

    private static let steps = """
        b FLUSHALL
        a PSUBSCRIBE __key*
        g SUBSCRIBE __keyspace@0__:k __keyevent@0__:del
        b SET k 1
        b SET k 2 NX
        b SET k 2 EX 100
        b SET k 2 KEEPTTL
        b SETEX k 100 v
        b PSETEX k 100000 v
        b SETNX other 1
        b SETNX other 1
        b GETEX k EX 50
        b GETEX k PERSIST
        b GETEX k
        b EXPIRE k 100
        b EXPIRE k 100 NX
        b PERSIST k
        b PERSIST k
        b EXPIRE k -1
        b MSET a 1 b 2 a 3
        b MSETNX a 1 c 3
        b MSETNX c 3 d 4
        b INCR n
        b INCRBY n 5
        b DECR n
        b INCRBYFLOAT n 1.5
        b APPEND t x
        b SETRANGE t 3 y
        b GETSET t z
        b SETBIT bits 3 1
        b RENAME t u
        b RENAMENX u a
        b RENAMENX u v
        b GETDEL v
        b GET missing
        b COPY a copied
        b DEL a b missing
        b UNLINK c d
        b SETEX revoked:jti:a 100 logout
        b DEL revoked:jti:a
        b SELECT 1
        b SET k in-1
        b DEL k
        b SELECT 0
        b SET moved 1
        b MOVE moved 1
        b FLUSHALL
        """.split(separator: "\n").map(String.init)

    /// Nothing happens to an entry that expires: a walk finds it, while somebody listens.
    @Test func anExpiryIsPublishedInTime() async throws {
        try await LocalDaemon.run { daemon in
            let (listener, writer) = (try daemon.connect(), try daemon.connect())
            try writer.expect(["CONFIG", "SET", "notify-keyspace-events", "Ex"], "+OK")
            _ = try listener.command("SUBSCRIBE __keyevent@0__:expired")
            try writer.expect("SET plain 1 PX 10", "+OK")
            try writer.expect("SET revoked:jti:a logout PX 10", "+OK")
            try writer.expect("SELECT 3", "+OK")
            try writer.expect("SET other 1 PX 10", "+OK")
            let keys = try (0..<2).map { _ in
                try ReplyFrame.elements(of: try listener.reply()).last.flatMap(ReplyFrame.bulk)
            }
            #expect(Set(keys) == [Bytes("plain".utf8), Bytes("revoked:jti:a".utf8)])
        }
    }
}
