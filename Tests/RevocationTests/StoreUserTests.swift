import Contract
import Logging
import RevokedServer
import Testing

@testable import Revocation

/// The client as one of the daemon's built-in users: each does its work, and no more.
@Suite(.timeLimit(.minutes(1))) struct StoreUserTests {
    private struct Lists {
        let reader, writer, `operator`, admin: RevocationList
    }

    /// A daemon where all users have passwords, and `default` needs one, too.
    private func run(_ body: (Lists, LogLines) async throws -> Void) async throws {
        var settings = ServerConfiguration()
        (settings.password, settings.adminPassword) = ("p", "p")
        (settings.readerPassword, settings.writerPassword, settings.operatorPassword) = ("p", "p", "p")
        try await withDaemon(settings) { url in
            let log = LogLines()
            func list(_ user: String) throws -> RevocationList {
                let url = url.replacing("redis://", with: "redis://\(user):p@")
                return try RevocationList(url, configuration: liveConfiguration(), logger: log.logger)
            }
            let lists = Lists(
                reader: try list("reader"), writer: try list("writer"), operator: try list("operator"),
                admin: try list("admin"))
            try await body(lists, log)
            for list in [lists.reader, lists.writer, lists.operator, lists.admin] { await list.close() }
        }
    }

    private func isRefused(_ body: () async throws(RevocationError) -> Void) async -> Bool {
        do throws(RevocationError) { try await body() } catch { return error.description.contains("may not do that") }
        return false
    }

    @Test func everyUserChecks() async throws {
        try await run { lists, log in
            for list in [lists.writer, lists.reader, lists.operator, lists.admin] {
                #expect(await list.readiness().isReady)
                #expect(await list.verdict(for: liveToken(subject: "alice")).isClear)
                _ = try await list.issueTime(for: liveToken(subject: "alice"))
            }
            try await lists.writer.revoke(liveToken())
            #expect(await lists.reader.verdict(for: liveToken()).reason == "logout")
            #expect(!log.all.contains { $0.contains("warning") })
        }
    }

    @Test func aWriterRevokesTokensSessionsAndSubjects() async throws {
        try await run { lists, _ in
            try await lists.writer.revoke(liveToken(subject: "alice"), scopes: [.token, .session, .subject])
            let now = liveConfiguration().wallClock()
            let refresh = TokenClaims(
                kind: .refresh, issuer: "i", subject: "bob", session: "other", identifier: "refresh",
                issuedAt: now, expiresAt: now + 600_000)
            guard case .rotated = try await lists.writer.rotate(refresh) else {
                return #expect(Bool(false), "a refresh token was not rotated")
            }
            #expect(
                await isRefused { () async throws(RevocationError) in
                    try await lists.writer.revoke(.all())
                })
            #expect(
                await isRefused { () async throws(RevocationError) in
                    try await lists.writer.revoke(.client("c"))
                })
            #expect(await isRefused { () async throws(RevocationError) in try await lists.writer.revoke(.key("k")) })
            #expect(await lists.admin.verdict(of: .all).isClear)
        }
    }

    @Test func anOperatorRevokesAllAndNobodyButTheAdministratorUndoes() async throws {
        try await run { lists, _ in
            try await lists.operator.revoke(.client("c"))
            try await lists.operator.revoke(.key("k"))
            try await lists.operator.revoke(liveToken())
            for list in [lists.reader, lists.writer, lists.operator] {
                #expect(
                    await isRefused { () async throws(RevocationError) in
                        _ = try await list.restore([.token("secret-jti")])
                    })
            }
            #expect(await isRefused { () async throws(RevocationError) in try await lists.reader.revoke(liveToken()) })
            #expect(await lists.reader.verdict(for: liveToken()).reason == "logout")
            #expect(try await lists.admin.restore([.token("secret-jti")]).count == 1)
        }
    }
}
