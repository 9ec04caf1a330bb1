import Denylist
import RESP

/// Whether keys are there, and removing them.
enum KeyCommands {
    /// `EXISTS` and `TOUCH`: how many of the keys are there; one named twice counts twice.
    static func exists(_ arguments: Arguments, _ worker: inout Worker) {
        var found: Int64 = 0
        for index in 1..<arguments.count {
            if worker.exists(index, of: arguments) { found &+= 1 }
        }
        worker.reply.integer(found)
    }

    static func type(_ arguments: Arguments, _ worker: inout Worker) {
        if worker.exists(1, of: arguments) { worker.reply.simple("string") } else { worker.reply.simple("none") }
    }

    /// `DEL` and `UNLINK`: nothing is removed unless all of them may be. Among several keys the daemon's own are passed
    /// over, as if they were not there: whoever deletes everything that begins with `revoked` means the rest.
    static func del(
        _ arguments: Arguments, _ session: borrowing ClientSession, _ command: StaticString, _ worker: inout Worker
    ) {
        let request = KeyWrite(.remove, command)
        let isAlone = arguments.count == 2
        for index in 1..<arguments.count {
            let key = worker.classify(index, of: arguments)
            if case .own = key.keyClass, !isAlone { continue }
            guard worker.mayWrite(key, request, session) else { return }
        }
        var removed: Int64 = 0
        for index in 1..<arguments.count {
            let key = worker.classify(index, of: arguments)
            if case .own = key.keyClass { continue }
            if worker.write(key, request, arguments, session) == true { removed += 1 }
        }
        worker.reply.integer(removed)
    }

    static func getdel(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        let key = worker.classify(1, of: arguments)
        let request = KeyWrite(.remove, "getdel", returnsOld: true)
        guard let isRemoved = worker.write(key, request, arguments, session) else { return }
        worker.count(key.hash, hit: isRemoved)
    }
}
