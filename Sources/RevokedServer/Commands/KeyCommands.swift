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

    /// `DEL` and `UNLINK`: nothing is removed unless all of them may be. Among several keys the daemon's own are passed over,
    /// as if they were not there: whoever deletes everything that begins with `revoked` means the rest.
    static func del(
        _ arguments: Arguments, _ session: borrowing ClientSession, _ command: String, _ worker: inout Worker
    ) {
        let isAlone = arguments.count == 2
        for index in 1..<arguments.count {
            let keyClass = worker.classify(arguments[index])
            if case .own = keyClass, !isAlone { continue }
            guard worker.mayRemove(keyClass, session, command) else { return }
        }
        var removed: Int64 = 0
        for index in 1..<arguments.count where OwnKey(arguments[index]) == nil {
            var position: UInt64 = 0
            let hash = worker.hash(index, of: arguments)
            worker.written.update(arguments[index], hash: hash, at: worker.moment, &position) { entry in
                guard entry.exists else { return }
                entry.remove()
                removed += 1
            }
            worker.wait(for: position)
        }
        worker.reply.integer(removed)
    }

    static func getdel(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        guard worker.mayRemove(worker.classify(arguments[1]), session, "getdel") else { return }
        var position: UInt64 = 0
        let hash = worker.hash(1, of: arguments)
        let found = worker.written.update(arguments[1], hash: hash, at: worker.moment, &position) { entry in
            guard entry.exists else { return false }
            entry.withValue { worker.reply.bulk($0) }
            entry.remove()
            return true
        }
        worker.wait(for: position)
        if !found { worker.reply.null() }
        worker.count(hash, hit: found)
    }
}
