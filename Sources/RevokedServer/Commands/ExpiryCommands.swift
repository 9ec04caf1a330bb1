import Denylist
import RESP

/// Times to live.
enum ExpiryCommands {
    static func ttl(_ arguments: Arguments, _ unit: TimeUnit, _ worker: inout Worker) {
        let now = worker.classify(arguments[1]) == .guarded ? worker.moment.guarded : worker.moment.wall
        reply(arguments, &worker) { unit.rounded(max(0, $0 - now)) }
    }

    static func expiretime(_ arguments: Arguments, _ unit: TimeUnit, _ worker: inout Worker) {
        // Whoever reads it goes by the wall clock.
        let moment = worker.moment
        let lead = worker.classify(arguments[1]) == .guarded ? moment.guarded - moment.wall : 0
        reply(arguments, &worker) { unit.rounded($0 - lead) }
    }

    private static func reply(_ arguments: Arguments, _ worker: inout Worker, _ number: (Int64) -> Int64) {
        let expiry = worker.read(1, of: arguments) { _, expiry, _ in expiry }
        guard let expiry else { return worker.reply.integer(-2) }
        worker.reply.integer(expiry == Expiry.never ? -1 : number(expiry))
    }

    // MARK: EXPIRE and its kin

    private struct Conditions: OptionSet {
        let rawValue: Int
        static let ifNone = Conditions(rawValue: 1)
        static let ifAny = Conditions(rawValue: 2)
        static let ifGreater = Conditions(rawValue: 4)
        static let ifLess = Conditions(rawValue: 8)

        func allow(_ new: Int64, over old: Int64) -> Bool {
            if contains(.ifNone), old != Expiry.never { return false }
            if contains(.ifAny), old == Expiry.never { return false }
            // No expiry counts as an infinite one.
            if contains(.ifGreater), new <= old || old == Expiry.never { return false }
            if contains(.ifLess), old != Expiry.never, new >= old { return false }
            return true
        }
    }

    private static func readConditions(_ arguments: Arguments, _ worker: inout Worker) -> Conditions? {
        var conditions: Conditions = []
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
        _ arguments: Arguments, _ unit: TimeUnit, isAbsolute: Bool, _ command: String,
        _ session: borrowing ClientSession, _ worker: inout Worker
    ) {
        guard let conditions = readConditions(arguments, &worker) else { return }
        guard let number = arguments[2].parseInteger() else { return worker.failNotAnInteger() }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        let key = arguments[1]
        let keyClass = worker.classify(key)
        let given = ExpiryArgument(milliseconds: milliseconds, isAbsolute: isAbsolute)
        guard !overflow, let expiry = given.expiry(keyClass, worker.moment), expiry != Expiry.never else {
            return worker.failExpireTime(command)
        }
        guard worker.mayWrite(keyClass, session, command) else { return }
        if keyClass == .guarded {
            return prolong(arguments, to: expiry, given, if: conditions, &worker)
        }
        let wall = worker.moment.wall
        var position: UInt64 = 0
        let hash = worker.hash(1, of: arguments)
        let done = worker.written.update(arguments[1], hash: hash, at: worker.moment, &position) { entry in
            guard entry.exists, conditions.allow(expiry, over: entry.expiry) else { return false }
            if expiry <= wall { entry.remove() } else { entry.setExpiry(expiry) }
            return true
        }
        worker.wait(for: position)
        worker.reply.integer(done ? 1 : 0)
    }

    private enum Prolonged { case done, skipped, earlier }

    /// A guarded key's expiry moves on, never back.
    private static func prolong(
        _ arguments: Arguments, to expiry: Int64, _ given: ExpiryArgument, if conditions: Conditions,
        _ worker: inout Worker
    ) {
        if let refusal = refusal(given, worker) { return worker.fail(refusal) }
        var position: UInt64 = 0
        let hash = worker.hash(1, of: arguments)
        let result = worker.written.update(arguments[1], hash: hash, at: worker.moment, &position) {
            entry -> Prolonged in
            guard entry.exists, conditions.allow(expiry, over: entry.expiry) else { return .skipped }
            guard expiry >= entry.expiry else { return .earlier }
            entry.setExpiry(expiry)
            return .done
        }
        worker.wait(for: position)
        switch result {
        case .done: worker.reply.integer(1)
        case .skipped: worker.reply.integer(0)
        case .earlier: worker.fail(GuardedWrite.earlier)
        }
    }

    private static func refusal(_ given: ExpiryArgument, _ worker: borrowing Worker) -> String? {
        GuardedWrite.refusal(
            lifetime: given.lifetime(at: worker.moment),
            longestSeconds: worker.daemon.configuration.maximumRevocation)
    }

    static func persist(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        let keyClass = worker.classify(arguments[1])
        guard worker.mayWrite(keyClass, session, "persist") else { return }
        var position: UInt64 = 0
        let hash = worker.hash(1, of: arguments)
        let result = worker.written.update(arguments[1], hash: hash, at: worker.moment, &position) {
            entry -> Prolonged in
            guard entry.exists, entry.expiry != Expiry.never else { return .skipped }
            if keyClass == .guarded { return .earlier }
            entry.setExpiry(Expiry.never)
            return .done
        }
        worker.wait(for: position)
        switch result {
        case .done: worker.reply.integer(1)
        case .skipped: worker.reply.integer(0)
        case .earlier: worker.fail(GuardedWrite.noExpiry)
        }
    }

    // MARK: GETEX

    static func getex(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        guard let options = SetOptions(arguments, from: 2, of: .getex) else { return worker.failSyntax() }
        let key = arguments[1]
        // As Redis does: what is wrong with the time is said only of a key that is there.
        guard worker.exists(1, of: arguments) else { return worker.reply.null() }
        let keyClass = worker.classify(key)
        var expiry: Int64?
        var refusal: String?
        switch options.time {
        case .argument(let index, let unit, let isAbsolute):
            guard let given = worker.readExpiry(arguments[index], unit, isAbsolute: isAbsolute, "getex") else { return }
            refusal = self.refusal(given, worker)
            guard let time = given.expiry(keyClass, worker.moment) else { return worker.failExpireTime("getex") }
            expiry = time
        case .persist: expiry = Expiry.never
        case .none, .keep: break
        }
        if expiry != nil {
            guard worker.mayWrite(keyClass, session, "getex") else { return }
            if keyClass == .guarded, expiry == Expiry.never { return worker.fail(GuardedWrite.noExpiry) }
            if keyClass == .guarded, let refusal { return worker.fail(refusal) }
        }

        let wall = worker.moment.wall
        let start = worker.reply.count
        var position: UInt64 = 0
        let hash = worker.hash(1, of: arguments)
        let result = worker.written.update(arguments[1], hash: hash, at: worker.moment, &position) {
            entry -> Prolonged in
            guard entry.exists else { return .skipped }
            entry.withValue { worker.reply.bulk($0) }
            guard let expiry else { return .done }
            if keyClass == .guarded {
                guard expiry >= entry.expiry else { return .earlier }
                entry.setExpiry(expiry)
            } else if expiry <= wall {
                entry.remove()
            } else {
                entry.setExpiry(expiry)
            }
            return .done
        }
        // Without a new time it is a read.
        if expiry != nil { worker.wait(for: position) }
        switch result {
        case .done: break
        case .skipped: worker.reply.null()
        case .earlier:
            worker.reply.truncate(to: start)
            worker.fail(GuardedWrite.earlier)
        }
    }
}
