import TestSupport
import Testing

@testable import RevokedServer

/// What counts from when a command is executed does not count from before it was sent.
@Suite struct ServingTimeTests {
    /// Every read of this clock takes ten milliseconds.
    private static var slowTime: TimeSource {
        let clock = TestClock()
        return TimeSource(
            wall: {
                clock.advance(.milliseconds(10))
                return clock.wall
            }, boot: { clock.boot })
    }

    @Test(arguments: [
        [["CLIENT", "LIST"]], [["EXISTS"] + (0..<100).map { "k\($0)" }], [["KEYS", "*"]], [["INFO"]],
        Array(repeating: ["PING"], count: 64),
    ])
    func theTimeIsTakenAgainAfterWhatTakesLong(_ between: [[String]]) throws {
        let bench = SessionBench(SessionBench.daemon(time: Self.slowTime))
        let commands = [["SET", "a", "x", "PX", "100000"]] + between + [["SET", "b", "x", "PX", "100000"]]
        _ = bench.converse([commands.flatMap(encode)])
        #expect(try expiry("b", bench) > expiry("a", bench))
    }

    @Test func theTimeIsTakenForEachConnection() throws {
        let daemon = SessionBench.daemon(time: Self.slowTime)
        for key in ["a", "b"] { _ = SessionBench(daemon).ask("SET", key, "x", "PX", "100000") }
        let bench = SessionBench(daemon)
        #expect(try expiry("b", bench) > expiry("a", bench))
    }

    private func expiry(_ key: String, _ bench: SessionBench) throws -> Int {
        try #require(Int(bench.ask("PEXPIRETIME", key).dropFirst().dropLast(2)))
    }

    /// `CLIENT KILL` has answered: what the killed connection sends then, or had sent in part, is not executed.
    @Test func nothingIsExecutedForAKilledConnection() {
        let daemon = SessionBench.daemon()
        let (victim, killer) = (SessionBench(daemon), SessionBench(daemon))
        let write = encode(["SET", "k", "x"])
        #expect(victim.receive(Array(write.prefix(10))).outcome == .open)
        #expect(killer.ask("CLIENT", "KILL", "ID", "\(victim.id)") == ":1\r\n")
        let (reply, outcome) = victim.receive(Array(write.dropFirst(10)))
        #expect(reply.isEmpty && outcome == .closing)
        #expect(killer.ask("EXISTS", "k") == ":0\r\n")
    }
}
