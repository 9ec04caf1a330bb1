import Persistence
import RESP

/// Snapshots and the rewriting of the log. Their texts are Redis'.
enum PersistenceCommands {
    private static let isSaving = "ERR Background save already in progress"
    private static let noDirectory = "ERR there is no data directory: start the daemon with --dir"

    /// Answers when the snapshot is on disk; other clients are served meanwhile.
    static func save(_ context: inout ServingContext) {
        guard let persistence = context.daemon.persistence else { return context.fail(noDirectory) }
        let later = DeferredReply()
        let isAccepted = persistence.requestSave(isInBackground: false) { [weak daemon = context.daemon] error in
            later.complete(error.map { "ERR the snapshot could not be written: \($0)" })
            daemon?.logHasProgressed()
        }
        guard isAccepted else { return context.fail(isSaving) }
        context.holds.wait(for: later)
        context.reply.ok()
    }

    static func bgsave(_ arguments: Arguments, _ context: inout ServingContext) {
        let isScheduled = arguments.count == 2 && arguments[1].equalsIgnoringCase("schedule")
        guard arguments.count == 1 || isScheduled else { return context.failSyntax() }
        guard let persistence = context.daemon.persistence else { return context.fail(noDirectory) }
        let information = persistence.information
        guard !information.isRewriting || isScheduled else {
            return context.fail(
                "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to "
                    + "schedule a BGSAVE whenever possible.")
        }
        guard persistence.requestSave(isInBackground: true) else { return context.fail(isSaving) }
        context.reply.simple(information.isRewriting ? "Background saving scheduled" : "Background saving started")
    }

    static func bgrewriteaof(_ context: inout ServingContext) {
        guard let persistence = context.daemon.persistence else { return context.fail(noDirectory) }
        let information = persistence.information
        guard information.state != .off else {
            return context.fail("ERR there is no append only file: CONFIG SET appendonly yes begins one")
        }
        guard persistence.requestRewrite() else {
            return context.fail("ERR Background append only file rewriting already in progress")
        }
        context.reply.simple(
            information.isSaving
                ? "Background append only file rewriting scheduled" : "Background append only file rewriting started")
    }

    /// Unix seconds.
    static func lastsave(_ context: inout ServingContext) {
        context.reply.integer(
            context.daemon.persistence?.information.lastSave ?? context.daemon.loading.startedAt / 1000)
    }
}
