import Denylist
import RESP

/// Reading strings.
enum StringCommands {
    static func get(_ arguments: Arguments, _ worker: inout Worker) { reply(arguments, 1, &worker) }

    static func mget(_ arguments: Arguments, _ worker: inout Worker) {
        worker.reply.array(arguments.count - 1)
        for index in 1..<arguments.count { reply(arguments, index, &worker) }
    }

    static func strlen(_ arguments: Arguments, _ worker: inout Worker) {
        let hash = worker.hash(1, of: arguments)
        let length = worker.denylist.read(arguments[1], hash: hash, at: worker.moment) {
            value, _ in
            value.byteCount
        }
        worker.count(hash, hit: length != nil)
        worker.reply.integer(Int64(length ?? 0))
    }

    private static func reply(_ arguments: Arguments, _ index: Int, _ worker: inout Worker) {
        let hash = worker.hash(index, of: arguments)
        let found: Void? = worker.denylist.read(arguments[index], hash: hash, at: worker.moment) {
            value, _ in worker.reply.bulk(value)
        }
        if found == nil { worker.reply.null() }
        worker.count(hash, hit: found != nil)
    }
}
