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
            var fetches = 0
            var now = ContinuousClock.now
        }

        private let state = Mutex(State())

        var fetches: Int { state.withLock { $0.fetches } }

        func publish(_ forges: TokenForge...) { state.withLock { $0.forges = forges } }
        func goAway() { state.withLock { $0.isAway = true } }
        func pass(_ duration: Duration) { state.withLock { $0.now += duration } }

        var cache: KeySetCache {
            let fetch: @Sendable () async throws(VerificationKeysError) -> Data = {
                () async throws(VerificationKeysError) in
                let forges = self.state.withLock { state in
                    state.fetches += 1
                    return state.isAway ? nil : state.forges
                }
                guard let forges else { throw VerificationKeysError(message: "away") }
                return Data("{\"keys\":[\(forges.map(\.jwk).joined(separator: ","))]}".utf8)
            }
            return KeySetCache(now: { self.state.withLock { $0.now } }, fetch: fetch)
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

    @Test func aWithdrawnKeyIsNoLongerBelieved() async throws {
        issuer.publish(old, new)
        let verifier = verifier(issuer.cache)
        #expect(try await code(verifier, old) == nil)
        issuer.publish(new)
        issuer.pass(KeySetCache.freshness)
        let end = ContinuousClock.now + .seconds(10)
        while try await code(verifier, old) == nil, ContinuousClock.now < end { await Task.yield() }
        #expect(try await code(verifier, old) == .unknownKey)
        #expect(try await code(verifier, new) == nil)
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

    @Test(arguments: [
        "", "{}", "[]", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#,
        #"{"keys":[{"kty":"RSA","kid":"a","alg":"RS256","n":"AQAB","e":"AQAB"}]}"#,
    ])
    func aKeySetWithoutAUsableKeyIsRefused(text: String) async {
        await #expect(throws: VerificationKeysError.self) { try await VerificationKeys(jwks: Data(text.utf8)) }
    }
}
