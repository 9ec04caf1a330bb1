import Denylist
import RESP

/// The daemon itself.
enum ServerCommands {
    static func info(_ arguments: Arguments, _ worker: inout Worker) {
        var wanted: Set<String> = []
        for index in 1..<max(1, arguments.count) { wanted.insert(arguments.text(index).lowercased()) }
        worker.counters.publish(to: worker.daemon.counters)
        worker.reply.verbatim(ServerInformation(worker.daemon).text(sections: wanted))
    }

    /// Seconds and microseconds. The daemon keeps milliseconds: the last three digits are zero.
    static func time(_ worker: inout Worker) {
        let now = worker.moment.wall
        worker.reply.array(2)
        worker.reply.bulk(String(now / 1000))
        worker.reply.bulk(String(now % 1000 * 1000))
    }

    static func shutdown(_ arguments: Arguments, _ session: inout Session, _ worker: inout Worker) {
        var aborts = false
        var saves: Bool?
        for index in 1..<max(1, arguments.count) {
            let word = arguments[index]
            if word.equalsIgnoringCase("nosave"), saves != true {
                saves = false
            } else if word.equalsIgnoringCase("save"), saves != false {
                saves = true
            } else if word.equalsIgnoringCase("abort") {
                aborts = true
            } else if !word.equalsIgnoringCase("now"), !word.equalsIgnoringCase("force") {
                return worker.failSyntax()
            }
        }
        guard !aborts else {
            return arguments.count == 2 ? worker.fail("ERR No shutdown in progress.") : worker.failSyntax()
        }
        guard saves != true else {
            return worker.fail("ERR Errors trying to SHUTDOWN. There is nothing to save to: use SHUTDOWN NOSAVE.")
        }
        // As in Redis, the answer is that the connection closes.
        session.isClosing = true
        worker.daemon.shutDown()
    }
}
