import NIOCore

// The calls that a task waits for.

extension StoreConnection {
    /// Sends commands and waits for their replies, which may be errors. For a connection without witnesses.
    func call(_ commands: [Command]) async throws(StoreFailure) -> [Reply] {
        try await outcome(of: commands).replies()
    }

    /// The same for a connection with witnesses.
    func witnessedCall(_ commands: [Command]) async throws(StoreFailure) -> Witnessed<[Reply]> {
        guard case .witnessed(let replies, let witness) = try await outcome(of: commands).get() else {
            throw .unexpectedReply
        }
        return Witnessed(replies, [witness])
    }

    private func outcome(of commands: [Command]) async -> PendingCall.Outcome {
        let call = PendingCall(commands)
        let outcome = await withUnsafeContinuation { waiter in
            if call.wait(waiter) { submit(call) }
        }
        if let outcome { return outcome }
        return await lateOutcome(of: call)
    }

    /// The store's status. Connects if there is none yet, because every connection begins with an examination.
    func examined() async throws(StoreFailure) -> StoreStatus {
        if let status { return status }
        _ = try await outcome(of: [Command("TIME")]).get()
        guard let status else { throw .clockUnknown }
        return status
    }

    /// The outcome of a call whose task was told that it takes long. A cancellation now ends the wait at once.
    func lateOutcome(of call: PendingCall) async -> PendingCall.Outcome {
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { waiter in
                loop.execute { call.waitCancellably(waiter) }
            }
        } onCancel: {
            loop.execute { call.finish(.failure(.cancelled)) }
        }
        guard let outcome else { preconditionFailure("a task is told once that its call takes long") }
        return outcome
    }
}
