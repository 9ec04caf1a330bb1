import RESP

/// Writing strings.
enum SetCommands {
    static func set(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        guard let options = SetOptions(arguments, from: 3, of: .set) else { return worker.failSyntax() }
        var time = KeyWrite.NewExpiry.none
        switch options.time {
        case .argument(let index, let unit, let isAbsolute):
            guard let given = worker.readExpiry(arguments[index], unit, isAbsolute: isAbsolute, "set") else { return }
            time = .at(given)
        case .keep: time = .keep
        case .none, .persist: break
        }
        let request = KeyWrite(
            .store(value: 2, time, options.condition), "set", returnsOld: options.returnsOld, mayWriteOwnKeys: true)
        let isChanged = worker.write(worker.classify(1, of: arguments), request, arguments, session)
        guard let isChanged, !options.returnsOld else { return }
        if isChanged { worker.reply.ok() } else { worker.reply.null() }
    }

    static func setex(
        _ arguments: Arguments, _ unit: TimeUnit, _ session: borrowing ClientSession, _ worker: inout Worker
    ) {
        let command: StaticString = unit == .seconds ? "setex" : "psetex"
        guard let given = worker.readExpiry(arguments[2], unit, isAbsolute: false, command) else { return }
        let request = KeyWrite(.store(value: 3, .at(given), .always), command)
        let isChanged = worker.write(worker.classify(1, of: arguments), request, arguments, session)
        if isChanged != nil { worker.reply.ok() }
    }

    static func setnx(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        let request = KeyWrite(.store(value: 2, .none, .ifAbsent), "setnx")
        let isChanged = worker.write(worker.classify(1, of: arguments), request, arguments, session)
        if let isChanged { worker.reply.integer(isChanged ? 1 : 0) }
    }

    static func mset(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        guard arguments.count % 2 == 1 else {
            return worker.fail("ERR wrong number of arguments for 'mset' command")
        }
        if worker.writeAll(arguments, session) { worker.reply.ok() }
    }
}
