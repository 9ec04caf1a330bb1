import Denylist
import RESP

/// Times to live.
enum ExpiryCommands {
    static func ttl(_ arguments: Arguments, _ unit: TimeUnit, _ worker: inout Worker) {
        let now = arguments.keyHash(0).isGuarded ? worker.moment.guarded : worker.moment.wall
        reply(arguments, &worker) { unit.rounded(max(0, $0 - now)) }
    }

    static func expiretime(_ arguments: Arguments, _ unit: TimeUnit, _ worker: inout Worker) {
        // Whoever reads it goes by the wall clock.
        let moment = worker.moment
        let lead = arguments.keyHash(0).isGuarded ? moment.guarded - moment.wall : 0
        reply(arguments, &worker) { unit.rounded($0 - lead) }
    }

    private static func reply(_ arguments: Arguments, _ worker: inout Worker, _ number: (Int64) -> Int64) {
        let expiry = worker.read(1, of: arguments) { _, expiry, _ in expiry }
        guard let expiry else { return worker.reply.integer(-2) }
        worker.reply.integer(expiry == Expiry.never ? -1 : number(expiry))
    }

    // MARK: EXPIRE and its kin

    private static func readConditions(_ arguments: Arguments, _ worker: inout Worker) -> ExpiryConditions? {
        var conditions: ExpiryConditions = []
        for index in stride(from: 3, to: arguments.count, by: 1) {
            let word = arguments[index]
            if word.equalsIgnoringCase("nx") {
                conditions.insert(.ifNone)
            } else if word.equalsIgnoringCase("xx") {
                conditions.insert(.ifAny)
            } else if word.equalsIgnoringCase("gt") {
                conditions.insert(.ifGreater)
            } else if word.equalsIgnoringCase("lt") {
                conditions.insert(.ifLess)
            } else {
                worker.fail(bytes: Array("ERR Unsupported option ".utf8) + ClientSession.cut(word, at: word.byteCount))
                return nil
            }
        }
        if conditions.contains(.ifNone), conditions != .ifNone {
            worker.fail("ERR NX and XX, GT or LT options at the same time are not compatible")
            return nil
        }
        if conditions.isSuperset(of: [.ifGreater, .ifLess]) {
            worker.fail("ERR GT and LT options at the same time are not compatible")
            return nil
        }
        return conditions
    }

    static func expire(
        _ arguments: Arguments, _ unit: TimeUnit, isAbsolute: Bool, _ command: StaticString,
        _ session: borrowing ClientSession, _ worker: inout Worker
    ) {
        guard let conditions = readConditions(arguments, &worker) else { return }
        guard let number = arguments[2].parseInteger() else { return worker.failNotAnInteger() }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        let given = ExpiryArgument(milliseconds: milliseconds, isAbsolute: isAbsolute)
        let key = worker.classify(1, of: arguments)
        guard !overflow, let expiry = given.expiry(key.keyClass, worker.moment), expiry != Expiry.never else {
            return worker.failExpireTime("\(command)")
        }
        let isChanged = worker.write(key, KeyWrite(.expire(given, conditions), command), arguments, session)
        if let isChanged { worker.reply.integer(isChanged ? 1 : 0) }
    }

    static func persist(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        let isChanged = worker.write(
            worker.classify(1, of: arguments), KeyWrite(.persist, "persist"), arguments, session)
        if let isChanged { worker.reply.integer(isChanged ? 1 : 0) }
    }

    // MARK: GETEX

    static func getex(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        guard let options = SetOptions(arguments, from: 2, of: .getex) else { return worker.failSyntax() }
        // As Redis does: what is wrong with the time is said only of a key that is there.
        guard worker.exists(1, of: arguments) else { return worker.reply.null() }
        let change: KeyWrite.Change
        switch options.time {
        case .argument(let index, let unit, let isAbsolute):
            guard let given = worker.readExpiry(arguments[index], unit, isAbsolute: isAbsolute, "getex") else { return }
            change = .expire(given, [])
        case .persist: change = .persist
        case .none, .keep: return reply(arguments, &worker)
        }
        _ = worker.write(
            worker.classify(1, of: arguments), KeyWrite(change, "getex", returnsOld: true), arguments, session)
    }

    /// A look-up that is counted already.
    private static func reply(_ arguments: Arguments, _ worker: inout Worker) {
        let hash = arguments.keyHash(0)
        let found: Void? = worker.denylist.read(arguments[1], hash: hash, at: worker.moment) { value, _ in
            worker.reply.bulk(value)
        }
        if found == nil { worker.reply.null() }
    }
}
