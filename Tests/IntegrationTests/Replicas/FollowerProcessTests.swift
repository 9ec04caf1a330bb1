import Foundation
import Revocation
import TestSupport
import Testing

/// A list that checks in its own memory, beside a real daemon.
@Suite(.timeLimit(.minutes(5))) struct FollowerProcessTests {
    private let data: DataFolder

    init() throws { data = try DataFolder() }

    private func token(_ identifier: String) -> TokenClaims {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return TokenClaims(
            issuer: "i", subject: "u", session: "s", identifier: identifier, issuedAt: now, expiresAt: now + 600_000)
    }

    private func list(_ daemon: DaemonProcess, isLocal: Bool) throws -> RevocationList {
        var configuration = RevocationConfiguration()
        if isLocal { configuration.checks = .local(maximumBytes: 64 << 20) }
        return try RevocationList("redis://127.0.0.1:\(daemon.port)", configuration: configuration)
    }

    /// Both are there, and the second answers by itself.
    private func pair(_ daemon: DaemonProcess) async throws -> (writer: RevocationList, checker: RevocationList) {
        let (writer, checker) = (try list(daemon, isLocal: false), try list(daemon, isLocal: true))
        try await writer.revoke(token("first"))
        _ = await checker.verdict(for: token("first"))
        try await waitForLease(checker)
        return (writer, checker)
    }

    /// A follower that had to be waited for gets no lease for 10 s, or for 20.
    private func waitForLease(_ checker: RevocationList) async throws {
        for _ in 0..<6_000 where checker.answersLocally != true { try await Task.sleep(for: .milliseconds(10)) }
        #expect(checker.answersLocally == true)
    }

    @Test func whatIsAcknowledgedIsRefusedHereAtOnce() async throws {
        let daemon = try data.start()
        let (writer, checker) = try await pair(daemon)
        var local = 0
        for number in 0..<1_000 {
            let token = token("t\(number)")
            if case .clear? = checker.localVerdict(for: token) { local += 1 }
            try await writer.revoke(token)
            switch checker.localVerdict(for: token) {
            case .revoked?: local += 1
            case nil: break
            case let verdict?: Issue.record("\(verdict) of a token whose revocation was acknowledged")
            }
        }
        // On a machine that is busy a lease may have to be waited out, and then none is granted for a while.
        #expect(local > 0)
        await writer.close()
        await checker.close()
    }

    @Test func aReceiptCountsTheListsThatCheckInTheirOwnMemory() async throws {
        let daemon = try data.start()
        let (writer, checker) = try await pair(daemon)
        var receipt: Receipt?
        // On a machine that is busy a lease may have to be waited out.
        for number in 0..<20 where receipt?.waitedOut.isEmpty != true {
            receipt = try await writer.revoke(token("t\(number)"), receipt: true).receipt
        }
        #expect(receipt == Receipt(inForceOn: 1, waitedOut: []))
        await checker.close()
        let command = try TestProcess(
            try DaemonProcess.program(), ["revoke", "--subject", "u", "--wait"],
            environment: ["REVOKED_BACKEND": "redis://127.0.0.1:\(daemon.port)"])
        let (status, output) = try command.waitForEnd()
        #expect(status == 0 && output.hasSuffix(". In force: no server checks in its own memory, all ask the store.\n"))
        await writer.close()
    }

    /// With the policy that asks for it, a copy answers on when its daemon is killed, for a while.
    @Test func aCopyOutlivesItsDaemonWhereItIsAskedTo() async throws {
        var daemon = try data.start()
        let (writer, checker) = try await pair(daemon)
        try await writer.revoke(token("gone"))
        func admission(_ identifier: String, _ seconds: Int) async -> String {
            switch await checker.admission(of: token(identifier), policy: .copy(noOlderThan: .seconds(seconds))) {
            case .admitted(let grounds): grounds.rawValue
            case .revoked: "revoked"
            case .refused: "refused"
            }
        }
        try daemon.kill()
        try await eventually("the copy answers") { await admission("clear", 600) == "copied" }
        #expect(await admission("gone", 600) == "revoked")
        #expect(await admission("first", 600) == "revoked")
        try await eventually("its time is over") { await admission("clear", 1) == "refused" }
        #expect(await admission("clear", 600) == "copied")
        daemon = try data.start(["--port", "\(daemon.port)"])
        try await eventually("the daemon answers") { await admission("clear", 1) == "proven" }
        await writer.close()
        await checker.close()
    }

    @Test func noLeaseOutlivesTheDaemonAndNoneIsHeldByADaemonThatForgot() async throws {
        var daemon = try data.start()
        let (writer, checker) = try await pair(daemon)
        for round in 0..<4 {
            daemon.process.terminate(round % 2 == 0 ? SIGKILL : SIGSTOP)
            try await eventually("its lease has run out") { checker.answersLocally == false }
            if round % 2 == 0 {
                daemon = try data.start(["--port", "\(daemon.port)"])
            } else {
                daemon.process.terminate(SIGCONT)
            }
            let token = token("r\(round)")
            try await eventually("a revocation is acknowledged") {
                do { try await writer.revoke(token) } catch { return false }
                return true
            }
            guard case .revoked = await checker.verdict(for: token) else {
                Issue.record("not refused after round \(round)")
                return
            }
            try await waitForLease(checker)
            if case .clear? = checker.localVerdict(for: token) {
                Issue.record("not in the copy after round \(round)")
                return
            }
        }
        await writer.close()
        await checker.close()
    }
}
