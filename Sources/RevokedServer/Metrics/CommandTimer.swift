import Denylist
import RESP
import Synchronization

/// Times single commands.
enum CommandTimer {
    private static let origin = ContinuousClock.now

    /// In nanoseconds, from some origin on.
    // Inlined, it would cost each command that is not timed 20 instructions.
    @inline(never)
    static var now: Int64 {
        let time = origin.duration(to: .now).components
        return time.seconds * 1_000_000_000 + time.attoseconds / 1_000_000_000
    }
}

extension ClientSession {
    /// Notes how long a command took that began at `began`.
    @inline(never)
    func note(
        _ tag: Int, _ began: Int64, hasFailed: Bool, _ arguments: Arguments,
        _ context: inout ServingContext
    ) {
        let command = context.commands.commands[tag]
        let nanoseconds = max(0, CommandTimer.now - began)
        context.counters.add(to: .timedCalls(tag))
        context.counters.add(Int(nanoseconds), to: .nanoseconds(tag))
        let subcommand = executedSubcommand(of: command)
        if let subcommand {
            context.daemon.subcommands.count(subcommand, nanoseconds: nanoseconds, hasFailed: hasFailed)
        }
        context.daemon.latencies.record(nanoseconds, of: subcommand ?? tag)
        let log = context.daemon.slowLog
        guard log.isSlow(nanoseconds / 1000), !command.flags.contains(.skipSlowLog) else { return }
        let prefix = Array(context.daemon.configuration.guardedPrefix.utf8)
        log.add(
            ShownArguments(of: command.id, arguments, guardedPrefix: prefix).bounded,
            microseconds: nanoseconds / 1000, at: context.moment.wall / 1000, address: client.address,
            clientName: client.details.withLock { $0.name })
    }

    /// The place of the subcommand that has just been executed; nil if there was none, or it was refused.
    private func executedSubcommand(of command: Command) -> Int? {
        guard let first = command.id.container?.family.firstBit else { return nil }
        let last = client.lastCommand.load(ordering: .relaxed)
        return (first..<first + SubcommandFamily.places).contains(last) ? last : nil
    }
}
