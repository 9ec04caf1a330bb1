import Contract
import Synchronization
import Testing

@testable import Revocation

/// Callers that give up.
@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
    @Test func aCancelledCallerDisturbsNoOther() async throws {
        let isPaused = Atomic(false)
        let store = try await FakeStore { command in
            isPaused.load(ordering: .relaxed) ? .nothing : answerHealthily(command)
        }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        isPaused.store(true, ordering: .relaxed)
        store.forgetCounts()
        let cancelled = Task { await list.verdict(for: token()) }
        let other = Task { await list.verdict(for: token()) }
        #expect(await eventually { store.commands.filter { $0.first == "MGET" }.count == 2 })
        cancelled.cancel()
        #expect(await cancelled.value.unknownCode == .cancelled)
        isPaused.store(false, ordering: .relaxed)
        let third = Task { await list.verdict(for: token()) }
        #expect(await eventually { store.commands.filter { $0.first == "MGET" }.count == 3 })
        store.say(values(4, epoch: "epoch") + values(4, epoch: "epoch"))
        #expect(await other.value.isClear)
        #expect(await third.value.isClear)
        #expect(store.connectionCount == 1)
        await list.close()
        await store.stop()
    }

    @Test func aCallCancelledBeforeItBeganIsNotSent() async throws {
        let store = try await FakeStore.healthy()
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        store.forgetCounts()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await list.verdict(for: token())
        }
        task.cancel()
        #expect(await task.value.unknownCode == .cancelled)
        #expect(await list.verdict(for: token()).isClear)
        #expect(store.commands.count == 1)
        await list.close()
        await store.stop()
    }

    /// The store is well, and would say that the token is revoked.
    @Test(arguments: [.deny, .allow, .lastKnown(for: .seconds(60))] as [FailurePolicy])
    func aCallerThatIsGoneIsNotAdmitted(policy: FailurePolicy) async throws {
        let store = try await FakeStore.healthy()
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await list.admission(of: token(identifier: "other"), policy: policy)
        }
        task.cancel()
        guard case .refused(let cause) = await task.value else { return #expect(Bool(false), "it was admitted") }
        #expect(cause.code == .cancelled)
        await list.close()
        await store.stop()
    }

    @Test func aCallerIsLetGoWhileTheConnectionIsBeingMade() async throws {
        let store = try await FakeStore.healthy()
        store.answer { _ in .nothing }
        let list = try RevocationList(store.url, configuration: configuration())
        let task = Task { await list.verdict(for: token()) }
        #expect(await eventually { !store.commands.isEmpty })
        task.cancel()
        #expect(await task.value.unknownCode == .cancelled)
        await list.close()
        await store.stop()
    }

    @Test func whoIsLetGoWhileTheConnectionIsBeingMadeAsksNothing() async throws {
        let store = try await FakeStore.healthy()
        store.answer { _ in .nothing }
        let list = try RevocationList(store.url, configuration: configuration())
        let given = Task { await list.verdict(for: token(identifier: "given up")) }
        let kept = Task { await list.verdict(for: token(identifier: "kept")) }
        #expect(await eventually { store.commands.count == Handshake.commands(.init()).count })
        given.cancel()
        #expect(await given.value.unknownCode == .cancelled)
        store.answer { answerHealthily($0) }
        store.say(
            String(repeating: "+OK\r\n", count: Handshake.introduction.count)
                + String(repeating: bulk("server_name:revoked\r\n"), count: 4) + time())
        #expect(await kept.value.isClear)
        let asked = store.commands.joined().filter { $0.hasPrefix("revoked:jti:") }
        #expect(asked == ["revoked:jti:kept"])
        await list.close()
        await store.stop()
    }

    @Test func aCancelledWriteIsLetGo() async throws {
        let store = try await FakeStore { $0.first == "SETEX" ? .nothing : answerHealthily($0) }
        let list = try RevocationList(store.url, configuration: configuration())
        let write = Task { try await list.revoke(token()) }
        #expect(await eventually { store.commands.contains { $0.first == "SETEX" } })
        write.cancel()
        let error = await #expect(throws: RevocationError.self) { try await write.value }
        #expect(error?.code == .cancelled)
        await list.close()
        await store.stop()
    }

    /// Wherever the tasks run: on the connection's own executor too.
    @Test(arguments: [false, true]) func someOfManyAreCancelled(isOnOwnExecutor: Bool) async throws {
        let store = try await FakeStore { $0.contains("revoked:sid:secret-sid") ? .nothing : answerHealthily($0) }
        let list = try RevocationList(store.url, configuration: configuration())
        let executor = isOnOwnExecutor ? list.executor : nil
        #expect(await list.verdict(for: token(session: nil)).isClear)
        let tasks = (0..<100).map { number in
            Task(executorPreference: executor) { await list.verdict(for: token(identifier: "jti-\(number)")) }
        }
        #expect(await eventually { store.commands.count { $0.contains("revoked:sid:secret-sid") } == 100 })
        for index in stride(from: 0, to: 100, by: 2) { tasks[index].cancel() }
        for index in stride(from: 0, to: 100, by: 2) { #expect(await tasks[index].value.unknownCode == .cancelled) }
        // The reply to the hundredth says that its token is revoked.
        let revoked = "*4\r\n" + bulk("logout") + "$-1\r\n$-1\r\n" + bulk("epoch")
        let last = try #require(store.commands.last?.first { $0.hasPrefix("revoked:jti:") })
        store.say(String(repeating: values(4, epoch: "epoch"), count: 99) + revoked)
        for index in stride(from: 1, to: 100, by: 2) {
            let isLast = "revoked:jti:jti-\(index)" == last
            let verdict = await tasks[index].value
            if case .revoked = verdict { #expect(isLast) } else { #expect(verdict.isClear && !isLast) }
        }
        #expect(store.connectionCount == 1)
        await list.close()
        await store.stop()
    }

    /// Whatever comes first, a caller hears one thing, and the connection keeps its order.
    @Test(arguments: [false, true]) func cancellationsRaceWithReplies(isOnOwnExecutor: Bool) async throws {
        let store = try await FakeStore { command in
            guard command.contains("revoked:jti:revoked") else { return answerHealthily(command) }
            return .bytes("*3\r\n" + bulk("logout") + "$-1\r\n" + bulk("epoch"))
        }
        let list = try RevocationList(store.url, configuration: configuration())
        let executor = isOnOwnExecutor ? list.executor : nil
        for round in 0..<50 {
            let tasks = (0..<64).map { number in
                Task(executorPreference: executor) {
                    let isRevoked = number % 3 == 0
                    let identifier = isRevoked ? "revoked" : "jti-\(number)"
                    return (isRevoked, await list.verdict(for: token(identifier: identifier, session: nil)))
                }
            }
            if round % 2 == 0 { await Task.yield() }
            for task in tasks { task.cancel() }
            for task in tasks {
                switch await task.value {
                case (let isRevoked, .revoked): #expect(isRevoked)
                case (let isRevoked, .clear): #expect(!isRevoked)
                case (_, let verdict): #expect(verdict.unknownCode == .cancelled)
                }
            }
        }
        #expect(await list.verdict(for: token()).isClear)
        #expect(store.connectionCount == 1)
        await list.close()
        await store.stop()
    }

    /// A caller that is told of a revocation can rely on it; a caller that gave up hears just that.
    @Test(arguments: [false, true]) func cancellationsRaceWithAcknowledgements(isOnOwnExecutor: Bool) async throws {
        let store = try await FakeStore { command in
            command.contains("revoked:jti:refused") ? .bytes("-OOM full\r\n") : answerHealthily(command)
        }
        // Its clocks stand still: how long a revocation is kept does not depend on how long the test takes.
        let now = configuration().wallClock()
        let list = try RevocationList(store.url, configuration: configuration(time: { now }))
        let executor = isOnOwnExecutor ? list.executor : nil
        try await list.revoke(token())
        for round in 0..<50 {
            let tasks = (0..<64).map { number in
                Task(executorPreference: executor) {
                    try await list.revoke(token(identifier: number % 3 == 0 ? "refused" : "\(round)-\(number)"))
                }
            }
            if round % 2 == 0 { await Task.yield() }
            for task in tasks { task.cancel() }
            for task in tasks { _ = await task.result }
            let written = Set(store.commands.joined())
            for (number, task) in tasks.enumerated() {
                do {
                    #expect(try await task.value == .revoked(secondsToLive: 1_120))
                    #expect(number % 3 != 0 && written.contains("revoked:jti:\(round)-\(number)"))
                } catch let error as RevocationError {
                    #expect(error.code == .cancelled || (error.code == .storeError && number % 3 == 0))
                }
            }
        }
        #expect(try await list.revoke(token()) == .revoked(secondsToLive: 1_120))
        #expect(store.connectionCount == 2)
        await list.close()
        await store.stop()
    }

    @Test func aTaskIsToldOnceThatItsCallTakesLong() async throws {
        let call = PendingCall([Command("PING")])
        let first = await withUnsafeContinuation { waiter in
            #expect(call.wait(waiter))
            call.resumeAsSlow()
        }
        #expect(first == nil)
        #expect(!call.isFinished)
        let second = await withUnsafeContinuation { waiter in
            call.waitCancellably(waiter)
            call.resumeAsSlow()
            call.finish(.success(.replies([.ok])))
            call.finish(.failure(.cancelled))
        }
        guard case .success(.replies([.ok]))? = second else { return #expect(Bool(false), "the reply came first") }
        #expect(call.isFinished)
    }

    @Test func anOutcomeThatComesBetweenTwoWaitsIsKept() async throws {
        let call = PendingCall([Command("PING")])
        let first = await withUnsafeContinuation { waiter in
            #expect(call.wait(waiter))
            call.resumeAsSlow()
        }
        #expect(first == nil)
        call.finish(.success(.replies([.ok])))
        #expect(call.isFinished)
        call.finish(.failure(.cancelled))
        let second = await withUnsafeContinuation { call.waitCancellably($0) }
        guard case .success(.replies([.ok]))? = second else { return #expect(Bool(false), "the reply came first") }
    }
}
