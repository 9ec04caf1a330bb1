import Contract
import Testing

@Suite struct CheckTests {
    private static let now: Int64 = 1_700_000_000_000
    private let pinned = Array("epoch".utf8)

    /// What one key may hold.
    private enum Held: CaseIterable {
        case nothing, reason, cutOffBefore, cutOffAt, seconds, future

        /// - Parameter issuedAt: of the token under test.
        func value(issuedAt: Int64) -> String? {
            switch self {
            case .nothing: nil
            case .reason: "logout"
            case .cutOffBefore: "\(issuedAt - 1)"
            case .cutOffAt: "\(issuedAt)"
            case .seconds: "\(issuedAt / 1_000)"
            case .future: "\(now + 60_001)"
            }
        }

        static let ofCutOffs: [Held] = [.nothing, .reason, .cutOffBefore, .cutOffAt, .future]
    }

    /// The decision, said once more and differently.
    private func expected(
        held: [Scope.Kind: Held], claims: Set<Scope.Kind>, hasIssuedAt: Bool, epoch: String?
    ) -> String {
        var doubts = false
        for (kind, held) in held where held != .nothing && (kind == .all || claims.contains(kind)) {
            if kind == .token || kind == .session || kind == .key { return "revoked" }
            switch held {
            case .cutOffAt: return "revoked"
            case .cutOffBefore where !hasIssuedAt: return "revoked"
            case .cutOffBefore, .nothing: break
            case .reason, .seconds, .future: doubts = true
            }
        }
        if epoch == nil || epoch == "" { return "epochMissing" }
        if epoch != "epoch" { return "epochChanged" }
        if doubts { return "implausibleCutOff" }
        return claims.subtracting([.key]).isEmpty ? "unidentifiable" : "clear"
    }

    private func word(_ verdict: Verdict) -> String {
        switch verdict {
        case .clear: "clear"
        case .revoked: "revoked"
        case .unknown(let cause): cause.code.rawValue
        }
    }

    /// Every combination of claims, of what the six keys hold, of `iat` and of epochs. The case of several cut-offs of
    /// which the wrong one wins (CVE-2026-18218) is among them.
    @Test(arguments: [true, false])
    func anyScopeThatSaysRevokedWins(hasIssuedAt: Bool) throws {
        let issuedAt = Self.now - 1_000
        var combinations = 0
        for mask in 0..<32 {
            var claims: Set<Scope.Kind> = []
            for (bit, kind) in [Scope.Kind.token, .session, .subject, .client, .key].enumerated()
            where mask & (1 << bit) != 0 {
                claims.insert(kind)
            }
            let token = TokenClaims(
                issuer: "i", subject: claims.contains(.subject) ? "sub" : nil,
                session: claims.contains(.session) ? "sid" : nil, identifier: claims.contains(.token) ? "jti" : nil,
                client: claims.contains(.client) ? "client" : nil, key: claims.contains(.key) ? "kid" : nil,
                issuedAt: hasIssuedAt ? issuedAt : nil)
            let check = Check(token, in: Namespace())
            for held in Self.allHoldings(claims) {
                let store = Dictionary(
                    uniqueKeysWithValues: held.compactMap { kind, held in
                        held.value(issuedAt: issuedAt).map { (Self.key(kind), Array($0.utf8)) }
                    })
                for epoch in [nil, "", "epoch", "other"] {
                    let values = check.keys.map { $0 == Epoch.key ? epoch.map { Array($0.utf8) } : store[$0] }
                    let verdict = check.verdict(values: values, pinnedEpoch: pinned, now: Self.now)
                    let expected = expected(held: held, claims: claims, hasIssuedAt: hasIssuedAt, epoch: epoch)
                    if word(verdict) != expected {
                        Issue.record("\(held) \(epoch ?? "nil"): \(verdict), not \(expected)")
                    }
                    combinations += 1
                }
            }
        }
        #expect(combinations == 4 * 5 * 9 * 36 * 3)
    }

    /// What the keys of these claims, and `all`, may hold together.
    private static func allHoldings(_ claims: Set<Scope.Kind>) -> [[Scope.Kind: Held]] {
        var holdings: [[Scope.Kind: Held]] = [[:]]
        for kind in Scope.Kind.allCases where kind == .all || claims.contains(kind) {
            let choices: [Held] = kind.isCutOff ? Held.ofCutOffs : [.nothing, .reason]
            holdings = holdings.flatMap { holding in
                choices.map { choice in holding.merging([kind: choice]) { _, new in new } }
            }
        }
        return holdings
    }

    private static func key(_ kind: Scope.Kind) -> String {
        kind == .all ? "revoked:all" : "revoked:\(kind.word):\(kind.word)"
    }

    @Test func keysStandInTheOrderOfTheScopesAndTheEpochComesLast() throws {
        let token = TokenClaims(issuer: "i", subject: "c", session: "b", identifier: "a", client: "d", key: "e")
        #expect(
            Check(token, in: Namespace()).keys
                == [
                    "revoked:jti:a", "revoked:sid:b", "revoked:sub:c", "revoked:client:d", "revoked:kid:e",
                    "revoked:all",
                    "revoked.epoch",
                ])
        #expect(
            try Check(TokenClaims(issuer: "i", identifier: ""), in: Namespace(issuerLabel: "eu")).keys
                == ["revoked:eu:all", "revoked.epoch"])
    }

    @Test func theEdgeOfACutOffIsOneMillisecondWide() throws {
        for (cutOff, isRevoked) in [(-1, false), (0, true), (1, true)] as [(Int64, Bool)] {
            let token = TokenClaims(issuer: "i", subject: "s", issuedAt: Self.now)
            let check = Check(token, in: Namespace())
            let verdict = check.verdict(
                values: [Array("\(Self.now + cutOff)".utf8), nil, pinned], pinnedEpoch: pinned, now: Self.now)
            #expect(word(verdict) == (isRevoked ? "revoked" : "clear"))
        }
    }

    /// A refresh keeps the log-in time, so a later `iat` does not step over a cut-off; an earlier log-in does not hide
    /// it.
    @Test func aCutOffIsComparedWithTheLogInTimeAndElseWithTheTimeOfIssue() throws {
        let now = Self.now
        for (issuedAt, authenticatedAt, isRevoked) in [
            (now + 1, now, true), (now, now + 1, false), (now + 1, nil, false), (now, nil, true), (nil, now, true),
            (nil, now + 1, false), (nil, nil, true),
        ] as [(Int64?, Int64?, Bool)] {
            let token = TokenClaims(
                issuer: "i", subject: "s", issuedAt: issuedAt, authenticatedAt: authenticatedAt)
            let verdict = Check(token, in: Namespace()).verdict(
                values: [Array("\(now)".utf8), nil, pinned], pinnedEpoch: pinned, now: now)
            #expect(word(verdict) == (isRevoked ? "revoked" : "clear"))
        }
    }

    /// What is kept of one token must not answer for another that differs only in what a key, or a cut-off, sees.
    @Test func checksThatAStoreMayTellApartAreNotEqual() {
        func check(_ key: String?, _ authenticatedAt: Int64?) -> Check {
            let token = TokenClaims(
                issuer: "i", identifier: "a", key: key, issuedAt: 2, authenticatedAt: authenticatedAt)
            return Check(token, in: Namespace())
        }
        #expect(check("k", 1) == check("k", 1))
        #expect(check("k", nil) == check("k", 2))
        for other in [check("l", 1), check(nil, 1), check("k", 2), check("k", nil)] { #expect(check("k", 1) != other) }
    }

    @Test func anImplausibleCutOffIsNeitherBelievedNorIgnored() throws {
        let check = Check(TokenClaims(issuer: "i", subject: "s", issuedAt: Self.now), in: Namespace())
        for text in ["0", "1700000000", "1800000000000", "soon", "", "-1"] {
            let verdict = check.verdict(values: [Array(text.utf8), nil, pinned], pinnedEpoch: pinned, now: Self.now)
            #expect(word(verdict) == "implausibleCutOff")
        }
    }

    @Test func tooFewOrTooManyValuesAreNoAnswer() throws {
        let check = Check(TokenClaims(issuer: "i", identifier: "a"), in: Namespace())
        for count in [0, 1, 2, 4] {
            let values = Array(repeating: Array("logout".utf8) as [UInt8]?, count: count)
            #expect(word(check.verdict(values: values, pinnedEpoch: pinned, now: Self.now)) == "malformedReply")
        }
    }

    @Test func anEmptyEpochIsNone() throws {
        let check = Check(TokenClaims(issuer: "i", identifier: "a"), in: Namespace())
        #expect(word(check.verdict(values: [nil, nil, []], pinnedEpoch: [], now: Self.now)) == "epochMissing")
    }

    @Test func theReasonIsTold() throws {
        let token = TokenClaims(issuer: "i", subject: "s", identifier: "a", issuedAt: Self.now)
        let check = Check(token, in: Namespace())
        let cutOff = Array("\(Self.now)".utf8)
        for (values, reason) in [
            ([Array("compromised".utf8), nil, nil, nil], "compromised"),
            ([Array("".utf8), nil, nil, nil], ""),
            ([Array("before the cut-off of sub".utf8), nil, nil, nil], "before the cut-off of sub"),
            ([nil, cutOff, nil, nil], "issued before the cut-off of sub"),
            ([nil, nil, cutOff, nil], "issued before the cut-off of all"),
        ] as [([[UInt8]?], String)] {
            guard case .revoked(let told) = check.verdict(values: values, pinnedEpoch: pinned, now: Self.now) else {
                Issue.record("not revoked: \(reason)")
                continue
            }
            #expect(told.text == reason)
            // A client that may write a reason cannot pass it off as a cut-off.
            #expect((told.cutOff == nil) == !reason.hasPrefix("issued"))
        }
    }
}
