import Foundation
import Logging
import Synchronization
import Testing

@testable import RevocationHTTP

/// How long a key set is kept (RFC 9111), and how its place is asked again.
@Suite struct KeySetFreshnessTests {
    @Test(
        arguments: [
            ([], nil, nil), (["public"], nil, nil), (["max-age=60"], nil, 60), (["public, max-age=60"], nil, 60),
            (["public", "MAX-AGE=60"], nil, 60), (["max-age=\"60\""], nil, 60), (["max-age=60"], "20", 40),
            (["max-age=60"], "90", 0), (["max-age=60"], "-5", 60), (["max-age=60"], "soon", 60),
            (["max-age=60, no-store"], nil, 0), (["no-cache, max-age=60"], nil, 0), (["no-cache=\"x\""], nil, 0),
            (["max-age=soon"], nil, 0), (["max-age=-1"], nil, 0), (["max-age="], nil, 0),
            (["max-age=99999999999999999999"], nil, 1 << 31), (["s-maxage=60"], nil, nil),
        ] as [([String], String?, Int?)])
    func itIsWhatTheHeadersSay(cacheControl: [String], age: String?, seconds: Int?) {
        #expect(KeySetAnswer.freshness(cacheControl: cacheControl, age: age) == seconds.map { .seconds($0) })
    }

    /// A place that says how long its answers are good for.
    private final class Place: Sendable {
        private struct State {
            var now = ContinuousClock.now
            var forges: [TokenForge] = []
            var freshness: Duration?
            var asked: [String?] = []
            var stalls = false
            var stalled: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())

        init(_ forge: TokenForge, freshness: Duration?) {
            state.withLock { ($0.forges, $0.freshness) = ([forge], freshness) }
        }

        func publish(_ forges: TokenForge...) { state.withLock { $0.forges = forges } }
        func pass(_ duration: Duration) { state.withLock { $0.now += duration } }
        /// From now on no answer is given.
        func stall() { state.withLock { $0.stalls = true } }

        func recover() {
            let stalled = state.withLock { state in
                defer { (state.stalls, state.stalled) = (false, []) }
                return state.stalled
            }
            for continuation in stalled { continuation.resume() }
        }

        /// The validators that were sent.
        var asked: [String?] { state.withLock { $0.asked } }

        var cache: KeySetCache {
            KeySetCache(
                algorithms: nil, logger: Logger(label: "test"), now: { self.state.withLock { $0.now } },
                asksIssuer: true,
                fetch: { validator async throws(VerificationKeysError) in await self.answer(unless: validator) })
        }

        private func answer(unless validator: KeySetAnswer.Validator?) async -> KeySetAnswer {
            await withCheckedContinuation { continuation in
                let isStalled = state.withLock { state in
                    if state.stalls { state.stalled.append(continuation) }
                    return state.stalls
                }
                if !isStalled { continuation.resume() }
            }
            return state.withLock { state in
                state.asked.append(validator?.tag)
                let tag = state.forges.map(\.kid).joined(separator: ",")
                let document = Data("{\"keys\":[\(state.forges.map(\.jwk).joined(separator: ","))]}".utf8)
                return KeySetAnswer(
                    document: validator?.tag == tag ? nil : document, validator: .init(url: "u", tag: tag),
                    freshness: state.freshness)
            }
        }
    }

    private let old = TokenForge(kid: "old")
    private let new = TokenForge(kid: "new")

    private func isAccepted(_ cache: KeySetCache, _ forge: TokenForge) async throws -> Bool {
        let verifier = TokenVerifier(
            keys: cache, issuer: "us", audience: "shop", clock: WallClock { TokenForge.now })
        return (try? await verifier.verify(try forge.token())) != nil
    }

    /// After that time a token waits for the keys of now; so the reading has ended when it is answered.
    @Test(
        arguments: [
            (.seconds(60), .seconds(48), .seconds(60)), (.seconds(30), .seconds(20), .seconds(30)),
            (.zero, .seconds(10), .seconds(20)), (.seconds(10), .seconds(10), .seconds(20)),
            (.seconds(86_400), .seconds(240), KeySetCache.freshness), (nil, .seconds(240), KeySetCache.freshness),
        ] as [(Duration?, Duration, Duration)])
    func keysAreKeptAsLongAsTheirPlaceSays(said: Duration?, unasked: Duration, kept: Duration) async throws {
        let place = Place(old, freshness: said)
        let cache = place.cache
        #expect(try await isAccepted(cache, old))
        place.publish(new)
        place.pass(unasked - .seconds(1))
        #expect(try await isAccepted(cache, old))
        #expect(place.asked.count == 1)
        place.pass(kept - unasked + .seconds(1))
        #expect(try await !isAccepted(cache, old))
        #expect(try await isAccepted(cache, new))
        #expect(place.asked == [nil, "old"])
    }

    /// An issuer that forbids to keep its keys, and is slow, holds up no token while tokens come.
    @Test(.timeLimit(.minutes(1)), arguments: [.zero, .seconds(10), .seconds(60)] as [Duration])
    func noTokenWaitsWhileTokensCome(said: Duration) async throws {
        let place = Place(old, freshness: said)
        let cache = place.cache
        #expect(try await isAccepted(cache, old))
        // Of the keys that are held.
        var age = Duration.zero
        for reading in 2...4 {
            let fresh = TokenForge(kid: "fresh-\(reading)")
            place.publish(old, fresh)
            place.stall()
            place.pass(max(said, KeySetCache.minimumFreshness) - KeySetCache.minimumInterval - age)
            // It has the keys read, and is answered although there is no answer yet.
            #expect(try await isAccepted(cache, old))
            age = KeySetCache.minimumInterval - .seconds(1)
            place.pass(age)
            #expect(try await isAccepted(cache, old))
            place.recover()
            // An unknown key waits for the reading that is under way.
            #expect(try await isAccepted(cache, fresh))
            #expect(place.asked.count == reading)
        }
    }

    @Test func anUnchangedSetIsNotSentAgain() async throws {
        let place = Place(old, freshness: .seconds(60))
        let cache = place.cache
        for _ in 0..<3 {
            #expect(try await isAccepted(cache, old))
            place.pass(.seconds(120))
        }
        #expect(place.asked == [nil, "old", "old"])
        #expect(cache.status.keyCount == 1 && cache.status.problems == [])
    }

    @Test func anAnswerThatIsUnchangedFromNothingIsNoKeySet() async throws {
        let cache = KeySetCache(algorithms: nil, logger: Logger(label: "test"), asksIssuer: true) {
            _ async throws(VerificationKeysError) in KeySetAnswer(document: nil)
        }
        #expect(try await !isAccepted(cache, old))
        #expect(cache.status.problems.count == 1)
    }

    /// An issuer that calls its keys the same: a request need not wait until the cached ones are old.
    @Test func aKeyThatReplacedOneOfTheSameNameIsNoticedByItsFirstToken() async throws {
        let place = Place(old, freshness: nil)
        let cache = place.cache
        #expect(try await isAccepted(cache, old))
        let successor = TokenForge(kid: "old")
        #expect(try await !isAccepted(cache, successor))
        place.publish(successor, new)
        #expect(try await !isAccepted(cache, successor))
        place.pass(KeySetCache.minimumInterval)
        #expect(try await isAccepted(cache, successor))
        #expect(try await !isAccepted(cache, old))
        #expect(place.asked.count == 2)
    }
}
