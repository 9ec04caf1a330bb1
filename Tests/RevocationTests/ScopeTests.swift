import Contract
import Testing

@testable import Revocation

/// Every scope, on every kind of store.
@Suite(.timeLimit(.minutes(1))) struct ScopeTests {
    private static let now = liveConfiguration().wallClock()

    /// A token that falls under every scope.
    private static func token(
        issuer: String = "https://issuer.example", identifier: String? = "jti", session: String? = "sid",
        subject: String? = "sub", client: String? = "client",
        key: String? = "key", issuedAt: Int64? = now - 10_000
    ) -> TokenClaims {
        TokenClaims(
            issuer: issuer, subject: subject, session: session, identifier: identifier, client: client, key: key,
            issuedAt: issuedAt, expiresAt: now + 600_000)
    }

    private static let requests: [RevocationRequest] = [
        .token("jti", expiresAt: now + 600_000), .session("sid"), .subject("sub"), .client("client"),
        .key("key"), .all(),
    ]

    @Test(arguments: StoreKind.allCases)
    func eachScopeRevokesAndIsRestoredAlone(kind: StoreKind) async throws {
        try await kind.run { url in
            let list = try RevocationList(url, configuration: liveConfiguration())
            #expect(try await list.restore(Self.requests.map(\.scope)) == [])
            for request in Self.requests {
                let scope = request.scope
                #expect(await list.verdict(for: Self.token()).isClear)
                let acknowledgement = try await list.revoke(request, reason: .compromised)
                let kept: [Scope.Kind: Int64] = [.token: 720, .key: 400 * 86_400]
                #expect(acknowledgement.keeps(for: kept[scope.kind] ?? 30 * 86_400 + 120))
                let reason = scope.kind.isCutOff ? "issued before the cut-off of \(scope.kind.word)" : "compromised"
                #expect(await list.verdict(for: Self.token()).reason == reason)
                // Other tokens of the same scope, and of others.
                let other = Self.token(
                    identifier: scope.kind == .token ? "jti" : "other",
                    session: scope.kind == .session ? "sid" : "other",
                    subject: scope.kind == .subject ? "sub" : "other",
                    client: scope.kind == .client ? "client" : "other", key: scope.kind == .key ? "key" : "other")
                #expect(await list.verdict(for: other).reason == reason)
                let stranger = Self.token(identifier: "x", session: "x", subject: "x", client: "x", key: "x")
                #expect(await list.verdict(for: stranger).isClear == (scope.kind != .all))

                // Asked about by its name.
                for other in Self.requests.map(\.scope) {
                    #expect((await list.verdict(of: other).reason == reason) == (other == scope))
                    #expect(await list.verdict(of: other).isClear == (other != scope))
                }

                let restored = try await list.restore([scope, .token("unknown")])
                #expect(restored.map(\.scope) == [scope])
                if scope.kind.isCutOff {
                    #expect(restored.first.flatMap { Int64($0.value) }.map { abs($0 - Self.now) < 50_000 } == true)
                } else {
                    #expect(restored.first?.value == "compromised")
                }
                #expect(restored.first?.secondsLeft.map { $0 > 600 } == true)
            }
            #expect(await list.verdict(for: Self.token()).isClear)
            await list.close()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func manyInOneCall(kind: StoreKind) async throws {
        try await kind.run { url in
            let list = try RevocationList(url, configuration: liveConfiguration())
            let tokens = (0..<2_500).map { RevocationRequest.token("t\($0)", expiresAt: Self.now + 600_000) }
            let expired = RevocationRequest.token("old", expiresAt: Self.now - 300_000)
            let acknowledgements = try await list.revoke(tokens + [expired] + Self.requests, reason: .admin)
            #expect(acknowledgements.count == 2_507)
            #expect(acknowledgements[2_500] == .alreadyExpired)
            #expect(
                acknowledgements.allSatisfy {
                    $0 == .alreadyExpired || $0.keeps(for: 720) || $0.keeps(for: 2_592_120) || $0.keeps(for: 34_560_000)
                })
            for identifier in ["t0", "t999", "t1000", "t2499"] {
                let token = Self.token(identifier: identifier, session: nil, subject: nil, client: nil, key: nil)
                #expect(await list.verdict(for: token).reason == "admin")
            }
            #expect(await list.verdict(for: Self.token(identifier: "x")).reason == "admin")
            #expect(try await list.restore(Self.requests.map(\.scope)).count == 6)
            #expect(try await list.revoke([]) == [])
            await list.close()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aTokenNamesItsScopesByItself(kind: StoreKind) async throws {
        try await kind.run { url in
            let list = try RevocationList(url, configuration: liveConfiguration())
            try await list.revoke(Self.token(), scopes: [.session, .subject])
            for token in [Self.token(session: nil), Self.token(subject: nil)] {
                #expect(await list.verdict(for: token).reason != nil)
            }
            #expect(await list.verdict(for: Self.token(session: nil, subject: nil)).isClear)
            await list.close()
        }
    }

    /// The later cut-off holds, whichever comes last; a token without `iat` falls under any.
    @Test(arguments: StoreKind.allCases)
    func aCutOffIsNeverTakenBack(kind: StoreKind) async throws {
        try await kind.run { url in
            var settings = liveConfiguration()
            settings.longestRefreshLifetime = .seconds(30 * 86_400)
            let list = try RevocationList(url, configuration: settings)
            for time in [Self.now - 5_000, Self.now - 8_000, Self.now - 5_000] {
                try await list.revoke(.subject("sub", issuedBefore: .at(time)))
            }
            for (issuedAt, isClear) in [(-5_001, false), (-5_000, false), (-4_999, true)] as [(Int64, Bool)] {
                #expect(await list.verdict(for: Self.token(issuedAt: Self.now + issuedAt)).isClear == isClear)
            }
            #expect(await list.verdict(for: Self.token(issuedAt: nil)).reason != nil)
            // Another scope's earlier cut-off neither hides it nor is hidden by it (CVE-2026-18218).
            try await list.revoke(.all(issuedBefore: .at(Self.now - 9_000)))
            try await list.revoke(.client("client", issuedBefore: .at(Self.now - 1_000)))
            #expect(await list.verdict(for: Self.token(issuedAt: Self.now - 7_000)).reason?.hasSuffix("sub") == true)
            #expect(await list.verdict(for: Self.token(issuedAt: Self.now - 2_000)).reason?.hasSuffix("client") == true)
            #expect(await list.verdict(for: Self.token(issuedAt: Self.now - 999)).isClear)
            #expect(try await list.restore([.subject("sub")]).map(\.value) == ["\(Self.now - 5_000)"])
            await list.close()
        }
    }

    @Test func aScopeOfWhichNothingIsKnownIsNotClear() async throws {
        let server = try await RedisServer()
        let list = try RevocationList(server.url, configuration: liveConfiguration())
        #expect(await list.verdict(of: .key("key")).unknownCode == .epochMissing)
        #expect(await list.verdict(of: .key("")).unknownCode == .unidentifiable)
        server.kill()
        #expect(await eventually { await list.verdict(of: .key("key")).unknownCode == .unreachable })
        await list.close()
    }

    @Test(arguments: StoreKind.allCases)
    func issuersDoNotShareTheirSubjects(kind: StoreKind) async throws {
        try await kind.run { url in
            var settings = liveConfiguration()
            settings.issuers = [.init("https://a.example", label: "a"), .init("https://b.example", label: "b")]
            let list = try RevocationList(url, configuration: settings)
            try await list.revoke(.subject("sub"), issuer: "https://a.example")
            #expect(await list.verdict(for: Self.token(issuer: "https://a.example")).reason != nil)
            #expect(await list.verdict(for: Self.token(issuer: "https://b.example")).isClear)
            #expect(await list.verdict(for: Self.token(issuer: "https://c.example")).unknownCode == .unidentifiable)
            try await list.revoke(Self.token(issuer: "https://b.example"))
            #expect(await list.verdict(for: Self.token(issuer: "https://b.example")).reason == "logout")
            for issuer in [nil, "https://c.example"] {
                let error = await #expect(throws: RevocationError.self) {
                    try await list.revoke(.all(), issuer: issuer)
                }
                #expect(error?.code == .unknownIssuer)
                await #expect(throws: RevocationError.self) { try await list.restore([.all], issuer: issuer) }
                let verdict = await list.verdict(of: .all, issuer: issuer)
                guard case .unknown(let cause) = verdict else {
                    Issue.record("\(verdict)")
                    continue
                }
                #expect(cause.code == .unidentifiable && cause.message == error?.message)
                #expect(cause.message.contains(issuer == nil ? "(--issuer, or the" : "revoked terms --backend URL"))
                #expect(cause.message.contains("https://a.example, https://b.example"))
            }
            #expect(try await list.restore([.subject("sub")], issuer: "https://b.example") == [])
            #expect(try await list.restore([.subject("sub")], issuer: "https://a.example").count == 1)
            await list.close()
        }
    }

    @Test(arguments: [["x": "same", "y": "same"], ["x": ""], ["x": "jti"], ["x": "Upper"], ["x": "a:b"]])
    func labelsThatCannotBeToldApartAreRefused(labels: [String: String]) {
        var settings = configuration()
        settings.issuers = labels.map { .init($0, label: $1) }
        let error = #expect(throws: RevocationError.self) { try RevocationList("memory:", configuration: settings) }
        #expect(error?.code == .invalidConfiguration)
    }
}
