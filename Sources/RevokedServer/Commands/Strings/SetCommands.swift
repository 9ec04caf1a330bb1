import RESP

/// Writing whole strings.
enum SetCommands {
    static func set(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let options = SetOptions(arguments, from: 3, of: .set) else { return context.failSyntax() }
        guard let time = context.readExpiry(options, arguments, "set") else { return }
        let request = KeyWrite(
            .store(value: 2, time, options.condition), "set", returnsOld: options.returnsOld, mayWriteOwnKeys: true)
        let isChanged = context.write(context.classify(1, of: arguments), request, arguments, session)
        guard let isChanged, !options.returnsOld else { return }
        if isChanged { context.reply.ok() } else { context.reply.null() }
    }

    static func setex(
        _ arguments: Arguments, _ unit: TimeUnit, _ session: borrowing ClientSession, _ context: inout ServingContext
    ) {
        let command: StaticString = unit == .seconds ? "setex" : "psetex"
        guard let given = context.readExpiry(arguments[2], unit, isAbsolute: false, command) else { return }
        let request = KeyWrite(.store(value: 3, .at(given), .always), command)
        let isChanged = context.write(context.classify(1, of: arguments), request, arguments, session)
        if isChanged != nil { context.reply.ok() }
    }

    static func setnx(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        let request = KeyWrite(.store(value: 2, .none, .ifAbsent), "setnx")
        let isChanged = context.write(context.classify(1, of: arguments), request, arguments, session)
        if let isChanged { context.reply.integer(isChanged ? 1 : 0) }
    }

    static func getset(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        let request = KeyWrite(.store(value: 2, .none, .always), "getset", returnsOld: true)
        _ = context.write(context.classify(1, of: arguments), request, arguments, session)
    }

    // MARK: Several keys

    static func mset(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let request = pairs(arguments, .always, "mset", &context) else { return }
        if context.writeAll(request, arguments, session) != nil { context.reply.ok() }
    }

    static func msetnx(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let request = pairs(arguments, .ifAbsent, "msetnx", &context) else { return }
        if let isChanged = context.writeAll(request, arguments, session) { context.reply.integer(isChanged ? 1 : 0) }
    }

    private static func pairs(
        _ arguments: borrowing Arguments, _ condition: SetOptions.Condition, _ command: StaticString,
        _ context: inout ServingContext
    ) -> KeysWrite? {
        guard arguments.count % 2 == 1 else {
            context.fail("ERR wrong number of arguments for '\(command)' command")
            return nil
        }
        let keys = Array(stride(from: 1, to: arguments.count, by: 2))
        return KeysWrite(keys: keys, condition: condition, command: command)
    }

    /// `MSETEX numkeys key value …`, with options for all of them (Redis 8.4).
    static func msetex(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let count = arguments[1].parseInteger(), count > 0, count <= Int64(Int32.max) else {
            return context.fail("ERR invalid numkeys value or out of range")
        }
        let end = 2 + 2 * Int(count)
        guard end <= arguments.count, let options = SetOptions(arguments, from: end, of: .msetex) else {
            return context.failSyntax()
        }
        guard let expiry = context.readExpiry(options, arguments, "msetex") else { return }
        let request = KeysWrite(
            keys: Array(stride(from: 2, to: end, by: 2)), expiry: expiry, condition: options.condition,
            command: "msetex")
        if let isChanged = context.writeAll(request, arguments, session) { context.reply.integer(isChanged ? 1 : 0) }
    }
}
