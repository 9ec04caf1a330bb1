import RevokedServer
import TestSupport
import Testing

/// What would undo, shorten or falsify a revocation is refused, and nothing changes (Guarantees.md, 3, 8).
@Suite struct GuardedRefusalTests {
    private static let key = "revoked:jti:a"

    private func converse(_ body: (TestSocket) throws -> Void) async throws {
        try await LocalDaemon.run(time: TestClock().source) { try body(try $0.connect()) }
    }

    @Test(arguments: [
        "SET K w", "SET K w XX", "SET K w GET", "SETNX K w", "MSET K w", "MSET plain 1 K w", "PERSIST K",
        "GETEX K PERSIST", "GETEX K EX 50", "GETEX K PX 50000", "GETEX K EXAT 1", "GETEX K PXAT 1790000099999",
        "EXPIRE K 50", "EXPIRE K 0", "EXPIRE K -1", "EXPIRE K 50 LT", "EXPIRE K 99 XX", "PEXPIRE K 99999",
        "EXPIREAT K 1", "PEXPIREAT K 1790000099999", "EXPIRE K 999999999", "SETEX K 999999999 w",
        "SET K w PXAT 9223372036854775806", "GETEX K EX 999999999", "INCR K", "DECR K", "INCRBY K 1", "DECRBY K 1",
        "INCRBYFLOAT K 1", "APPEND K w", "SETRANGE K 0 w", "SETBIT K 0 1", "GETSET K w", "RENAME K plain",
        "RENAMENX K plain", "RENAME plain K", "RENAMENX plain K", "RENAME K K", "MSETNX K w", "MSETNX plain 1 K w",
        "MSETEX 1 K w", "MSETEX 2 plain 1 K w", "MSETEX 2 plain 1 K w EX 999999999", "SET K w IFEQ v",
        "SET K w IFNE x", "SET K w EX 999999999 IFEQ v",
    ])
    func aRevocationStays(_ text: String) async throws {
        try await converse { socket in
            try socket.expect("SETEX revoked:jti:a 100 v", "+OK")
            try socket.expect(WireCommand(text: text, key: Self.key), "-ERR guarded key: …")
            try socket.expect("GET revoked:jti:a", "\"v\"")
            try socket.expect("PEXPIRETIME revoked:jti:a", ":1790000100000")
            try socket.expect("EXISTS plain", ":0")
        }
    }

    @Test(arguments: [
        "SET K w", "SET K w NX", "SET K w GET", "SET K w KEEPTTL", "SETNX K w", "MSET K w", "MSETNX K w", "GETSET K w",
        "INCR K", "APPEND K w", "SETRANGE K 0 w", "SETBIT K 0 1", "INCRBYFLOAT K 1", "SET K w IFNE x", "MSETEX 1 K w",
        "MSETEX 1 K w KEEPTTL", "RENAME plain K",
    ])
    func noneIsMadeWithoutAnExpiry(_ text: String) async throws {
        try await converse { socket in
            for key in ["revoked:jti:a", "revoked:all", "revoked:x", "revoked:"] {
                try socket.expect(WireCommand(text: text, key: key), "-ERR guarded key: …")
                try socket.expect(WireCommand(text: "EXISTS \(key)"), ":0")
            }
        }
    }

    @Test func aTimeToLiveThatRedisRefusesIsRefusedInItsWords() async throws {
        try await converse { socket in
            try socket.expect("SETEX revoked:jti:a 0 v", "-ERR invalid expire time in 'setex' command")
            try socket.expect("SET revoked:jti:a v EX -1", "-ERR invalid expire time in 'set' command")
            try socket.expect("SETEX revoked:jti:a soon v", "-ERR value is not an integer or out of range")
            try socket.expect(
                "SETEX revoked:jti:a 9223372036854775807 v", "-ERR invalid expire time in 'setex' command")
            try socket.expect("EXISTS revoked:jti:a", ":0")
        }
    }

    @Test func keysAndValuesAreBounded() async throws {
        try await converse { socket in
            let longest = "revoked:jti:" + String(repeating: "x", count: 500)
            try socket.expect(["SETEX", longest, "100", "v"], "+OK")
            try socket.expect(["SETEX", longest + "x", "100", "v"], "-ERR guarded key: longer than 512 bytes")
            try socket.expect(["EXISTS", longest + "x"], ":0")
            let value = String(repeating: "v", count: 128)
            try socket.expect(["SETEX", "revoked:jti:a", "100", value], "+OK")
            try socket.expect(["GET", "revoked:jti:a"], "\"\(value)\"")
            try socket.expect(
                ["SETEX", "revoked:jti:b", "100", value + "v"], "-ERR guarded key: the value is longer than 128 bytes")
            try socket.expect(["SETEX", "revoked:jti:c", "100", ""], "+OK")
            // Plain keys are not.
            try socket.expect(["SET", String(repeating: "x", count: 600), value + value], "+OK")
        }
    }

    @Test func aTimeToLiveIsBounded() async throws {
        try await LocalDaemon.run(time: TestClock().source) {
            $0.maximumRevocation = 1000
        } _: { daemon in
            let socket = try daemon.connect()
            let refusal = "-ERR guarded key: a revocation lasts at most 1000 seconds (max-revocation)"
            try socket.expect("SETEX revoked:jti:a 1000 v", "+OK")
            try socket.expect("SETEX revoked:jti:a 1001 v", refusal)
            try socket.expect("SET revoked:jti:b v PX 1000001", refusal)
            try socket.expect("SET revoked:jti:b v EXAT 1790001001", refusal)
            try socket.expect("EXPIRE revoked:jti:a 1001", refusal)
            try socket.expect("TTL revoked:jti:a", ":1000")
            try socket.expect("SETEX plain 1001 v", "+OK")
        }
    }

    @Test(arguments: [
        "revoked:sub:alice", "revoked:client:app", "revoked:all", "revoked:label:sub:alice", "revoked:label:all",
    ])
    func anImplausibleCutOffIsRefused(_ key: String) async throws {
        try await converse { socket in
            let refused: [(String, String)] = [
                ("", "a decimal number"), ("logout", "a decimal number"), ("1.79e12", "a decimal number"),
                ("-1790000000000", "a decimal number"), (" 1790000000000", "a decimal number"),
                ("9999999999999999999", "a decimal number"), ("0", "too small"), ("1790000000", "too small"),
                ("999999999999", "too small"), ("1790000060001", "more than 60 seconds ahead"),
                ("1790000000000000", "more than 60 seconds ahead"),
            ]
            for (value, why) in refused {
                let answer = try socket.ask(["SETEX", key, "100", value])
                #expect(answer.hasPrefix("-ERR guarded key: ") && answer.contains(why), "\(value): \(answer)")
                try socket.expect(["EXISTS", key], ":0")
            }
            try socket.expect(["SETEX", key, "100", "1000000000000"], "+OK")
            try socket.expect(["SETEX", key, "100", "1790000060000"], "+OK")
            try socket.expect(["GET", key], "\"1790000060000\"")
            try socket.expect(["SETEX", key, "100", "logout"], "-ERR guarded key: …")
            try socket.expect(["GET", key], "\"1790000060000\"")
        }
    }

    /// Keys that only look like cut-offs are tokens' keys: their values are reasons.
    @Test(arguments: ["revoked:allx", "revoked:suba", "revoked:Label:sub:x", "revoked:a:b:sub:x", "revoked:clients:x"])
    func anotherShapeIsATokenKey(_ key: String) async throws {
        try await converse { socket in
            try socket.expect(["SETEX", key, "100", "logout"], "+OK")
            try socket.expect(["SETEX", key, "100", "admin"], "+OK")
            try socket.expect(["GET", key], "\"logout\"")
        }
    }

    /// What is not under the prefix is Redis' own.
    @Test func plainKeysAreNotGuarded() async throws {
        try await converse { socket in
            for key in ["revoked", "revoked.x", "Revoked:jti:a", "jti:a", "xrevoked:jti:a"] {
                try socket.expect(["SET", key, "v"], "+OK")
                try socket.expect(["SETEX", key, "100", "w"], "+OK")
                try socket.expect(["EXPIRE", key, "10"], ":1")
                try socket.expect(["PERSIST", key], ":1")
                try socket.expect(["GET", key], "\"w\"")
            }
        }
    }

    @Test func anotherPrefixGuardsOtherKeys() async throws {
        try await LocalDaemon.run(time: TestClock().source) {
            $0.guardedPrefix = "deny:"
        } _: { daemon in
            let socket = try daemon.connect()
            try socket.expect("SET deny:jti:a v", "-ERR guarded key: …")
            try socket.expect("SET revoked:jti:a v", "+OK")
            try socket.expect("SETEX deny:jti:a 100 logout", "+OK")
            try socket.expect("SETEX deny:jti:a 50 admin", "+OK")
            try socket.expect("TTL deny:jti:a", ":100")
        }
    }
}
