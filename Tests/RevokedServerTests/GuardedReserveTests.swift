import Denylist
import Synchronization
import Testing

@testable import RevokedServer

/// Plain keys leave a part of `maxmemory` to revocations.
@Suite struct GuardedReserveTests {
    @Test func itIsAShareOrASize() {
        #expect(GuardedReserve("25%") == .quarter)
        #expect(GuardedReserve("25%")?.bytes(of: 1000) == 250)
        #expect(GuardedReserve("0")?.bytes(of: 1000) == 0)
        #expect(GuardedReserve("1kb")?.bytes(of: 4096) == 1024)
        #expect(GuardedReserve("1gb")?.bytes(of: 4096) == 4096, "no more than there is")
        #expect(GuardedReserve.quarter.bytes(of: 0) == 0)
        for text in ["", "%", "101%", "-1%", "2.5%", "lots", "-1", "25 %"] {
            #expect(GuardedReserve(text) == nil, "\(text)")
        }
        for text in ["25%", "0%", "100%", "4096"] { #expect(GuardedReserve(text)?.description == text) }
    }

    private static let value = String(repeating: "v", count: 1000)

    /// Sets plain keys until one is refused.
    /// - Returns: how many were taken.
    private func fillPlain(_ bench: SessionBench) -> Int {
        for number in 0..<100_000 {
            let reply = bench.ask("SET", "plain\(number)", Self.value)
            guard reply == "+OK\r\n" else {
                #expect(reply.hasPrefix("-OOM "))
                return number
            }
        }
        return .max
    }

    private func revoke(_ bench: SessionBench, _ numbers: Range<Int>) -> Int {
        for number in numbers {
            let reply = bench.ask(
                "SETEX", "revoked:jti:0190a5f2-7c3e-7b1a-9f00-\(100_000_000_000 + number)", "1000", "logout")
            guard reply == "+OK\r\n" else {
                #expect(reply.hasPrefix("-OOM "))
                return number
            }
        }
        return numbers.upperBound
    }

    /// Whatever fills the plain share, revocations are taken until the reserve is used up; then they are refused, too.
    @Test func aFullCacheKeepsNoRevocationOut() {
        let maximum = 8 << 20
        let bench = SessionBench { $0.maximumMemory = maximum }
        let plain = fillPlain(bench)
        #expect(plain > 3000)
        // A quarter, at 34 bytes each, with room for what tables take while they grow.
        let sure = maximum / 4 / 60
        #expect(revoke(bench, 0..<sure) == sure)
        #expect(bench.ask("SET", "one more", Self.value).hasPrefix("-OOM "))
        #expect(bench.ask("MSET", "one", Self.value, "two", "").hasPrefix("-OOM "))
        let all = revoke(bench, sure..<1_000_000)
        #expect(all < 1_000_000, "maxmemory bounds revocations, too")
        // What a write takes is estimated before it is known: a block of the table more is possible.
        #expect(bench.daemon.denylist.statistics.bytes <= maximum + (64 << 10))
        // What is there can be revoked for longer.
        #expect(bench.ask("SETEX", "revoked:jti:0190a5f2-7c3e-7b1a-9f00-100000000000", "2000", "x") == "+OK\r\n")
        #expect(bench.ask("GET", "plain0").contains(Self.value))
    }

    /// Refreshes until one is refused.
    /// - Returns: how many were taken.
    private func refresh(_ bench: SessionBench) -> Int {
        for number in 100_000..<1_000_000 {
            let successor = "0190a5f2-7c3e-7b1a-9f00-000000\(number)"
            let reply = bench.ask(
                "SET", "revoked:jti:0190a5f2-7c3e-7b1a-9f01-000000\(number)", "rotated:1790000000000:\(successor)",
                "NX",
                "GET", "EX", "1000")
            guard reply == "$-1\r\n" else {
                #expect(reply.hasPrefix("-OOM "))
                return number - 100_000
            }
        }
        return .max
    }

    /// Who refreshes in a loop fills what plain keys may fill, and no revocation is refused for it.
    @Test func aFloodOfRefreshesKeepsNoRevocationOut() {
        let maximum = 4 << 20
        let bench = SessionBench { $0.maximumMemory = maximum }
        let refreshed = refresh(bench)
        #expect(refreshed > 10_000 && refreshed < .max)
        #expect(bench.daemon.denylist.statistics.bytes <= maximum / 4 * 3 + (64 << 10))
        #expect(bench.ask("SET", "k", Self.value).hasPrefix("-OOM "))
        let sure = maximum / 4 / 60
        #expect(revoke(bench, 0..<sure) == sure)
        // A token that was refreshed is there, and can be revoked however full it is.
        #expect(revoke(bench, sure..<1_000_000) < 1_000_000)
        let key = "revoked:jti:0190a5f2-7c3e-7b1a-9f01-000000100000"
        #expect(bench.ask("SETEX", key, "1000", "compromised") == "+OK\r\n")
        #expect(bench.ask("GET", key).contains("compromised"))
    }

    /// Whoever wants no plain keys at all wants refreshes all the same.
    @Test func rotationsLeaveAQuarterAtMost() {
        let bench = SessionBench {
            $0.maximumMemory = 4 << 20
            $0.guardedReserve = GuardedReserve("100%")!
        }
        #expect(bench.ask("SET", "k", "v").hasPrefix("-OOM "))
        #expect(refresh(bench) > 10_000)
        #expect(revoke(bench, 0..<1_000) == 1_000)
    }

    @Test func withoutALimitNothingIsKept() {
        let bench = SessionBench()
        #expect(bench.ask("SET", "k", Self.value) == "+OK\r\n")
        #expect(bench.ask("INFO", "memory").contains("guarded_reserve:0\r\n"))
    }

    @Test func itMayChangeWhileTheDaemonRuns() {
        let bench = SessionBench { $0.maximumMemory = 2 << 20 }
        #expect(bench.ask("CONFIG", "GET", "guarded-reserve").contains("25%"))
        #expect(bench.ask("INFO", "memory").contains("guarded_reserve:\(1 << 19)\r\n"))
        #expect(bench.ask("CONFIG", "SET", "guarded-reserve", "100%") == "+OK\r\n")
        #expect(bench.ask("SET", "k", "v").hasPrefix("-OOM "))
        #expect(revoke(bench, 0..<10) == 10)
        #expect(bench.ask("CONFIG", "SET", "guarded-reserve", "0", "maxmemory", "1mb") == "+OK\r\n")
        #expect(bench.ask("SET", "k", "v") == "+OK\r\n")
        #expect(bench.ask("CONFIG", "SET", "guarded-reserve", "some").contains("25%"))
    }

    /// Requests and replies that wait take memory, too: of the plain keys' share.
    @Test func whatWaitsCountsAgainstPlainKeys() {
        let bench = SessionBench { $0.maximumMemory = 4 << 20 }
        bench.daemon.counters.waitingOutput.wrappingAdd(3 << 20, ordering: .relaxed)
        #expect(bench.ask("SET", "k", "v").hasPrefix("-OOM "))
        #expect(revoke(bench, 0..<10) == 10)
        #expect(bench.ask("INFO", "memory").contains("mem_clients_normal:\(3 << 20)\r\n"))
        bench.daemon.counters.waitingOutput.wrappingSubtract(3 << 20, ordering: .relaxed)
        #expect(bench.ask("SET", "k", "v") == "+OK\r\n")
    }
}
