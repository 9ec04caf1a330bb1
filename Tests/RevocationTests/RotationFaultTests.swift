import Contract
import Testing

@testable import Revocation

/// Stores that misbehave while a refresh token is exchanged: no caller gets a pair, whatever goes wrong.
@Suite(.timeLimit(.minutes(1))) struct RotationFaultTests {
    /// Which of the three answers of an exchange is wrong.
    enum Step: CaseIterable, Sendable { case claim, time, lookUp }

    private static let answers = [
        "-LOADING Redis is loading", "-OOM command not allowed", "-MISCONF Errors writing",
        "-NOAUTH Authentication required.", "-READONLY You can't write", "-secret-jti", "+QUEUED", ":1", "*0",
        "*1\r\n$-1", "*2\r\n$-1\r\n:1", "$536870912", "*2000000000", "HTTP/1.1 400 Bad Request",
        String(repeating: "*1\r\n", count: 9) + ":1",
    ]

    private static func isAbout(_ step: Step, _ command: [String]) -> Bool {
        switch step {
        case .claim: ["SET", "EVALSHA", "EVAL"].contains(command[0])
        case .time: command[0] == "TIME"
        case .lookUp: command[0] == "MGET" && command.last != "revoked.accepted"
        }
    }

    private static func refreshToken() -> TokenClaims {
        let now = configuration().wallClock()
        return TokenClaims(
            kind: .refresh, issuer: "i", subject: "sub", session: "secret-sid", identifier: "secret-jti",
            issuedAt: now - 1_000, expiresAt: now + 600_000)
    }

    private static func rotate(
        at store: FakeStore, dialect: StoreDialect, _ log: LogLines
    ) async throws -> RotationOutcome {
        let list = try RevocationList(
            backend: redisBackend(store.url, configuration(), dialect: dialect), configuration: configuration(),
            logger: log.logger)
        let outcome = try await list.rotate(refreshToken())
        await list.close()
        return outcome
    }

    @Test(arguments: Step.allCases, [StoreDialect.daemon, .stock(combinesSetOptions: false)])
    func aWrongAnswerHandsOutNothing(step: Step, dialect: StoreDialect) async throws {
        for answer in Self.answers {
            let store = try await FakeStore { answerHealthily($0) }
            store.answer { command in
                if Self.isAbout(step, command) { return .bytes(answer + "\r\n") }
                return Self.isAbout(.claim, command) ? .bytes("$-1\r\n") : answerHealthily(command)
            }
            let log = LogLines()
            let outcome = try await Self.rotate(at: store, dialect: dialect, log)
            #expect(outcome.unknownCode != nil, "\(answer): \(outcome)")
            for text in ["\(outcome)"] + log.all { #expect(!text.contains("secret"), "\(text)") }
            await store.stop()
        }
    }

    /// It said that the claim was written, and then does not have it: that is no proof.
    @Test func aStoreThatContradictsItselfHandsOutNothing() async throws {
        let store = try await FakeStore { command in
            Self.isAbout(.claim, command) ? .bytes("$-1\r\n") : answerHealthily(command)
        }
        #expect(try await Self.rotate(at: store, dialect: .daemon, LogLines()).unknownCode != nil)
        await store.stop()
    }

    /// The connection ends after each of the answers.
    @Test(arguments: Step.allCases)
    func aConnectionThatEndsHandsOutNothing(step: Step) async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { command in
            if Self.isAbout(step, command) { return .last("$3\r\nlo") }
            return Self.isAbout(.claim, command) ? .bytes("$-1\r\n") : answerHealthily(command)
        }
        #expect(try await Self.rotate(at: store, dialect: .daemon, LogLines()).unknownCode != nil)
        await store.stop()
    }

    /// A server that forgot its scripts is told them again; one that knows none makes nothing of it.
    @Test func aScriptThatTheStoreForgotIsSentOnce() async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { command in
            ["EVALSHA", "EVAL"].contains(command[0])
                ? .bytes("-NOSCRIPT No matching script. Please use EVAL.\r\n") : answerHealthily(command)
        }
        let outcome = try await Self.rotate(at: store, dialect: .stock(combinesSetOptions: false), LogLines())
        #expect(outcome.unknownCode == .storeError)
        #expect(store.commands.count { $0[0] == "EVAL" } == 1)
        await store.stop()
    }
}
