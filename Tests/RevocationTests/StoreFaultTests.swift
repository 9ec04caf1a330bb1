import Contract
import Logging
import Synchronization
import Testing

@testable import Revocation

/// Stores that misbehave: each must make checks unknown and revocations fail, never clear, never a crash.
@Suite(.timeLimit(.minutes(1))) struct StoreFaultTests {
    @Test(arguments: [
        ("-LOADING Redis is loading", UnknownCause.Code.storeError),
        ("-OOM command not allowed", .storeError),
        ("-MISCONF Errors writing", .storeError),
        ("-NOAUTH Authentication required.", .storeError),
        ("-READONLY You can't write", .storeError),
        ("-ERR unknown command 'SETEX', with args beginning with: 'revoked:jti:secret-jti'", .storeError),
        ("-ERR guarded key: secret-jti", .storeError),
        ("-ERR guarded key: a revocation lasts at most secret-jti", .storeError),
        ("-secret-jti", .storeError),
        ("+QUEUED", .malformedReply),
        ("$-1", .malformedReply),
        (":1", .malformedReply),
        ("*0", .malformedReply),
        ("*1\r\n$-1", .malformedReply),
        ("*4\r\n$-1\r\n$-1\r\n$-1\r\n:1", .malformedReply),
        ("*4\r\n$-1\r\n$-1\r\n$-1\r\n-ERR secret-jti", .malformedReply),
        // The first contact asks for two values.
        ("*2\r\n$-1\r\n:1", .malformedReply),
        ("*2\r\n$-1\r\n-ERR secret-jti", .storeError),
        ("$536870912", .malformedReply),
        ("*2000000000", .malformedReply),
        (String(repeating: "*1\r\n", count: 9) + ":1", .malformedReply),
        ("HTTP/1.1 400 Bad Request", .malformedReply),
        ("+OK\r\n+OK\r\n+OK", .malformedReply),
    ])
    func everyWrongAnswerIsTold(answer: String, code: UnknownCause.Code) async throws {
        let store = try await FakeStore { _ in .bytes(answer + "\r\n") }
        let log = LogLines()
        let list = try RevocationList(store.url, configuration: configuration(), logger: log.logger)
        let verdict = await list.verdict(for: token())
        #expect(verdict.unknownCode == code)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        #expect(error?.code.rawValue == code.rawValue)
        for text in ["\(verdict)", error.map { String(reflecting: $0) } ?? ""] + log.all {
            #expect(!text.contains("secret"), "\(text)")
        }
        await list.close()
        await store.stop()
    }

    /// The same once the terms are known: a check asks for four values.
    @Test(arguments: [
        ("-ERR secret-jti", UnknownCause.Code.storeError),
        ("*2\r\n$-1\r\n-ERR secret-jti", .malformedReply),
        ("*4\r\n$-1\r\n$-1\r\n$-1\r\n:1", .malformedReply),
        ("*4\r\n$-1\r\n$-1\r\n$-1\r\n-ERR secret-jti", .storeError),
    ])
    func everyWrongAnswerToACheckIsTold(answer: String, code: UnknownCause.Code) async throws {
        let store = try await FakeStore.healthy()
        let log = LogLines()
        let list = try RevocationList(store.url, configuration: configuration(), logger: log.logger)
        #expect(await list.verdict(for: token()).isClear)
        store.answer { _ in .bytes(answer + "\r\n") }
        let verdict = await list.verdict(for: token())
        #expect(verdict.unknownCode == code)
        for text in ["\(verdict)"] + log.all { #expect(!text.contains("secret"), "\(text)") }
        await list.close()
        await store.stop()
    }

    @Test(arguments: ["", "*4", "*4\r\n$-1\r\n$5\r\nlog"])
    func halfAReplyThenTheEnd(half: String) async throws {
        let store = try await FakeStore { _ in .last(half) }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).unknownCode == .unreachable)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        #expect(error?.code == .unreachable)
        await list.close()
        await store.stop()
    }

    @Test func aPipelinedRevocationCountsOnlyIfEveryReplyIsOK() async throws {
        let store = try await FakeStore { command in
            command.count > 1 && command[1].contains("sid") ? .bytes("-OOM full\r\n") : answerHealthily(command)
        }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(try await list.revoke(token()) == .revoked(secondsToLive: 1_120))
        let error = await #expect(throws: RevocationError.self) {
            try await list.revoke(token(), scopes: [.token, .session])
        }
        #expect(error?.code == .storeError)
        await list.close()
        await store.stop()
    }

    /// What becomes of a revocation that takes one command is told to its own caller, whatever becomes of those around
    /// it.
    @Test(arguments: [false, true]) func eachRevocationHearsItsOwnReply(isOnOwnExecutor: Bool) async throws {
        let errors = ["-OOM full", "-READONLY no", "-MISCONF Errors writing", "+QUEUED", ":1", "*1\r\n$0\r\n"]
        @Sendable func reply(to number: Int) -> String { number % 3 == 0 ? errors[number / 3 % errors.count] : "+OK" }
        let store = try await FakeStore { command in
            guard command.first == "SETEX", let number = Int(command[1].split(separator: "-").last ?? "") else {
                return answerHealthily(command)
            }
            return .bytes(reply(to: number) + "\r\n")
        }
        let list = try RevocationList(store.url, configuration: configuration())
        let executor = isOnOwnExecutor ? list.executor : nil
        try await list.revoke(token())
        await withTaskGroup { group in
            for number in 0..<1_000 {
                group.addTask(executorPreference: executor) {
                    do throws(RevocationError) {
                        // By token and by session, with the claims and without.
                        let acknowledgement =
                            switch number % 4 {
                            case 0: try await list.revoke(token(identifier: "jti-\(number)"))
                            case 1: try await list.revoke(token(session: "sid-\(number)"), scopes: [.session])
                            case 2: try await list.revoke(.token("jti-\(number)", expiresAt: 1_800_000_000_000))
                            default: try await list.revoke(.session("sid-\(number)"))
                            }
                        #expect(acknowledgement == .revoked(secondsToLive: number % 2 == 0 ? 1_120 : 2_592_120))
                        #expect(reply(to: number) == "+OK")
                    } catch {
                        let isError = reply(to: number).hasPrefix("-")
                        #expect(error.code == (isError ? .storeError : .malformedReply))
                        #expect(reply(to: number) != "+OK")
                    }
                }
            }
        }
        #expect(store.connectionCount == 2)
        await list.close()
        await store.stop()
    }

    @Test func aStoreThatNeverAnswersTimesOutAndTheConnectionLivesOn() async throws {
        let store = try await FakeStore.healthy()
        let list = try RevocationList(store.url, configuration: configuration(commandTimeout: .milliseconds(50)))
        // The terms are known before it falls silent: what times out are checks, not the first contact.
        #expect(await eventually { await list.verdict(for: token()).isClear })
        store.forgetCounts()
        store.answer { ["MGET", "SETEX"].contains($0.first) ? .nothing : answerHealthily($0) }
        #expect(await list.verdict(for: token()).unknownCode == .timedOut)
        #expect(await list.verdict(for: token()).unknownCode == .timedOut)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        #expect(error?.code == .timedOut)
        let connectionCount = store.connectionCount
        // Not the question who the store is, behind a write.
        let isCheck = { (command: [String]) in command.starts(with: ["MGET", "revoked:jti:secret-jti"]) }
        #expect(await eventually { store.commands.count(where: isCheck) == 2 })
        // The late replies come first, and must not be taken for the new ones.
        let isFirst = Atomic(true)
        let late = "*4\r\n$6\r\nlogout\r\n$-1\r\n$-1\r\n" + bulk("epoch")
        store.answer { command in
            guard case .bytes(let text) = answerHealthily(command) else { return .nothing }
            let isLate = isFirst.exchange(false, ordering: .relaxed)
            return .bytes((isLate ? late + late : "") + text)
        }
        #expect(await eventually { await list.verdict(for: token(subject: "alice")).unknownCode != .timedOut })
        #expect(await list.verdict(for: token()).isClear)
        #expect(store.connectionCount == connectionCount)
        await list.close()
        await store.stop()
    }

    @Test func unsolicitedBytesEndTheConnectionAndItComesBack() async throws {
        let store = try await FakeStore.healthy()
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        store.say("*4\r\n$-1\r\n")
        #expect(await eventually { store.connectionCount == 2 })
        #expect(await eventually { await list.verdict(for: token()).isClear })
        await list.close()
        await store.stop()
    }

    @Test func aPortWithoutAListener() async throws {
        let store = try await FakeStore.healthy()
        let url = store.url
        await store.stop()
        let list = try RevocationList(url, configuration: configuration())
        #expect(await list.verdict(for: token()).unknownCode == .unreachable)
        #expect(await list.readiness().code == .unreachable)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        #expect(error?.code == .unreachable)
        await list.close()
    }

    @Test func aStoreThatAcceptsAndSaysNothingIsGivenUp() async throws {
        let store = try await FakeStore { _ in .nothing }
        store.answer { _ in .nothing }
        var settings = configuration()
        settings.connectTimeout = .milliseconds(100)
        let list = try RevocationList(store.url, configuration: settings)
        let verdict = await list.verdict(for: token())
        #expect([.timedOut, .unreachable].contains(verdict.unknownCode))
        await list.close()
        await store.stop()
    }

    @Test func callsFailAtOnceWhileTheStoreIsAwayAndWorkWhenItIsBack() async throws {
        let store = try await FakeStore.healthy()
        let port = store.port
        let list = try RevocationList(store.url, configuration: configuration(commandTimeout: .seconds(60)))
        #expect(await list.verdict(for: token()).isClear)
        await store.stop()
        #expect(await eventually { await list.verdict(for: token()).unknownCode == .unreachable })
        try await store.listen(port: port)
        #expect(await eventually { await list.verdict(for: token()).isClear })
        await list.close()
        await store.stop()
    }

    @Test func closingFailsThoseInFlight() async throws {
        let store = try await FakeStore { _ in .nothing }
        let list = try RevocationList(store.url, configuration: configuration())
        let call = Task { await list.verdict(for: token()) }
        #expect(await eventually { store.commands.contains { $0.first == "MGET" } })
        await list.close()
        #expect(await call.value.unknownCode == .unreachable)
        #expect(await list.verdict(for: token()).unknownCode == .unreachable)
        await store.stop()
    }

    @Test func aListThatIsForgottenClosesItsConnections() async throws {
        let store = try await FakeStore.healthy()
        do {
            let list = try RevocationList(store.url, configuration: configuration())
            #expect(await list.verdict(for: token()).isClear)
        }
        #expect(await eventually { store.openConnectionCount == 0 })
        await store.stop()
    }
}
