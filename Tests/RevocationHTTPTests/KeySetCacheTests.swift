import Foundation
import RevocationHTTP
import Synchronization
import Testing

@Suite struct KeySetCacheTests {
    /// An issuer's key set and its clock.
    private final class Issuer: Sendable {
        private struct State {
            var forges: [TokenForge] = []
            var isAway = false
            var stalls = false
            var stalled: [CheckedContinuation<Void, Never>] = []
            var fetches = 0
            /// Whether attempts are out of time, and the attempts that wait to be.
            var isTimeUp = false
            var pauses: [AsyncStream<Void>.Continuation] = []
            var now = ContinuousClock.now
        }

        private let state = Mutex(State())
        private let stalling = AsyncStream<Void>.makeStream()

        var fetches: Int { state.withLock { $0.fetches } }

        func publish(_ forges: TokenForge...) { state.withLock { $0.forges = forges } }
        func goAway() { state.withLock { $0.isAway = true } }
        func comeBack() { state.withLock { $0.isAway = false } }
        func pass(_ duration: Duration) { state.withLock { $0.now += duration } }

        /// From now on an attempt neither ends nor notices that it is cancelled.
        func stall() { state.withLock { $0.stalls = true } }

        /// Returns once an attempt has stalled.
        func stalledAttempt() async { for await _ in stalling.stream { return } }

        /// Lets the time of attempts run out, until ``recover()``.
        func reachDeadline() {
            let pauses = state.withLock { state in
                state.isTimeUp = true
                return state.pauses
            }
            for pause in pauses { pause.yield() }
        }

        private func pause() async throws {
            let (stream, continuation) = AsyncStream<Void>.makeStream()
            let isTimeUp = state.withLock { state in
                state.pauses.append(continuation)
                return state.isTimeUp
            }
            if isTimeUp { return }
            for await _ in stream { return }
            throw CancellationError()
        }

        /// Lets the attempts that have stalled end.
        func recover() {
            let stalled = state.withLock { state in
                defer { state.stalled = [] }
                state.stalls = false
                state.isTimeUp = false
                return state.stalled
            }
            for continuation in stalled { continuation.resume() }
        }

        private func attempt() async -> [TokenForge]? {
            let stalls = state.withLock { state in
                state.fetches += 1
                return state.stalls
            }
            if stalls {
                await withCheckedContinuation { continuation in
                    state.withLock { $0.stalled.append(continuation) }
                    stalling.continuation.yield()
                }
            }
            return state.withLock { $0.isAway ? nil : $0.forges }
        }

        var cache: KeySetCache {
            let fetch: @Sendable () async throws(VerificationKeysError) -> Data = {
                () async throws(VerificationKeysError) in
                guard let forges = await self.attempt() else { throw VerificationKeysError(message: "away") }
                return Data("{\"keys\":[\(forges.map(\.jwk).joined(separator: ","))]}".utf8)
            }
            return KeySetCache(
                now: { self.state.withLock { $0.now } }, pause: { _ in try await self.pause() }, fetch: fetch)
        }
    }

    private let issuer = Issuer()
    private let old = TokenForge(kid: "old")
    private let new = TokenForge(kid: "new")

    private func verifier(_ cache: KeySetCache) -> TokenVerifier {
        TokenVerifier(keys: cache, issuer: "us", audience: "shop", clock: WallClock { TokenForge.now })
    }

    private func code(_ verifier: TokenVerifier, _ forge: TokenForge) async throws -> TokenRejection.Code? {
        do throws(TokenRejection) { _ = try await verifier.verify(try! forge.token()) } catch { return error.code }
        return nil
    }

    @Test func keysAreAskedForOnceAndKept() async throws {
        issuer.publish(old)
        let verifier = verifier(issuer.cache)
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { _ = try? await verifier.verify(try! old.token()) } }
        }
        #expect(try await code(verifier, old) == nil)
        #expect(issuer.fetches == 1)
    }

    @Test func aNewKeyIsNoticedByItsFirstToken() async throws {
        issuer.publish(old)
        let verifier = verifier(issuer.cache)
        #expect(try await code(verifier, old) == nil)
        issuer.publish(old, new)
        issuer.pass(KeySetCache.minimumInterval)
        #expect(try await code(verifier, new) == nil)
        #expect(issuer.fetches == 2)
    }

    @Test func whoMakesUpKeysDoesNotHaveThemAskedFor() async throws {
        issuer.publish(old)
        let verifier = verifier(issuer.cache)
        for _ in 0..<50 { #expect(try await code(verifier, new) == .unknownKey) }
        #expect(issuer.fetches == 1)
        #expect(try await code(verifier, old) == nil)
    }

    private func rejection(_ verifier: TokenVerifier, _ forge: TokenForge) async throws -> TokenRejection? {
        do throws(TokenRejection) { _ = try await verifier.genuine(try! forge.token()) } catch { return error }
        return nil
    }

    /// A user who ends a token must not hear that no server accepts it, and see it pass some seconds later.
    @Test func aKeyThatCouldNotBeAskedForIsNotUnknown() async throws {
        issuer.publish(old)
        let verifier = verifier(issuer.cache)
        // Read since the token came. Another server may accept more algorithms, and so have more keys.
        let unknown = try await rejection(verifier, new)
        #expect(unknown?.code == .unknownKey && unknown?.isFinal == false)
        issuer.publish(old, new)
        issuer.pass(.seconds(1))
        #expect(try await rejection(verifier, new)?.code == .keysUnavailable)
        #expect(try await rejection(verifier, old) == nil)
        issuer.pass(KeySetCache.minimumInterval)
        #expect(try await rejection(verifier, new) == nil)
        #expect(issuer.fetches == 2)
        issuer.goAway()
        issuer.pass(KeySetCache.minimumInterval)
        #expect(try await rejection(verifier, TokenForge(kid: "third"))?.code == .keysUnavailable)
    }

    /// An issuer that calls each key the same, or nothing.
    @Test func aKeyThatTookTheNameOfAnotherIsAskedFor() async throws {
        issuer.publish(old)
        let verifier = verifier(issuer.cache)
        #expect(try await rejection(verifier, old) == nil)
        let successor = TokenForge(kid: "old")
        issuer.publish(successor)
        issuer.pass(KeySetCache.minimumInterval)
        #expect(try await rejection(verifier, successor) == nil)
        issuer.pass(.seconds(1))
        #expect(try await rejection(verifier, old)?.code == .keysUnavailable)
        issuer.pass(KeySetCache.minimumInterval)
        #expect(try await rejection(verifier, old)?.code == .badSignature)
    }

    @Test func aWithdrawnKeyIsNoLongerBelieved() async throws {
        issuer.publish(old, new)
        let verifier = verifier(issuer.cache)
        #expect(try await code(verifier, old) == nil)
        issuer.publish(new)
        issuer.pass(KeySetCache.freshness * 4 / 5)
        let end = ContinuousClock.now + .seconds(10)
        while try await code(verifier, old) == nil, ContinuousClock.now < end { await Task.yield() }
        #expect(try await code(verifier, old) == .unknownKey)
        #expect(try await code(verifier, new) == nil)
    }

    @Test func whenAllKeysAreWithdrawnTheLastIsDropped() async throws {
        issuer.publish(old)
        let cache = issuer.cache
        let verifier = verifier(cache)
        #expect(try await code(verifier, old) == nil)
        #expect(cache.status.keyCount == 1 && cache.status.problems == [])
        issuer.publish()
        issuer.pass(KeySetCache.minimumInterval)
        #expect(try await code(verifier, new) == .unknownKey)
        #expect(try await code(verifier, old) == .unknownKey)
        #expect(cache.status.keyCount == 0)
        #expect(cache.status.problems.count == 1)
        issuer.publish(new)
        issuer.pass(KeySetCache.minimumInterval)
        #expect(try await code(verifier, new) == nil)
        #expect(cache.status.problems == [])
    }

    /// The keys were not read meanwhile: the first token must not pass with the earlier ones.
    @Test func afterAPauseTheFirstTokenWaitsForTheKeysOfNow() async throws {
        issuer.publish(old, new)
        let verifier = verifier(issuer.cache)
        #expect(try await code(verifier, old) == nil)
        issuer.publish(new)
        issuer.pass(KeySetCache.freshness)
        #expect(try await code(verifier, old) == .unknownKey)
        #expect(try await code(verifier, new) == nil)
    }

    /// It may have come back, and withdrawn a key, while no token came.
    @Test func afterAPauseAnIssuerThatWasAwayIsAskedFirst() async throws {
        issuer.publish(old, new)
        let verifier = verifier(issuer.cache)
        #expect(try await code(verifier, old) == nil)
        issuer.goAway()
        issuer.pass(KeySetCache.freshness)
        #expect(try await code(verifier, old) == nil)
        issuer.comeBack()
        issuer.publish(new)
        issuer.pass(KeySetCache.freshness)
        #expect(try await code(verifier, old) == .unknownKey)
        #expect(issuer.fetches == 3)
    }

    /// Whatever the attempt does: who waits for it is answered, and the next attempt is made.
    @Test(.timeLimit(.minutes(1))) func aFetchThatNeverEndsIsGivenUp() async throws {
        issuer.publish(old)
        issuer.stall()
        let cache = issuer.cache
        let verifier = verifier(cache)
        async let first = code(verifier, old)
        await issuer.stalledAttempt()
        issuer.reachDeadline()
        #expect(try await first == .keysUnavailable)
        #expect(cache.status.problems.count == 1)
        issuer.pass(KeySetCache.retryInterval)
        issuer.recover()
        #expect(try await code(verifier, old) == nil)
        #expect(cache.status.keyCount == 1 && cache.status.problems == [])
    }

    @Test(.timeLimit(.minutes(1))) func whoNamesAKnownKeyIsNotHeldUpByOneWhoMakesUpAnother() async throws {
        issuer.publish(old)
        let verifier = verifier(issuer.cache)
        #expect(try await code(verifier, old) == nil)
        issuer.stall()
        issuer.pass(KeySetCache.freshness * 4 / 5)
        async let made = code(verifier, new)
        await issuer.stalledAttempt()
        #expect(try await code(verifier, old) == nil)
        issuer.reachDeadline()
        #expect(try await made == .unknownKey)
        issuer.recover()
    }

    /// Attempts that ignore their cancellation do not pile up.
    @Test(.timeLimit(.minutes(1))) func attemptsThatHangAreFew() async throws {
        issuer.publish(old)
        issuer.stall()
        let verifier = verifier(issuer.cache)
        for _ in 0..<3 {
            async let code = code(verifier, old)
            await issuer.stalledAttempt()
            issuer.reachDeadline()
            #expect(try await code == .keysUnavailable)
            issuer.pass(KeySetCache.retryInterval)
        }
        #expect(issuer.fetches == 3)
        #expect(try await code(verifier, old) == .keysUnavailable)
        #expect(issuer.fetches == 3)
        issuer.recover()
    }

    @Test func whileTheIssuerIsAwayItsKeysServeForAnHour() async throws {
        issuer.publish(old)
        let verifier = verifier(issuer.cache)
        #expect(try await code(verifier, old) == nil)
        issuer.goAway()
        issuer.pass(KeySetCache.staleness - .seconds(1))
        #expect(try await code(verifier, old) == nil)
        issuer.pass(.seconds(11))
        #expect(try await code(verifier, old) == .keysUnavailable)
    }

    @Test(arguments: ["http://login.example/jwks", "ftp://login.example/jwks", "http://127.0.0.1.login.example/jwks"])
    func keysDoNotTravelInTheOpen(url: String) {
        #expect(throws: VerificationKeysError.self) { try KeySetLocation(url) }
    }

    @Test(arguments: ["https://login.example/jwks", "http://127.0.0.1:8080/.well-known/jwks.json", "/etc/jwks.json"])
    func otherPlacesWillDo(text: String) throws {
        _ = try KeySetLocation(text)
    }

    @Test(arguments: ["", "{}", "[]", "null", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#])
    func whatIsNoKeySetIsRefused(text: String) async {
        await #expect(throws: VerificationKeysError.self) { try await VerificationKeys(jwks: Data(text.utf8)) }
    }

    @Test(arguments: [
        #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#,
        #"{"keys":[{"kty":"RSA","kid":"a","alg":"RS256","n":"AQAB","e":"AQAB"}]}"#,
    ])
    func aKeySetMayHoldNoKeyThatCanBeUsed(text: String) async throws {
        #expect(try await VerificationKeys(jwks: Data(text.utf8)).identifiers == [])
    }

    /// RFC 7638 §3.1: what names a key that has no kid.
    @Test func theThumbprintIsThatOfTheStandard() async throws {
        let modulus = """
            0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3o\
            knjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZH\
            zu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEg\
            U8awapJzKnqDKgw
            """
        let jwks = #"{"keys":[{"kty":"RSA","n":"\#(modulus)","e":"AQAB"}]}"#
        let keys = try await VerificationKeys(jwks: Data(jwks.utf8))
        #expect(keys.identifiers == ["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"])
    }
}
