import Denylist
import Persistence
import RESP

/// The daemon itself.
enum ServerCommands {
    static func info(_ arguments: Arguments, _ context: inout ServingContext) {
        var wanted: Set<String> = []
        // No section has an empty name.
        for index in 1..<max(1, arguments.count) { wanted.insert(arguments[index].lowercasedWord ?? "") }
        context.reply.verbatim(ServerInformation(context.daemon).text(sections: wanted))
    }

    /// Seconds and microseconds. The daemon keeps milliseconds: the last three digits are zero. Never earlier than
    /// before, so that a cut-off made of it covers every log-in that read it (``StoreTime``).
    static func time(_ context: inout ServingContext) {
        // What a daemon before has answered is not known until the data directory has been read.
        guard !context.daemon.loading.isActive else { return context.failLoading() }
        let now = context.daemon.clock.time()
        context.reply.array(2)
        context.reply.bulk(String(now / 1000))
        context.reply.bulk(String(now % 1000 * 1000))
    }

    static func shutdown(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        var aborts = false
        var forces = false
        var saves: Bool?
        for index in 1..<max(1, arguments.count) {
            let word = arguments[index]
            if word.equalsIgnoringCase("nosave"), saves != true {
                saves = false
            } else if word.equalsIgnoringCase("save"), saves != false {
                saves = true
            } else if word.equalsIgnoringCase("force") {
                forces = true
            } else if word.equalsIgnoringCase("abort") {
                aborts = true
            } else if !word.equalsIgnoringCase("now") {
                return context.failSyntax()
            }
        }
        guard !aborts else {
            // Ours waits for nobody.
            return arguments.count == 2 ? context.fail("ERR No shutdown in progress.") : context.failSyntax()
        }
        let persistence = context.daemon.persistence
        // A log that is not complete yet would be lost.
        if persistence?.log.state == .starting, !forces { return context.fail(shutdownFailed) }
        if saves == true, !context.daemon.loading.isActive {
            return saveAndShutDown(persistence, forces: forces, &session, &context)
        }
        end(&session, context)
    }

    private static let shutdownFailed = "ERR Errors trying to SHUTDOWN. Check logs."

    private static func saveAndShutDown(
        _ persistence: Persistence?, forces: Bool, _ session: inout ClientSession, _ context: inout ServingContext
    ) {
        let later = DeferredReply()
        let isAccepted = persistence?.requestSave(isInBackground: false) { [weak daemon = context.daemon] error in
            guard let daemon else { return }
            let fails = error != nil && !forces
            later.complete(fails ? .failed(shutdownFailed) : .silent)
            daemon.logHasProgressed()
            if !fails { daemon.shutDown() }
        }
        if isAccepted == true {
            context.holds.wait(for: later)
            return context.reply.ok()
        }
        forces ? end(&session, context) : context.fail(shutdownFailed)
    }

    /// As in Redis, the answer is that the connection closes.
    private static func end(_ session: inout ClientSession, _ context: borrowing ServingContext) {
        session.isClosing = true
        context.daemon.shutDown()
    }
}
