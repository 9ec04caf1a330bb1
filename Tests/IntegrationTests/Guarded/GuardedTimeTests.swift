import RevokedServer
import TestSupport
import Testing

/// Guarded keys end by a clock that nobody can set (Guarantees.md, 1), and are never evicted (2).
@Suite struct GuardedTimeTests {
    @Test func aKeyEndsWhenItsTimeHasPassed() async throws {
        let clock = TestClock()
        try await LocalDaemon.run(time: clock.source) { daemon in
            let socket = try daemon.connect()
            try socket.expect("SETEX revoked:jti:a 100 v", "+OK")
            try socket.expect("SETEX plain 100 v", "+OK")
            clock.advance(.seconds(99))
            try socket.expect("EXISTS revoked:jti:a plain", ":2")
            try socket.expect("TTL revoked:jti:a", ":1")
            clock.advance(.seconds(2))
            try socket.expect("EXISTS revoked:jti:a plain", ":0")
            try socket.expect("GET revoked:jti:a", "nil")
            try socket.expect("TTL revoked:jti:a", ":-2")
            try socket.expect("SCAN 0 MATCH revoked:* COUNT 1000", "[\"0\", []]")
            // An ended revocation does not hold back a new one.
            try socket.expect("SETEX revoked:jti:a 10 w", "+OK")
            try socket.expect("GET revoked:jti:a", "\"w\"")
            try socket.expect("TTL revoked:jti:a", ":10")
        }
    }

    @Test func aWallClockThatJumpsADayAheadForgetsNothing() async throws {
        let clock = TestClock()
        try await LocalDaemon.run(time: clock.source) { daemon in
            let socket = try daemon.connect()
            try socket.expect("SETEX revoked:jti:long 3600 v", "+OK")
            try socket.expect("SETEX revoked:jti:short 30 v", "+OK")
            try socket.expect("SETEX plain 3600 v", "+OK")
            clock.setWall(by: .seconds(86_400))
            try socket.expect("EXISTS plain", ":0")
            try socket.expect("PTTL revoked:jti:short", ":30000")
            for _ in 0..<50 {
                clock.setWall(by: .seconds(86_400))
                clock.setWall(by: .seconds(-86_400))
                clock.setWall(by: .seconds(86_400))
                try socket.expect("EXISTS revoked:jti:short revoked:jti:long", ":2")
            }
            clock.setWall(by: .seconds(-86_400 * 52))
            try socket.expect("GET revoked:jti:long", "\"v\"")
            clock.advance(.seconds(3400))
            try socket.expect("EXISTS revoked:jti:long", ":1")
            clock.advance(.seconds(201))
            try socket.expect("EXISTS revoked:jti:long", ":0")
        }
    }

    @Test func aWallClockThatJumpsBackProlongsNothingForEverAndShortensNothing() async throws {
        let clock = TestClock()
        try await LocalDaemon.run(time: clock.source) { daemon in
            let socket = try daemon.connect()
            try socket.expect("SETEX revoked:jti:a 3600 v", "+OK")
            clock.setWall(by: .seconds(-86_400))
            // A new one lasts as long as it was asked to, on either clock.
            try socket.expect("SETEX revoked:jti:b 100 v", "+OK")
            clock.advance(.seconds(99))
            try socket.expect("EXISTS revoked:jti:a revoked:jti:b", ":2")
            clock.advance(.seconds(2))
            try socket.expect("EXISTS revoked:jti:a revoked:jti:b", ":1")
            clock.advance(.seconds(3600))
            try socket.expect("EXISTS revoked:jti:a", ":0")
        }
    }

    @Test func atMaxmemoryOnlyNewKeysAreRefused() async throws {
        let clock = TestClock()
        try await LocalDaemon.run(time: clock.source) { daemon in
            let socket = try daemon.connect()
            try socket.expect("SET plain v", "+OK")
            let filled = try Self.fill(socket, to: 4 << 20)
            #expect(filled > 1000)
            try socket.expect("SETEX revoked:jti:new 100 v", "-OOM command not allowed when used memory > 'maxmemory'.")
            try socket.expect("SET new v", "-OOM …")
            try socket.expect("MSET new v", "-OOM …")
            try socket.expect("SET plain w", "-OOM …")
            try socket.expect("EXISTS revoked:jti:new new", ":0")
            // Merging, reading and undoing go on.
            try socket.expect("SETEX revoked:jti:token-number-0 5000 w", "+OK")
            try socket.expect("TTL revoked:jti:token-number-0", ":5000")
            try socket.expect("GET revoked:jti:token-number-0", "\"logout\"")
            try socket.expect("EXPIRE revoked:jti:token-number-0 6000", ":1")
            try socket.expect("GET plain", "\"v\"")
            try socket.expect("DEL plain", ":1")
            // Nothing was evicted.
            for first in stride(from: 0, to: filled, by: 500) {
                let numbers = first..<min(filled, first + 500)
                let exists = WireCommand(
                    [Bytes("EXISTS".utf8)] + numbers.map { Bytes("revoked:jti:token-number-\($0)".utf8) })
                try socket.expect(exists, ":\(numbers.count)")
            }
            // What has ended makes room.
            clock.advance(.seconds(7200))
            try socket.expect("EXISTS revoked:jti:token-number-1", ":0")
            try await eventually("room is reclaimed") { try socket.ask("SETEX revoked:jti:new 100 v") == "+OK" }
        }
    }

    /// Writes revocations until memory is full.
    /// - Returns: how many there are.
    private static func fill(_ socket: TestSocket, to bytes: Int) throws -> Int {
        try socket.expect(WireCommand(text: "CONFIG SET maxmemory \(bytes)"), "+OK")
        var number = 0
        while number < 1_000_000 {
            let batch = 2000
            let commands = (0..<batch).flatMap {
                WireCommand(text: "SETEX revoked:jti:token-number-\(number + $0) 3600 logout").encoded
            }
            try socket.send(commands)
            let replies = try (0..<batch).map { _ in try socket.reply() }
            let written = replies.prefix { $0 == Bytes("+OK\r\n".utf8) }.count
            number += written
            if written < batch {
                #expect(replies[written...].allSatisfy { $0.starts(with: "-OOM".utf8) || $0 == Bytes("+OK\r\n".utf8) })
                return number
            }
        }
        throw TestFailure("maxmemory was never reached")
    }
}
