import Persistence
import RESP

/// Transactions: what begins one, executes it, or gives it up.
enum TransactionCommands {
    static func multi(_ session: inout ClientSession, _ context: inout ServingContext) {
        guard session.transaction == nil else { return context.fail("ERR MULTI calls can not be nested") }
        session.beginTransaction()
        context.reply.ok()
    }

    static func discard(_ session: inout ClientSession, _ context: inout ServingContext) {
        guard session.endTransaction() != nil else { return context.fail("ERR DISCARD without MULTI") }
        session.unwatch(context.daemon)
        context.reply.ok()
    }

    static func exec(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        execute(&session, &context)
        session.show(context.commands.commands[context.commands.find(arguments[0])], arguments, context)
    }

    private static func execute(_ session: inout ClientSession, _ context: inout ServingContext) {
        guard let transaction = session.endTransaction() else { return context.fail("ERR EXEC without MULTI") }
        defer { session.unwatch(context.daemon) }
        if let refusal = context.refusal(of: transaction) { return context.failTransaction(" of: \(refusal)") }
        guard !transaction.isAborted else { return context.failTransaction(" of previous errors.") }
        let end = context.executeAlone { context in
            // While this thread waited for its turn the client may have been killed.
            guard session.mayGoOn(context.daemon) else { return }
            guard !session.hasWatchedChange(context) else { return context.reply.nullArray() }
            // What the transaction writes is its own affair.
            session.unwatch(context.daemon)
            session.execute(transaction, &context)
        }
        context.holds.waitForGroup(upTo: end)
    }

    static func watch(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        guard session.transaction == nil else { return context.fail("ERR WATCH inside MULTI is not allowed") }
        guard session.watch(arguments, context) else {
            return context.fail("ERR too many watched keys: a connection watches at most \(WatchList.maximumKeys)")
        }
        context.reply.ok()
    }

    static func unwatch(_ session: inout ClientSession, _ context: inout ServingContext) {
        session.unwatch(context.daemon)
        context.reply.ok()
    }
}

extension ServingContext {
    /// Why none of a transaction's commands may be executed, without the mark `ERR`; nil if there is no reason. Once
    /// they are being executed each has an error of its own.
    fileprivate func refusal(of transaction: borrowing Transaction) -> String? {
        if transaction.flags.mayWrite, let log = journal.disk, log.refusesWrites, let refusal = log.refusal {
            return refusal
        }
        // A revocation that is there already may be prolonged without room.
        let needsRoom = transaction.plainBytes > 0
        return needsRoom && isFull(for: .plain, adding: transaction.plainBytes) ? Self.outOfMemory : nil
    }

    mutating func failTransaction(_ reason: String) { fail("EXECABORT Transaction discarded because\(reason)") }
}
