import Foundation
import RevokedServer
import TestSupport
import Testing

/// Wall clocks that are wrong around a restart (Guarantees.md, 1): no revocation ends early, and `TIME` never goes
/// back.
@Suite struct WrongClockTests {
    /// Daemons one after the other in one directory, on one machine.
    private final class Site {
        let clock = TestClock()
        let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        var directory: String { folder.path + "/data" }

        func serve(
            _ configure: (inout ServerConfiguration) -> Void = { _ in },
            _ body: @escaping (TestSocket) async throws -> Void
        ) async throws {
            try await LocalDaemon.run(
                time: clock.source,
                {
                    $0.directory = directory
                    configure(&$0)
                }, { daemon in try await body(try daemon.connect()) })
        }

        /// The socket's answer to `INFO`, a field of it.
        static func figure(_ name: String, _ socket: TestSocket) throws -> String {
            let text = String(decoding: try socket.command("INFO clock"), as: UTF8.self)
            guard let start = text.range(of: "\(name):") else { throw TestFailure("INFO has no \(name)") }
            return String(text[start.upperBound...].prefix { !$0.isNewline })
        }
    }

    @Test func aDayAheadAroundARestartEndsNothing() async throws {
        let site = try Site()
        try await site.serve { socket in
            try socket.expect("SETEX revoked:jti:a 3600 logout", "+OK")
            site.clock.setWall(by: .seconds(86_400))
        }
        for round in 0..<2 {
            try await site.serve { socket in
                try socket.expect("PTTL revoked:jti:a", ":3600000")
                try socket.expect("SETEX revoked:jti:b 3600 logout", "+OK")
                try socket.expect("TIME", "[\"1790000000\", \"0\"]")
                if round == 0 { site.clock.setWall(by: .seconds(-86_400)) }
                try socket.expect("BGREWRITEAOF", "+Background append only file rewriting started")
                try await eventually("the log is rewritten") {
                    String(decoding: try socket.command("INFO persistence"), as: UTF8.self).contains("aof_rewrites:1")
                }
            }
        }
        site.clock.advance(.seconds(3_599))
        try await site.serve { try $0.expect("EXISTS revoked:jti:a revoked:jti:b", ":2") }
        site.clock.advance(.seconds(1))
        try await site.serve { try $0.expect("EXISTS revoked:jti:a revoked:jti:b", ":0") }
    }

    @Test func aClockThatWasBehindAndIsPutRightEndsNothing() async throws {
        let site = try Site()
        site.clock.setWall(by: .seconds(-7_200))
        try await site.serve { socket in
            try socket.expect("SETEX revoked:jti:a 3600 logout", "+OK")
            site.clock.setWall(by: .seconds(7_200))
            try socket.expect("SETEX revoked:jti:b 3600 logout", "+OK")
            try socket.expect("PTTL revoked:jti:b", ":3600000")
            // Whoever reads it goes by the wall clock.
            try socket.expect("EXPIRETIME revoked:jti:b", ":1790003600")
        }
        try await site.serve { socket in
            try socket.expect("PTTL revoked:jti:a", ":3600000")
            try socket.expect("PTTL revoked:jti:b", ":3600000")
            #expect(try Site.figure("guarded_time_behind_ms", socket) == "7200000")
        }
    }

    /// An absolute expiry holds until guarded time has passed it, and a far one is refused by what was asked for.
    @Test func anAbsoluteExpiryIsNoEarlierThanItWasAskedFor() async throws {
        let site = try Site()
        try await site.serve { socket in
            site.clock.setWall(by: .seconds(-7_200))
            try socket.expect("SET revoked:jti:a logout PXAT \(site.clock.wall + 1_000)", "+OK")
            try socket.expect("PTTL revoked:jti:a", ":1000")
            site.clock.setWall(by: .seconds(7_200 + 500 * 86_400))
            try socket.expect("SET revoked:jti:b logout PXAT \(site.clock.wall + 1_000)", "+OK")
            try socket.expect("PTTL revoked:jti:b", ":\(500 * 86_400_000 + 1_000)")
            try socket.expect(
                "SET revoked:jti:b logout PXAT \(site.clock.wall + 401 * 86_400_000)",
                "-ERR guarded key: a revocation lasts…")
            try socket.expect("SETEX revoked:jti:b \(401 * 86_400) logout", "-ERR guarded key: a revocation lasts…")
        }
    }

    /// Nobody can measure how long a machine is off: for so long revocations are kept.
    @Test func afterARebootGuardedTimeGoesOnFromWhereItWasLeft() async throws {
        let site = try Site()
        try await site.serve { try $0.expect("SETEX revoked:jti:a 100 logout", "+OK") }
        for error in [86_400, -2 * 86_400] {
            site.clock.reboot(after: .seconds(50))
            site.clock.setWall(by: .seconds(error))
            try await site.serve { socket in
                try socket.expect("PTTL revoked:jti:a", ":100000")
                // After a reboot the time follows the wall clock, but it never goes back.
                try socket.expect("TIME", "[\"1790086450\", \"0\"]")
            }
        }
        site.clock.advance(.seconds(100))
        try await site.serve { try $0.expect("EXISTS revoked:jti:a", ":0") }
    }

    @Test func trustingTheClockAtAStartEndsWhatHasEndedByIt() async throws {
        let site = try Site()
        try await site.serve { socket in
            try socket.expect("SETEX revoked:jti:short 100 logout", "+OK")
            try socket.expect("SETEX revoked:jti:long 86400 logout", "+OK")
        }
        site.clock.reboot(after: .seconds(3_600))
        try await site.serve { socket in
            try socket.expect("EXISTS revoked:jti:short revoked:jti:long", ":2")
            #expect(try Site.figure("guarded_time_behind_ms", socket) == "3600000")
        }
        try await site.serve(
            { $0.trustsClock = true },
            { socket in
                try socket.expect("EXISTS revoked:jti:short revoked:jti:long", ":1")
                try socket.expect("TTL revoked:jti:long", ":82800")
                #expect(try Site.figure("guarded_time_behind_ms", socket) == "0")
            })
        try await site.serve { try $0.expect("TTL revoked:jti:long", ":82800") }
    }

    /// `TIME` follows the clock that is trusted, on the same boot and back too; guarded time is never put back.
    @Test func trustingTheClockAtAStartMovesTimeEitherWay() async throws {
        let site = try Site()
        try await site.serve { try $0.expect("SETEX revoked:jti:a 86400 logout", "+OK") }
        site.clock.setWall(by: .seconds(3_600))
        try await site.serve { try $0.expect("TIME", "[\"1790000000\", \"0\"]") }
        try await site.serve(
            { $0.trustsClock = true },
            { socket in
                try socket.expect("TIME", "[\"1790003600\", \"0\"]")
                try socket.expect("TTL revoked:jti:a", ":82800")
                #expect(try !socket.ask("GET revoked.epoch").contains("replaces"))
            })
        site.clock.setWall(by: .seconds(-7_200))
        try await site.serve(
            { $0.trustsClock = true },
            { socket in
                try socket.expect("TIME", "[\"1789996400\", \"0\"]")
                try socket.expect("TTL revoked:jti:a", ":82800")
                #expect(try socket.ask("GET revoked.epoch").contains("replaces"))
            })
    }

    @Test func aLargeJumpAheadIsFollowedWhenAnOperatorSaysSo() async throws {
        let site = try Site()
        try await site.serve { socket in
            let epoch = try socket.ask("GET revoked.epoch")
            #expect(try Site.figure("clock_request", socket) == "none")
            site.clock.setWall(by: .seconds(3_600))
            try socket.expect("TIME", "[\"1790000000\", \"0\"]")
            #expect(try Site.figure("clock_request", socket).contains("CONFIG SET trust-clock yes"))
            // By the wall clock these would be all right.
            try socket.expect(
                "SETEX revoked:sub:alice 100 1790000060001", "-ERR guarded key: the cut-off is more than…")
            try socket.expect("SETEX revoked:sub:alice 100 1790000060000", "+OK")
            try socket.expect("CONFIG SET trust-clock maybe", "-ERR CONFIG SET failed…")
            try socket.expect("CONFIG SET trust-clock no", "+OK")
            try socket.expect("TIME", "[\"1790000000\", \"0\"]")
            try socket.expect("CONFIG SET trust-clock yes", "+OK")
            try socket.expect("TIME", "[\"1790003600\", \"0\"]")
            #expect(try Site.figure("clock_request", socket) == "none")
            try socket.expect("TTL revoked:sub:alice", ":100")
            try socket.expect("GET revoked.epoch", epoch)
            // A small one is followed by itself.
            site.clock.setWall(by: .seconds(20))
            try await eventually("it is followed") { try socket.ask("TIME") == "[\"1790003620\", \"0\"]" }
        }
        try await site.serve { try $0.expect("TIME", "[\"1790003620\", \"0\"]") }
    }

    /// Tokens that were issued until then would be behind no cut-off to come.
    @Test func putBackByAnOperatorTheTimeComesWithANewEpoch() async throws {
        let site = try Site()
        try await site.serve { socket in
            let epoch = try socket.ask("GET revoked.epoch")
            site.clock.setWall(by: .seconds(-86_400))
            try socket.expect("TIME", "[\"1790000000\", \"0\"]")
            #expect(try Site.figure("clock_request", socket).contains("new epoch"))
            #expect(try Site.figure("time_ahead_ms", socket) == "86400000")
            try socket.expect("CONFIG SET trust-clock yes", "+OK")
            try socket.expect("TIME", "[\"1789913600\", \"0\"]")
            #expect(try socket.ask("GET revoked.epoch") != epoch)
        }
        try await site.serve { try $0.expect("TIME", "[\"1789913600\", \"0\"]") }
    }

    @Test func onlyAnAdministratorMayTrustTheClock() async throws {
        let site = try Site()
        try await site.serve(
            { $0.adminPassword = "secret-admin" },
            { socket in
                site.clock.setWall(by: .seconds(3_600))
                try socket.expect("CONFIG SET trust-clock yes", "-NOPERM …")
                try socket.expect("TIME", "[\"1790000000\", \"0\"]")
            })
    }

    @Test func withoutADirectoryTheTimeFollowsAndIsTrustedToo() async throws {
        let clock = TestClock()
        try await LocalDaemon.run(time: clock.source) { daemon in
            let socket = try daemon.connect()
            let epoch = try socket.ask("GET revoked.epoch")
            clock.setWall(by: .seconds(-3_600))
            try socket.expect("TIME", "[\"1790000000\", \"0\"]")
            try socket.expect("CONFIG SET trust-clock yes", "+OK")
            try socket.expect("TIME", "[\"1789996400\", \"0\"]")
            #expect(try socket.ask("GET revoked.epoch") != epoch)
            clock.setWall(by: .seconds(30))
            try await eventually("it is followed") { try socket.ask("TIME") == "[\"1789996430\", \"0\"]" }
        }
    }
}
