import RESP

/// Reading strings.
enum StringCommands {
    static func get(_ arguments: Arguments, _ worker: inout Worker) { reply(arguments, 1, &worker) }

    static func mget(_ arguments: Arguments, _ worker: inout Worker) {
        worker.reply.array(arguments.count - 1)
        for index in 1..<arguments.count { reply(arguments, index, &worker) }
    }

    static func strlen(_ arguments: Arguments, _ worker: inout Worker) {
        let length = worker.read(1, of: arguments) { value, _, _ in value.byteCount }
        worker.reply.integer(Int64(length ?? 0))
    }

    private static func reply(_ arguments: Arguments, _ index: Int, _ worker: inout Worker) {
        let found: Void? = worker.read(index, of: arguments) { value, _, reply in reply.bulk(value) }
        if found == nil { worker.reply.null() }
    }
}
