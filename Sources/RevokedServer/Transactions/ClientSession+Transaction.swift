import Denylist
import Persistence
import RESP
import Synchronization

/// Queueing commands, and executing them together.
extension ClientSession {
    mutating func beginTransaction() {
        transaction = Transaction(in: database)
        client.queuedCommands.store(0, ordering: .relaxed)
        modes.insert(.queueing)
    }

    /// - Returns: what was queued; nil without a transaction.
    @discardableResult
    mutating func endTransaction() -> Transaction? {
        guard let queued = transaction.take() else { return nil }
        client.queuedCommands.store(-1, ordering: .relaxed)
        modes.remove(.queueing)
        return queued
    }

    // MARK: Queueing

    /// Queues a command that was checked.
    mutating func queue(_ command: Command, _ arguments: Arguments, _ context: inout ServingContext) {
        let isGuarded = context.hasOnlyGuardedKeys(command, arguments)
        if !isGuarded, command.flags.contains(.denyOOM), context.isFull(for: .plain, adding: 0) {
            transaction?.abort()
            return context.failOutOfMemory()
        }
        guard transaction?.append(command, arguments, isGuarded: isGuarded) == true else {
            transaction?.abort()
            return context.fail(
                "ERR transaction too large: it takes \(Transaction.maximumCommands) commands, and "
                    + "\(Transaction.maximumBytes) bytes")
        }
        if command.id == .select, let number = DatabaseCommands.existing(arguments[1]) {
            transaction?.database = number
        }
        client.queuedCommands.store(transaction?.count ?? -1, ordering: .relaxed)
        context.reply.simple("QUEUED")
    }

    /// A command was refused before it was queued: `EXEC` executes none. `EXEC` itself answers why, as Redis does.
    /// - Parameter start: where the error begins in the reply.
    mutating func abortTransaction(for command: Command, from start: Int, _ context: inout ServingContext) {
        guard command.id == .exec else {
            transaction?.abort()
            return
        }
        endTransaction()
        unwatch(context.daemon)
        let error = context.reply.bytes[start...].dropFirst().dropLast(2)
        let reason = String(decoding: error.starts(with: "ERR ".utf8) ? error.dropFirst(4) : error, as: UTF8.self)
        context.reply.truncate(to: start)
        context.failTransaction(" of: \(reason)")
    }

    // MARK: Executing

    /// Executes the commands of a transaction, in the exclusive turn.
    mutating func execute(_ transaction: Transaction, _ context: inout ServingContext) {
        context.reply.array(transaction.count)
        let parser = queuedParser(context)
        var batch = context.queuedBatch.take() ?? CommandBatch(context.denylist)
        let input = transaction.requests.span.bytes
        var position = 0
        var budget = TransactionBudget(context.daemon.clock)
        while position < input.byteCount {
            batch.fill(from: input, at: position, by: parser, in: database)
            precondition(batch.count > 0, "what was queued was a request")
            for index in 0..<batch.count {
                batch.prefetch(for: index)
                let start = context.reply.count
                executeQueued(batch.arguments(of: index, in: input), batch.command(index), &budget, &context)
                context.holds.finishElement(start..<context.reply.count)
            }
            position = batch.position
        }
        context.queuedBatch = consume batch
    }

    /// Reads what was a request already.
    func queuedParser(_ context: borrowing ServingContext) -> RequestParser {
        RequestParser(
            limits: RequestLimits(
                maximumBulk: context.daemon.configuration.maximumBulk, maximumArguments: Self.maximumQueuedArguments),
            isAuthenticated: true)
    }

    /// Executes one of them, if its user still may: rights may have changed since it was queued, or by one before it.
    private mutating func executeQueued(
        _ arguments: Arguments, _ tag: Int, _ budget: inout TransactionBudget, _ context: inout ServingContext
    ) {
        let command = context.commands.commands[tag]
        let isUserThere = refreshUser(context.daemon)
        if let denial = isUserThere ? denial(of: command, tag, arguments) : .command {
            return refuseQueued(command, denial, arguments, &context)
        }
        // Revocations are short, and always find room.
        if !context.isRevocation(command, arguments), let refusal = budget.refusal(of: command, context) {
            return context.fail(refusal)
        }
        tellOf(command, arguments, context)
        client.lastCommand.store(tag, ordering: .relaxed)
        run(tag, arguments, &context)
        budget.didRun(command, context.daemon.clock)
    }

    private func denial(of command: Command, _ tag: Int, _ arguments: borrowing Arguments) -> User.Denial? {
        if command.flags.isReserved(in: database), !mayAdminister { return .command }
        // The family of a container looks at the subcommand.
        if command.flags.contains(.container) && arguments.count > 1 { return nil }
        if isUnrestricted, !command.flags.contains(.pubsub) { return nil }
        return user.denial(of: command, bit: tag, arguments)
    }
}
