import Hummingbird
import HummingbirdTesting
import RevocationHTTP
import TestSupport
import Testing

@testable import AuthNode

@Suite struct RefreshLimitTests {
    /// Each exchange writes an entry that is kept for as long as the token would have lived.
    @Test func aSessionThatRefreshesInALoopHasToWait() async throws {
        let node = try await TestNode()
        try await node.test { client in
            var token = try await client.pair().refresh
            let other = try await client.pair().refresh
            for _ in 0..<10 { token = try await client.refresh(token).pair().refresh }
            let refused = try await client.refresh(token)
            #expect(refused.status == .tooManyRequests)
            #expect(refused.headers[.retryAfter] == "1")
            #expect(refused.text.contains("slow_down"))
            #expect(try await client.refresh(other).status == .ok)
            // The token was not used up.
            node.clock.wall += 1_000
            token = try await client.refresh(token).pair().refresh
            #expect(try await client.refresh(token).status == .tooManyRequests)
            node.clock.wall += 10_000
            for _ in 0..<10 { token = try await client.refresh(token).pair().refresh }
            #expect(try await client.refresh(token).status == .tooManyRequests)
        }
    }

    /// A token that was exchanged already, or that is revoked, is told so however often it comes.
    @Test func onlyWhatIsExchangedCounts() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let pair = try await client.pair()
            for _ in 0..<20 { #expect(try await client.refresh(pair.refresh).status == .ok) }
            #expect(try await client.logout(pair.access).status == .ok)
            for _ in 0..<20 { #expect(try await client.refresh(pair.refresh).status == .badRequest) }
        }
    }

    @Test func nothingIsLimitedIfItIsSoSet() async throws {
        var settings = TestNode.settings
        settings.sessionRefreshes = 0
        try await TestNode(settings: settings).test { client in
            var token = try await client.pair().refresh
            for _ in 0..<30 { token = try await client.refresh(token).pair().refresh }
        }
    }

    @Test func memoryIsBoundedAndAClockThatWasSetBackLocksOutNoUser() throws {
        let clock = TestClock(wall: TestNode.start)
        let limit = RefreshLimit(refreshes: 10, clock: WallClock { clock.wall })
        for number in 0..<3 * RefreshLimit.capacity { try limit.take("\(number)") }
        #expect(limit.size <= 2 * RefreshLimit.capacity)
        for _ in 0..<10 { try limit.take("a") }
        #expect(throws: Refusal.self) { try limit.take("a") }
        clock.wall -= 86_400_000
        try limit.take("a")
    }
}
