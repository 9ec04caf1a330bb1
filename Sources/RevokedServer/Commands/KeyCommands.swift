import Denylist
import RESP

/// Whether keys are there, and removing them.
enum KeyCommands {
    /// `EXISTS` and `TOUCH`: how many of the keys are there; one named twice counts twice.
    static func exists(_ arguments: Arguments, _ context: inout ServingContext) {
        var found: Int64 = 0
        for index in 1..<arguments.count {
            if context.exists(index, of: arguments) { found &+= 1 }
        }
        context.reply.integer(found)
    }

    static func type(_ arguments: Arguments, _ context: inout ServingContext) {
        if context.exists(1, of: arguments) { context.reply.simple("string") } else { context.reply.simple("none") }
    }

    /// `DEL` and `UNLINK`: nothing is removed unless all of them may be. Among several keys the daemon's own are passed
    /// over, as if they were not there: whoever deletes everything that begins with `revoked` means the rest.
    static func del(
        _ arguments: Arguments, _ session: borrowing ClientSession, _ command: StaticString,
        _ context: inout ServingContext
    ) {
        let request = KeyWrite(.remove(.always), command)
        let isAlone = arguments.count == 2
        for index in 1..<arguments.count {
            let key = context.classify(index, of: arguments)
            if case .own = key.keyClass, !isAlone { continue }
            guard context.mayWrite(key, request, session) else { return }
        }
        var removed: Int64 = 0
        for index in 1..<arguments.count {
            let key = context.classify(index, of: arguments)
            if case .own = key.keyClass { continue }
            if context.write(key, request, arguments, session) == true { removed += 1 }
        }
        context.reply.integer(removed)
    }

    /// `DELEX key [IFEQ value | IFNE value]` (Redis 8.4).
    static func delex(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard [2, 4].contains(arguments.count) else {
            return context.fail("ERR wrong number of arguments for 'delex' command")
        }
        var condition = SetOptions.Condition.always
        if arguments.count == 4 {
            guard let comparison = SetOptions.Condition(comparing: arguments[2], with: 3) else {
                return context.fail("ERR Invalid condition. Use IFEQ or IFNE")
            }
            condition = comparison
        }
        remove(if: condition, "delex", arguments, session, &context)
    }

    /// `DELIFEQ key value` (Valkey 9).
    static func delifeq(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        remove(if: .ifEqual(2), "delifeq", arguments, session, &context)
    }

    private static func remove(
        if condition: SetOptions.Condition, _ command: StaticString, _ arguments: Arguments,
        _ session: borrowing ClientSession, _ context: inout ServingContext
    ) {
        let request = KeyWrite(.remove(condition), command)
        let isRemoved = context.write(context.classify(1, of: arguments), request, arguments, session)
        if let isRemoved { context.reply.integer(isRemoved ? 1 : 0) }
    }

    /// `RENAME` and `RENAMENX`.
    static func rename(
        ifAbsent: Bool, _ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext
    ) {
        let request = KeyTransfer(
            source: context.classify(1, of: arguments), target: context.classify(2, of: arguments),
            replaces: !ifAbsent, events: (.renameFrom, .renameTo), command: ifAbsent ? "renamenx" : "rename")
        switch context.transfer(request, arguments, session) {
        case .noSource: context.fail("ERR no such key")
        case .done: if ifAbsent { context.reply.integer(1) } else { context.reply.ok() }
        case .same: if ifAbsent { context.reply.integer(0) } else { context.reply.ok() }
        case .targetExists: context.reply.integer(0)
        case nil: break
        }
    }

    static func getdel(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        let key = context.classify(1, of: arguments)
        let request = KeyWrite(.remove(.always), "getdel", returnsOld: true)
        guard let isRemoved = context.write(key, request, arguments, session) else { return }
        context.count(key.hash, hit: isRemoved)
    }
}
