import Denylist
import Persistence
import RESP

/// The daemon itself.
enum ServerCommands {
    static func info(_ arguments: Arguments, _ worker: inout Worker) {
        var wanted: Set<String> = []
        for index in 1..<max(1, arguments.count) { wanted.insert(arguments.text(index).lowercased()) }
        worker.reply.verbatim(ServerInformation(worker.daemon).text(sections: wanted))
    }

    /// Seconds and microseconds. The daemon keeps milliseconds: the last three digits are zero. Never earlier than
    /// before, so that a cut-off made of it covers every log-in that read it (``StoreTime``).
    static func time(_ worker: inout Worker) {
        // What a daemon before has answered is not known until the data directory has been read.
        guard !worker.daemon.loading.isActive else { return worker.failLoading() }
        let now = worker.daemon.clock.time()
        worker.reply.array(2)
        worker.reply.bulk(String(now / 1000))
        worker.reply.bulk(String(now % 1000 * 1000))
    }

    static func shutdown(_ arguments: Arguments, _ session: inout ClientSession, _ worker: inout Worker) {
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
                return worker.failSyntax()
            }
        }
        guard !aborts else {
            // Ours waits for nobody.
            return arguments.count == 2 ? worker.fail("ERR No shutdown in progress.") : worker.failSyntax()
        }
        let persistence = worker.daemon.persistence
        // A log that is not complete yet would be lost.
        if persistence?.log.state == .starting, !forces { return worker.fail(shutdownFailed) }
        if saves == true, !worker.daemon.loading.isActive {
            return saveAndShutDown(persistence, forces: forces, &session, &worker)
        }
        end(&session, worker)
    }

    private static let shutdownFailed = "ERR Errors trying to SHUTDOWN. Check logs."

    private static func saveAndShutDown(
        _ persistence: Persistence?, forces: Bool, _ session: inout ClientSession, _ worker: inout Worker
    ) {
        let later = DeferredReply()
        let isAccepted = persistence?.requestSave(isInBackground: false) { [weak daemon = worker.daemon] error in
            guard let daemon else { return }
            let fails = error != nil && !forces
            later.complete(fails ? .failed(shutdownFailed) : .silent)
            daemon.logHasProgressed()
            if !fails { daemon.shutDown() }
        }
        if isAccepted == true {
            worker.wait(for: later)
            return worker.reply.ok()
        }
        forces ? end(&session, worker) : worker.fail(shutdownFailed)
    }

    /// As in Redis, the answer is that the connection closes.
    private static func end(_ session: inout ClientSession, _ worker: borrowing Worker) {
        session.isClosing = true
        worker.daemon.shutDown()
    }
}
