import Denylist
import Persistence

/// What is left of the time and of the log for the commands of a transaction: all other threads wait meanwhile, and the
/// disk takes nothing of a group before its end. Short commands may walk through all keys, or append long values.
struct TransactionBudget {
    /// Commands from one look at the clock to the next: each look is a system call.
    private static let commandsAtOnce = 64

    private let start: Int64
    private var unmeasured = 0
    private var isTimeUp = false

    init(_ clock: ServerClock) { start = clock.processorTime() }

    /// Why the next command is not executed; nil if it is.
    func refusal(of command: Command, _ context: borrowing ServingContext) -> String? {
        if isTimeUp {
            return "ERR transaction too large: it took more than \(Transaction.maximumTime) ms of processor time"
        }
        guard command.flags.mayWrite, let queued = context.journal.disk?.queuedBytes,
            queued > Transaction.maximumLogBytes
        else { return nil }
        return "ERR transaction too large: it would append more than \(Transaction.maximumLogBytes) bytes to the log"
    }

    mutating func didRun(_ command: Command, _ clock: ServerClock) {
        unmeasured += command.flags.contains(.slow) ? Self.commandsAtOnce : 1
        guard unmeasured >= Self.commandsAtOnce else { return }
        unmeasured = 0
        isTimeUp = clock.processorTime() - start > Transaction.maximumTime
    }
}

extension ServingContext {
    /// Whether a command writes guarded keys, and no others.
    func isRevocation(_ command: Command, _ arguments: borrowing Arguments) -> Bool {
        command.flags.contains(.write) && hasOnlyGuardedKeys(command, arguments)
    }
}
