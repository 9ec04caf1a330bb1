import RESP
import Synchronization

/// `CLIENT REPLY`, `CLIENT PAUSE` and their kin.
enum PauseCommands {
    static func reply(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        if arguments[2].equalsIgnoringCase("on") {
            session.modes.subtract([.silent, .skipsNext, .skips])
            context.reply.ok()
        } else if arguments[2].equalsIgnoringCase("off") {
            session.modes.insert(.silent)
        } else if arguments[2].equalsIgnoringCase("skip") {
            if !session.modes.contains(.silent) { session.modes.insert(.skipsNext) }
        } else {
            context.failSyntax()
        }
    }

    static func pause(_ arguments: Arguments, _ context: inout ServingContext) {
        var holdsReads = true
        if arguments.count == 4 {
            if arguments[3].equalsIgnoringCase("write") {
                holdsReads = false
            } else if !arguments[3].equalsIgnoringCase("all") {
                return context.fail("ERR CLIENT PAUSE mode must be WRITE or ALL")
            }
        } else if arguments.count > 4 {
            return context.failSyntax()
        }
        guard let milliseconds = arguments[2].parseInteger() else {
            return context.fail("ERR timeout is not an integer or out of range")
        }
        guard milliseconds >= 0 else { return context.fail("ERR timeout is negative") }
        let (end, overflow) = context.uptime.addingReportingOverflow(milliseconds)
        guard !overflow else { return context.fail("ERR timeout is out of range") }
        context.daemon.pause.begin(until: end, holdsReads: holdsReads)
        context.reply.ok()
    }

    static func unpause(_ context: inout ServingContext) {
        context.daemon.pause.end()
        // Wakes those who wait.
        context.daemon.logHasProgressed()
        context.reply.ok()
    }

    /// No command of ours blocks, so there is no client to unblock.
    static func unblock(_ arguments: Arguments, _ context: inout ServingContext) {
        if arguments.count == 4 {
            guard arguments[3].equalsIgnoringCase("timeout") || arguments[3].equalsIgnoringCase("error") else {
                return context.fail("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
        } else if arguments.count > 4 {
            return context.failSyntax()
        }
        guard arguments[2].parseInteger() != nil else { return context.failNotAnInteger() }
        context.reply.integer(0)
    }

    static func monitor(_ session: inout ClientSession, _ context: inout ServingContext) {
        if !session.modes.contains(.monitors) {
            session.modes.insert(.monitors)
            session.client.details.withLock { $0.isMonitor = true }
            context.daemon.monitors.add(session.client)
        }
        context.reply.ok()
    }
}
