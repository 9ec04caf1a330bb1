import Contract
import Logging
import RevokedServer
import Synchronization
import Testing

@testable import Revocation

/// Against our own daemon, in this process.
@Suite(.timeLimit(.minutes(1))) struct DaemonTests {
    @Test(arguments: [ServerConfiguration.TransportKind.epoll, .nio])
    func theWholeStory(transport: ServerConfiguration.TransportKind) async throws {
        var settings = ServerConfiguration()
        settings.transport = transport
        try await withDaemon(settings) { url in
            let log = LogLines()
            let list = try RevocationList(url, configuration: liveConfiguration(), logger: log.logger)
            #expect(await list.readiness().isReady)
            #expect(await list.verdict(for: liveToken(subject: "alice")).isClear)
            #expect(try await list.revoke(liveToken(), scopes: [.token, .session]).keeps(for: 1_120))
            #expect(await list.verdict(for: liveToken()).reason == "logout")
            #expect(await list.verdict(for: liveToken(identifier: "other")).reason == "logout")
            #expect(await list.verdict(for: liveToken(identifier: "other", session: "other")).isClear)
            #expect(!log.all.contains { $0.contains("warning") })
            await list.close()
        }
    }

    @Test func theDaemonOwnsItsEpoch() async throws {
        try await withDaemon { url in
            let administration = try StoreAdministration(url)
            guard case .ownedByDaemon(let epoch) = try await administration.initialise() else {
                return #expect(Bool(false), "the daemon makes its epoch itself")
            }
            #expect(
                try await administration.acceptEpoch(replacing: "another")
                    == .init(replaced: "another", accepted: epoch, isOld: false))
            await administration.close()
        }
    }

    @Test func aDaemonThatStartsAgainEmptyIsUnknownUntilAccepted() async throws {
        let port = Mutex(0)
        let first = Mutex("")
        let list = try await withDaemon { url in
            port.withLock { $0 = Int(url.split(separator: ":").last ?? "") ?? 0 }
            let list = try RevocationList(url, configuration: liveConfiguration())
            try await list.revoke(liveToken())
            #expect(await list.verdict(for: liveToken()).reason == "logout")
            let administration = try StoreAdministration(url)
            if case .ownedByDaemon(let epoch) = try await administration.initialise() { first.withLock { $0 = epoch } }
            await administration.close()
            return list
        }
        let other = liveToken(identifier: "other", session: "other")
        #expect(await eventually { await list.verdict(for: other).unknownCode == .unreachable })
        // What was found revoked stays so.
        #expect(await list.verdict(for: liveToken()).reason == "logout")
        var settings = ServerConfiguration()
        settings.port = port.withLock { $0 }
        try await withDaemon(settings) { url in
            #expect(await eventually { await list.verdict(for: other).unknownCode == .epochChanged })
            let administration = try StoreAdministration(url)
            _ = try await administration.acceptEpoch(replacing: first.withLock { $0 })
            #expect(await eventually { await list.verdict(for: other).isClear })
            await administration.close()
        }
        await list.close()
    }

    @Test func aRevocationIsNeverShortened() async throws {
        try await withDaemon { url in
            let list = try RevocationList(url, configuration: liveConfiguration())
            try await list.revoke(liveToken())
            // The same jti in a token that is about to leave the margin.
            #expect(try await list.revoke(liveToken(seconds: -60), reason: .admin).keeps(for: 60))
            let location = try StoreURL(url).location
            let backend = RedisBackend(
                address: .fixed(location), configuration: liveConfiguration(), logger: LogLines().logger)
            let replies = try await backend.replies([Command("TTL", "revoked:jti:secret-jti")])
            guard case .integer(let seconds) = replies[0] else { return #expect(Bool(false), "\(replies)") }
            #expect((1_000...1_120).contains(seconds))
            #expect(await list.verdict(for: liveToken()).reason == "logout")
            await list.close()
            await backend.close()
        }
    }

    @Test func passwordsAndFullMemory() async throws {
        var settings = ServerConfiguration()
        settings.password = "hunter2"
        settings.maximumMemory = 1
        try await withDaemon(settings) { url in
            let list = try RevocationList(
                url.replacing("redis://", with: "redis://:hunter2@"), configuration: liveConfiguration())
            #expect(await list.verdict(for: liveToken()).isClear)
            let error = await #expect(throws: RevocationError.self) { try await list.revoke(liveToken()) }
            #expect(error?.code == .storeError)
            #expect(error?.message.contains("OOM") == true)
            let wrong = try RevocationList(
                url.replacing("redis://", with: "redis://:hunter3@"), configuration: liveConfiguration())
            #expect(await wrong.verdict(for: liveToken()).unknownCode == .storeError)
            await list.close()
            await wrong.close()
        }
    }

    @Test(arguments: [[Scope.Kind.token], [.token, .session]])
    func aTokenThatOutlivesEveryRevocationIsRevokedForTheLongestTime(_ scopes: Set<Scope.Kind>) async throws {
        try await withDaemon { url in
            let list = try RevocationList(url, configuration: liveConfiguration())
            var token = liveToken(seconds: 500 * 86_400)
            token.issuedAt = RevocationConfiguration().wallClock()
            #expect(await list.verdict(for: token).unknownCode == .tooLongLived)
            let acknowledgement = try await list.revoke(token, scopes: scopes)
            #expect(acknowledgement.keeps(for: scopes.contains(.session) ? 30 * 86_400 + 120 : 400 * 86_400))
            #expect(await !list.verdict(for: token).isClear)
            await list.close()
        }
    }

    /// A token of the future may be accepted when its revocation has ended.
    @Test func whatTheDaemonWillNotKeepIsNotAcknowledged() async throws {
        try await withDaemon { url in
            let list = try RevocationList(url, configuration: liveConfiguration())
            let error = await #expect(throws: RevocationError.self) {
                try await list.revoke(liveToken(seconds: 500 * 86_400))
            }
            #expect(error?.code == .storeError)
            #expect(error?.message.contains("max-revocation") == true)
            await list.close()
        }
    }

    @Test func aDaemonThatKeepsLessThanTheTermsAskForIsNamed() async throws {
        var settings = ServerConfiguration()
        settings.maximumRevocation = 86_400
        try await withDaemon(settings) { url in
            let list = try RevocationList(url, configuration: liveConfiguration())
            #expect(await list.verdict(for: liveToken()).isClear)
            #expect(try await list.revoke(.key("k1")) == .revoked(secondsToLive: 86_400))
            guard case .ready(let warnings) = await list.readiness() else {
                Issue.record("not ready")
                return
            }
            #expect(warnings.contains { $0.contains("--max-revocation 2592120") }, "\(warnings)")
            await list.close()
        }
    }

    @Test(arguments: [StoreKind.daemon, .redis])
    func whatWasRevokedBeforeALifetimeGrewIsKeptForTheNewOne(_ kind: StoreKind) async throws {
        try await kind.run { try await Self.growALifetime($0) }
    }

    private static func growALifetime(_ url: String) async throws {
        var configuration = liveConfiguration()
        configuration.issuers = [.init("own"), .init("idp", label: "idp", lifetime: .seconds(20))]
        let list = try RevocationList(url, configuration: configuration)
        let scopes: [RevocationRequest] = [
            // The second begins with a character that joins the colon before it.
            .session("s"), .session("\u{301}s"), .subject("u", issuedBefore: .now), .client("c", issuedBefore: .now),
            .all(),
        ]
        try await list.revoke(scopes + [.token("t", expiresAt: configuration.wallClock() + 10_000)], issuer: "idp")
        try await list.revoke(.session("s"), issuer: "own")
        let administration = try StoreAdministration(url)
        let (_, terms) = try await administration.changeTerms { (terms, now) throws(ContractError) in
            guard var issuers = terms?.issuers else { throw ContractError(.invalidTerms, "none") }
            issuers[1].lengthen(to: 86_400_000, since: now)
            return try Terms(issuers: issuers, leeway: terms?.leeway ?? 0)
        }
        // Everything is kept for as long as the own issuer's tokens, which is longer already.
        #expect(try await administration.prolong(under: terms) == 4)
        #expect(try await administration.prolong(under: terms) == 0)
        let restored = try await list.restore([.session("s"), .subject("u"), .client("c"), .token("t")], issuer: "idp")
        #expect(restored.map { $0.secondsLeft ?? 0 > 86_000 } == [true, true, true, false])
        await administration.close()
        await list.close()
    }
}
