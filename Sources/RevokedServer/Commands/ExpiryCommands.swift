import Denylist
import RESP

/// Times to live.
enum ExpiryCommands {
    static func ttl(_ arguments: Arguments, _ unit: TimeUnit, _ context: inout ServingContext) {
        let now = arguments.keyHash(0).isGuarded ? context.moment.guarded : context.moment.wall
        reply(arguments, &context) { unit.rounded(max(0, $0 - now)) }
    }

    static func expiretime(_ arguments: Arguments, _ unit: TimeUnit, _ context: inout ServingContext) {
        // Whoever reads it goes by the wall clock.
        let moment = context.moment
        let lead = arguments.keyHash(0).isGuarded ? moment.guarded - moment.wall : 0
        reply(arguments, &context) { unit.rounded($0 - lead) }
    }

    private static func reply(_ arguments: Arguments, _ context: inout ServingContext, _ number: (Int64) -> Int64) {
        let expiry = context.read(1, of: arguments) { _, expiry, _ in expiry }
        guard let expiry else { return context.reply.integer(-2) }
        context.reply.integer(expiry == Expiry.never ? -1 : number(expiry))
    }

    // MARK: EXPIRE and its kin

    private static func readConditions(_ arguments: Arguments, _ context: inout ServingContext) -> ExpiryConditions? {
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
                context.fail(bytes: Array("ERR Unsupported option ".utf8) + ClientSession.cut(word, at: word.byteCount))
                return nil
            }
        }
        if conditions.contains(.ifNone), conditions != .ifNone {
            context.fail("ERR NX and XX, GT or LT options at the same time are not compatible")
            return nil
        }
        if conditions.isSuperset(of: [.ifGreater, .ifLess]) {
            context.fail("ERR GT and LT options at the same time are not compatible")
            return nil
        }
        return conditions
    }

    static func expire(
        _ arguments: Arguments, _ unit: TimeUnit, isAbsolute: Bool, _ command: StaticString,
        _ session: borrowing ClientSession, _ context: inout ServingContext
    ) {
        guard let conditions = readConditions(arguments, &context) else { return }
        guard let number = arguments[2].parseInteger() else { return context.failNotAnInteger() }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        let given = ExpiryArgument(milliseconds: milliseconds, isAbsolute: isAbsolute)
        let key = context.classify(1, of: arguments)
        guard !overflow, let expiry = given.expiry(key.keyClass, context.moment), expiry != Expiry.never else {
            return context.failExpireTime("\(command)")
        }
        let isChanged = context.write(key, KeyWrite(.expire(given, conditions), command), arguments, session)
        if let isChanged { context.reply.integer(isChanged ? 1 : 0) }
    }

    static func persist(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        let isChanged = context.write(
            context.classify(1, of: arguments), KeyWrite(.persist, "persist"), arguments, session)
        if let isChanged { context.reply.integer(isChanged ? 1 : 0) }
    }

    // MARK: GETEX

    static func getex(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let options = SetOptions(arguments, from: 2, of: .getex) else { return context.failSyntax() }
        // As Redis does: what is wrong with the time is said only of a key that is there.
        guard context.exists(1, of: arguments) else { return context.reply.null() }
        let change: KeyWrite.Change
        switch options.time {
        case .argument(let index, let unit, let isAbsolute):
            guard let given = context.readExpiry(arguments[index], unit, isAbsolute: isAbsolute, "getex") else {
                return
            }
            change = .expire(given, [])
        case .persist: change = .persist
        case .none, .keep: return reply(arguments, &context)
        }
        _ = context.write(
            context.classify(1, of: arguments), KeyWrite(change, "getex", returnsOld: true), arguments, session)
    }

    /// A look-up that is counted already.
    private static func reply(_ arguments: Arguments, _ context: inout ServingContext) {
        let hash = arguments.keyHash(0)
        let found: Void? = context.table(of: arguments[1], hash)?.read(arguments[1], hash: hash, at: context.moment) {
            value, _ in context.reply.bulk(value)
        }
        if found == nil { context.reply.null() }
    }
}
