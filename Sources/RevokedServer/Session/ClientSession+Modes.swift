import Denylist
import RESP
import Synchronization

/// What commands take in states that are rare.
extension ClientSession {
    /// What others hear of a command that is about to be executed, and what it is about to read for itself.
    /// - Parameter isOfScript: whether a script executes it.
    func tellOf(
        _ command: Command, _ arguments: borrowing Arguments, isOfScript: Bool = false,
        _ context: borrowing ServingContext
    ) {
        // EXEC is shown behind what it executes.
        if command.id != .exec { show(command, arguments, isOfScript: isOfScript, context) }
        if modes.contains(.tracking) { rememberKeys(of: command, arguments, context.daemon) }
    }

    /// Shows a command to those who monitor.
    func show(
        _ command: Command, _ arguments: borrowing Arguments, isOfScript: Bool = false,
        _ context: borrowing ServingContext
    ) {
        guard context.daemon.conditions.now.contains(.monitored) else { return }
        context.daemon.monitors.show(
            arguments, command, of: isOfScript ? "lua" : client.address, database: context.database,
            at: context.moment.wall)
    }

    /// What comes after a command, executed or refused.
    /// - Parameters:
    ///   - command: nil if there is none of that name.
    ///   - start: where its reply begins.
    mutating func finishInMode(_ command: Command?, from start: Int, _ context: inout ServingContext) {
        // What tells of a subscription is a message, no reply.
        let isMessage = command?.isSubscribing ?? false
        if !modes.isDisjoint(with: [.silent, .skips]), !isMessage {
            context.reply.truncate(to: start)
            silentEnd.formMaximum(context.holds.forgetCommand())
            if !silentEnd.isEmpty { modes.insert(.hasSilentWrites) }
        } else if modes.contains(.hasSilentWrites), context.reply.count > start {
            // Who sees a reply relies on everything before it.
            context.holds.wait(for: silentEnd)
            silentEnd = AwaitedPositions()
            modes.remove(.hasSilentWrites)
        }
        modes.remove(.skips)
        if modes.contains(.skipsNext) {
            modes.remove(.skipsNext)
            modes.insert(.skips)
        }
        // What CLIENT CACHING said holds for a whole transaction.
        if command?.id != .client, transaction == nil { caching = nil }
    }

    // MARK: CLIENT PAUSE

    /// Whether a command has to wait until a pause ends.
    mutating func waitsForPause(_ command: Command, _ arguments: borrowing Arguments, _ daemon: Daemon) -> Bool {
        if daemon.conditions.now.contains(.paused) {
            let flags = command.id == .exec ? transaction?.flags ?? [] : command.flags
            if daemon.pause.holds(command, flags), !isUnpause(command, arguments) {
                beginPause(daemon)
                return true
            }
        }
        endPause(daemon)
        return false
    }

    /// Who paused everybody must be able to end it.
    private func isUnpause(_ command: Command, _ arguments: borrowing Arguments) -> Bool {
        command.id == .client && mayAdminister && arguments.count == 2 && arguments[1].equalsIgnoringCase("unpause")
    }

    private mutating func beginPause(_ daemon: Daemon) {
        guard !modes.contains(.paused) else { return }
        modes.insert(.paused)
        daemon.pause.waiting.wrappingAdd(1, ordering: .relaxed)
        client.details.withLock { $0.isPaused = true }
    }

    mutating func endPause(_ daemon: Daemon) {
        guard modes.contains(.paused) else { return }
        modes.remove(.paused)
        daemon.pause.waiting.wrappingSubtract(1, ordering: .relaxed)
        client.details.withLock { $0.isPaused = false }
    }
}
