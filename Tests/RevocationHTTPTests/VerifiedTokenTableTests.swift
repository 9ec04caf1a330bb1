import Contract
import Foundation
import Synchronization
import Testing

@testable import RevocationHTTP

/// Whether a verifier that remembers what it has verified ever answers otherwise than one that does not.
@Suite struct VerifiedTokenTableTests {
    /// An issuer that publishes and withdraws keys, or is away.
    private final class Keys: KeySource {
        private let published = Mutex<VerificationKeys?>(nil)

        func publish(_ keys: VerificationKeys?) { published.withLock { $0 = keys } }

        func keys(for identifier: String?) throws(TokenRejection) -> VerificationKeys {
            guard let keys = published.withLock({ $0 }) else { throw TokenRejection(.keysUnavailable, "away") }
            return keys
        }

        func keys(
            for identifier: String?, until suffices: (VerificationKeys) -> Bool
        ) throws(TokenRejection) -> VerificationKeys { try keys(for: identifier) }
    }

    private final class Clock: Sendable {
        private let time = Mutex(TokenForge.now)

        var now: Int64 {
            get { time.withLock { $0 } }
            set { time.withLock { $0 = newValue } }
        }
    }

    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private let clock = Clock()
    private let keys = Keys()
    private let forges = [TokenForge(kid: "a"), TokenForge(kid: "b"), TokenForge(kid: "b")]

    private func verifier() -> TokenVerifier {
        var strict = TrustedIssuer(name: "us", audience: "shop", keys: keys, kinds: [.access, .refresh])
        strict.usesAuthenticationTime = true
        var loose = TrustedIssuer(name: "them", audiences: [], keys: keys)
        loose.clients = ["app"]
        loose.types = ["jwt", "none"]
        loose.lifetime = .seconds(300)
        loose.claimNames.token = "uti"
        return TokenVerifier(
            issuers: [strict, loose], leeway: .seconds(5), clock: WallClock { [clock] in clock.now })
    }

    private func answer(_ verifier: TokenVerifier, _ token: String, _ kinds: Set<TokenClaims.Kind>) async -> String {
        do throws(TokenRejection) { return "\(try await verifier.verify(token, kinds: kinds))" } catch {
            return "\(error.code): \(error.message)"
        }
    }

    private func publish(_ forges: [TokenForge]) async throws {
        let jwks = Data("{\"keys\":[\(forges.map(\.jwk).joined(separator: ","))]}".utf8)
        keys.publish(try await VerificationKeys(jwks: jwks))
    }

    /// Other spellings of the same bytes: the bits of a segment's last character that stand for nothing.
    private static func spellings(_ token: String) -> [String] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var spellings: [String] = []
        let segments = token.split(separator: ".", omittingEmptySubsequences: false)
        for index in segments.indices {
            let unused = [0, 6, 4, 2][segments[index].count % 4]
            guard unused > 0, let last = segments[index].last, let value = alphabet.firstIndex(of: last) else {
                continue
            }
            for bits in 1..<(1 << unused) {
                var changed = segments
                changed[index] = segments[index].dropLast() + String(alphabet[value ^ bits])
                spellings.append(changed.joined(separator: "."))
            }
        }
        return spellings
    }

    private func tokens() throws -> [String] {
        let (now, types) = (TokenForge.seconds, [#""at+jwt""#, #""rt+jwt""#, #""JWT""#, nil])
        var tokens: [String] = []
        for (index, forge) in forges.enumerated() {
            for type in types {
                for change in [
                    [:], ["aud": #""us""#], ["iss": #""them""#, "aud": nil],
                    ["iss": #""them""#, "aud": nil, "iat": nil],
                    ["exp": "\(now + 20)"], ["nbf": "\(now + 30)"], ["iat": "\(now + 30)"],
                    ["auth_time": "\(now + 30)"],
                    ["auth_time": #""x""#], ["jti": "1"], ["exp": nil],
                ] as [[String: String?]] {
                    let header: [String: String?] = index == 2 ? ["typ": type, "kid": nil] : ["typ": type]
                    tokens.append(try forge.token(header: header, claims: change))
                }
            }
        }
        for token in [tokens[0], tokens[1], tokens[24], tokens[90]] { tokens += Self.spellings(token) }
        return tokens
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func itNeverChangesAnAnswer(seed: UInt64) async throws {
        var generator = Generator(state: seed)
        let tokens = try tokens()
        let remembering = verifier()
        var forgetting = verifier()
        forgetting.verifiedTokens = nil
        var (accepted, remembered) = (0, 0)
        try await publish(forges)
        for _ in 0..<4000 {
            switch Int.random(in: 0..<40, using: &generator) {
            case 0: clock.now += Int64.random(in: -20_000...30_000, using: &generator)
            case 1...3: clock.now = TokenForge.now
            case 4: keys.publish(nil)
            case 5, 6: try await publish(forges.filter { _ in Bool.random(using: &generator) })
            case 7...11: try await publish(forges)
            case 12: try await publish([forges[2]])
            default: break
            }
            // Some tokens come again and again.
            let few = Bool.random(using: &generator)
            let token = try #require((few ? tokens.prefix(9) : tokens[...]).randomElement(using: &generator))
            let kinds: Set<TokenClaims.Kind> =
                [[.access], [.access], [.refresh], [.access, .refresh]].randomElement(using: &generator) ?? []
            let table = try #require(remembering.verifiedTokens)
            if table[table.digest(of: token)] != nil { remembered += 1 }
            let expected = await answer(forgetting, token, kinds)
            #expect(await answer(remembering, token, kinds) == expected)
            if expected.hasPrefix("TokenClaims") { accepted += 1 }
        }
        #expect(accepted > 200 && remembered > 200, "\(accepted) \(remembered)")
    }

    /// The parts of a token are compared as they were sent: another spelling is verified anew.
    @Test func anotherSpellingIsAnotherToken() async throws {
        try await publish(forges)
        let verifier = verifier()
        let table = try #require(verifier.verifiedTokens)
        let token = try forges[0].token()
        _ = try await verifier.verify(token)
        #expect(table[table.digest(of: token)] != nil)
        let spellings = Self.spellings(token)
        #expect(spellings.count >= 15)
        for spelling in spellings { #expect(table[table.digest(of: spelling)] == nil) }
    }

    @Test func aDigestIsOfOneTokenAndOfOneTable() throws {
        let (table, other) = (VerifiedTokenTable(), VerifiedTokenTable())
        let tokens = try tokens()
        let digests = tokens.map { table.digest(of: $0) }
        #expect(Set(digests).count == Set(tokens).count)
        #expect(digests == tokens.map { table.digest(of: $0) })
        #expect(Set(digests).isDisjoint(with: tokens.map { other.digest(of: $0) }))
    }

    @Test func aWithdrawalWorksAtOnce() async throws {
        try await publish(forges)
        let verifier = verifier()
        let table = try #require(verifier.verifiedTokens)
        let token = try forges[0].token()
        _ = try await verifier.verify(token)
        // Another key of the same name has not signed it.
        try await publish([TokenForge(kid: "a")])
        #expect(await answer(verifier, token, [.access]).hasPrefix("badSignature"))
        #expect(table[table.digest(of: token)] == nil)
        try await publish(forges)
        _ = try await verifier.verify(token)
        try await publish([])
        #expect(await answer(verifier, token, [.access]).hasPrefix("unknownKey"))
        try await publish(forges)
        _ = try await verifier.verify(token)
        keys.publish(nil)
        #expect(await answer(verifier, token, [.access]).hasPrefix("keysUnavailable"))
    }

    @Test func whatIsRefusedOrExpiredIsNotKept() async throws {
        try await publish(forges)
        let verifier = verifier()
        let table = try #require(verifier.verifiedTokens)
        let (good, future) = (try forges[0].token(), try forges[0].token(claims: ["nbf": "\(TokenForge.seconds + 10)"]))
        let forged = try forges[0].sign(forges[0].header(), forges[0].claims(), with: forges[1].key)
        let long = try forges[0].token(claims: ["sub": "\"\(String(repeating: "a", count: 1100))\""])
        for token in [good, future, forged, long] { _ = await answer(verifier, token, [.access]) }
        #expect(
            [good, future, forged, long].map { table[table.digest(of: $0)] != nil } == [true, false, false, false])
        clock.now += 65_000
        #expect(await answer(verifier, good, [.access]).hasPrefix("expired"))
        #expect(table[table.digest(of: good)] == nil)
    }
}
