import Contract
import Foundation
import NIOCore
import Testing

@testable import Revocation

@Suite(.timeLimit(.minutes(1))) struct CircuitBreakerTests {
    @Test func someTimeoutsInARowOpenItAndOneProbeAtATimeGoesThrough() {
        var breaker = CircuitBreaker()
        let admits = { breaker.admits(now: $0) }
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for _ in 1..<CircuitBreaker.threshold { breaker.timedOut(now: start) }
        #expect(admits(start))
        breaker.timedOut(now: start)
        #expect(!admits(start))
        #expect(!admits(start + CircuitBreaker.rest - .nanoseconds(1)))
        #expect(admits(start + CircuitBreaker.rest))
        #expect(!admits(start + CircuitBreaker.rest))
        breaker.timedOut(now: start + CircuitBreaker.rest)
        #expect(!admits(start + CircuitBreaker.rest))
        #expect(admits(start + CircuitBreaker.rest + CircuitBreaker.rest))
        breaker.answered()
        for _ in 0..<3 { #expect(admits(start)) }
    }

    @Test func anAnswerStartsTheCountAgain() {
        var breaker = CircuitBreaker()
        let now = NIODeadline.now()
        for _ in 0..<10 {
            for _ in 1..<CircuitBreaker.threshold { breaker.timedOut(now: now) }
            breaker.answered()
        }
        let isAdmitted = breaker.admits(now: now)
        #expect(isAdmitted)
    }

    /// A store that hangs costs the first callers their time-out, and the others next to nothing.
    @Test func aStoreThatHangsIsNotWaitedForByEverybody() async throws {
        let server = try await RedisServer()
        var settings = liveConfiguration()
        settings.commandTimeout = .milliseconds(100)
        let list = try RevocationList(server.url, configuration: settings)
        #expect(await eventually { await list.verdict(for: liveToken()).unknownCode == .epochMissing })
        server.signal(SIGSTOP)
        let start = ContinuousClock.now
        for _ in 0..<1_000 {
            // In the end the connection is given up.
            let code = await list.verdict(for: liveToken()).unknownCode
            #expect(code == .timedOut || code == .unreachable)
        }
        // 1,000 waits would have been 100 seconds.
        #expect(ContinuousClock.now - start < .seconds(50))
        server.signal(SIGCONT)
        #expect(await eventually { await list.verdict(for: liveToken()).unknownCode == .epochMissing })
        await list.close()
    }
}
