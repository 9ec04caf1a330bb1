import Contract
import Denylist
import RESP

/// The right to change an entry. Only this file, those of `writeAll` and `transfer`, and ``ImportSink`` make one: every
/// command's write passes the rules below.
struct WritePermit: ~Copyable {}

extension ServingContext {
    /// Changes one key as a command asks, within the rules of Guarantees.md. The one door for every command that writes
    /// a key; those of several keys at once take `writeAll` and `transfer` beside it.
    ///
    /// 1. The daemon's own keys have rules of their own (``OwnKeyRules``); removing a revocation takes a privilege.
    /// 2. A guarded key needs an expiry within `max-revocation`, a short key and value, and a plausible cut-off.
    /// 3. A plain key leaves the reserve of `maxmemory` alone; a new revocation may use all of it.
    /// 4. Under the lock of the key's shard a revocation merges: nothing makes it end earlier.
    ///
    /// Answers the error if a rule refuses, and the old value if `request` wants it; the rest of the reply is the
    /// command's.
    /// - Returns: whether the entry was changed, or prolonged to what it was; nil if an error was answered.
    mutating func write(
        _ key: ClassifiedKey, _ request: KeyWrite, _ arguments: Arguments, _ session: borrowing ClientSession
    ) -> Bool? {
        guard mayWrite(key, request, session) else { return nil }
        if case .own(let own) = key.keyClass { return write(own, key, request, arguments, session) }
        guard let plan = plan(key, request, arguments) else { return nil }

        let start = reply.count
        var position: UInt64 = 0
        let (wall, longest) = (moment.wall, daemon.configuration.maximumBulk)
        var isRotated = false
        let outcome = writer.update(
            WritePermit(), arguments[key.index], of: key.database, hash: key.hash, at: moment, request.events,
            &position, &reply
        ) { entry, reply -> WriteOutcome in
            if request.returnsOld { Self.answerOld(entry, &reply) }
            switch request.change {
            case .store(let value, _, let condition):
                let outcome =
                    condition.holds(for: entry, arguments)
                    ? Self.store(arguments[value], plan, isGuarded: key.isGuarded, &entry) : .unchanged
                if plan.isRotation { isRotated = Self.isRotated(entry) }
                return outcome
            case .modify(let change):
                return Self.modify(change, arguments, longest, isFull: plan.isFull, &entry, &reply)
            case .expire(_, let conditions):
                return Self.expire(plan.expiry, if: conditions, isGuarded: key.isGuarded, wall: wall, &entry)
            case .persist:
                guard entry.exists, entry.expiry != Expiry.never else { return .unchanged }
                if key.isGuarded { return .noExpiry }
                entry.setExpiry(Expiry.never)
            case .remove(let condition):
                guard entry.exists, condition.holds(for: entry, arguments) else { return .unchanged }
                entry.remove()
            }
            return .changed
        }
        // A rotation that finds a revocation relies on it.
        if key.isGuarded, !isRotated { holds.wait(for: position) } else { holds.waitForDisk(position) }
        if case .merged = outcome { writer.announceMerge(of: arguments[key.index]) }
        if key.isGuarded, outcome.isDone, case .store(let value, _, _) = request.change {
            counters.add(to: .revocations(plan.kind, RevocationReason(of: arguments[value], plan.kind)))
        }
        return answer(outcome, from: start)
    }

    /// Whether this connection may do so to the key, whatever the entry is; otherwise answers the error.
    mutating func mayWrite(_ key: ClassifiedKey, _ request: KeyWrite, _ session: borrowing ClientSession) -> Bool {
        switch key.keyClass {
        case .plain: return true
        case .guarded:
            if case .modify = request.change { return isPlain(key, request.command, session) }
            // Undoing a revocation is privileged.
            guard case .remove = request.change, !session.mayAdminister else { return true }
            session.refusePermission("\(request.command)", &self)
            return false
        case .own:
            if request.mayWriteOwnKeys, case .store(_, .none, _) = request.change { return true }
            return isPlain(key, request.command, session)
        }
    }

    /// Whether a key is one that a command for plain keys alone may change; otherwise answers the error.
    mutating func isPlain(_ key: ClassifiedKey, _ command: StaticString, _ session: borrowing ClientSession) -> Bool {
        switch key.keyClass {
        case .plain: return true
        case .guarded: fail(GuardedRules.plainOnly)
        case .own(let own):
            // Who lacks the privilege hears that first, as of any other command.
            if own != .epoch, !session.mayAdminister {
                session.refusePermission("\(command)", &self)
            } else {
                fail(OwnKeyRules.refusal(of: own))
            }
        }
        return false
    }

    // MARK: What is known before the entry

    struct WritePlan {
        var expiry = Expiry.never
        var keepsExpiry = false
        var kind = Scope.Kind.token
        /// Whether a token's value is a ``Rotation``.
        var isRotation = false
        /// Whether a new entry has to be refused.
        var isFull = false
    }

    enum WriteOutcome {
        case changed, unchanged, outOfMemory, noExpiry, earlier
        /// The entry has another value than was given: its own is the stricter one.
        case merged
        /// The value that is there is no number, or the new one would be too long.
        case refused(StaticString)

        fileprivate var isDone: Bool {
            switch self {
            case .changed, .merged: true
            default: false
            }
        }
    }

    /// Asks all that can be asked before the entry is locked.
    /// - Returns: nil if an error was answered.
    mutating func plan(_ key: ClassifiedKey, _ request: KeyWrite, _ arguments: Arguments) -> WritePlan? {
        var plan = WritePlan()
        // GETEX takes no expiry away, not even from a key of another server's log that has none.
        if key.isGuarded, request.returnsOld, case .persist = request.change { return refuse(GuardedRules.noExpiry) }
        let given = request.expiry
        if let given {
            guard let expiry = given.expiry(key.keyClass, moment) else {
                failExpireTime("\(request.command)")
                return nil
            }
            plan.expiry = expiry
        }
        if case .store(let index, let time, _) = request.change {
            let (bytes, value) = (arguments[key.index], arguments[index])
            if case .keep = time { plan.keepsExpiry = true }
            if key.isGuarded {
                plan.kind = GuardedKey.kind(of: bytes, prefixLength: daemon.prefixLength)
                if plan.expiry == Expiry.never, !plan.keepsExpiry { return refuse(GuardedRules.noExpiry) }
                if let refusal = GuardedRules.refusal(key: bytes, value: value, kind: plan.kind, clock: clock) {
                    return refuse(refusal)
                }
            }
            let share = MemoryShare(key.keyClass, value)
            plan.isRotation = share == .rotation && plan.kind == .token
            plan.isFull = isFull(for: share, adding: Self.entryBytes(bytes, value))
        }
        if case .modify(let change) = request.change {
            let growth = change.growth(arguments) + arguments[key.index].byteCount + Self.entryOverhead
            plan.isFull = isFull(for: .plain, adding: growth)
        }
        if key.isGuarded, let given,
            let refusal = GuardedRules.refusal(
                lifetime: given.lifetime(at: moment), longestSeconds: daemon.configuration.maximumRevocation)
        {
            return refuse(refusal)
        }
        return plan
    }

    private mutating func refuse(_ text: String) -> WritePlan? {
        fail(text)
        return nil
    }

    /// About what a new entry takes.
    static func entryBytes(_ key: RawSpan, _ value: RawSpan) -> Int {
        key.byteCount + value.byteCount + entryOverhead
    }

    private static let entryOverhead = 32

    // MARK: Under the lock

    static func store(
        _ value: RawSpan, _ plan: WritePlan, isGuarded: Bool, _ entry: inout Entry
    ) -> WriteOutcome {
        if plan.isFull, !isGuarded || !entry.exists { return .outOfMemory }
        if isGuarded {
            if plan.keepsExpiry, !entry.exists { return .noExpiry }
            let expiry = plan.keepsExpiry ? entry.expiry : plan.expiry
            return GuardedRules.merge(value, expiry: expiry, kind: plan.kind, into: &entry) ? .changed : .merged
        }
        entry.store(value, expiry: plan.keepsExpiry && entry.exists ? entry.expiry : plan.expiry)
        return .changed
    }

    private static func modify(
        _ change: ValueChange, _ arguments: borrowing Arguments, _ longest: Int, isFull: Bool, _ entry: inout Entry,
        _ reply: inout ReplyBuffer
    ) -> WriteOutcome {
        let result =
            entry.exists
            ? entry.withValue { change.result(of: $0, arguments, longest) } : change.result(of: nil, arguments, longest)
        switch result {
        case .same(let answer):
            reply.integer(answer)
            return .unchanged
        case .refused(let text): return .refused(text)
        case .value(let value, let answer):
            if isFull { return .outOfMemory }
            entry.store(value.span.bytes, expiry: entry.exists ? entry.expiry : Expiry.never)
            if let answer { reply.integer(answer) } else { reply.bulk(value.span.bytes) }
            return .changed
        }
    }

    private static func expire(
        _ expiry: Int64, if conditions: ExpiryConditions, isGuarded: Bool, wall: Int64, _ entry: inout Entry
    ) -> WriteOutcome {
        guard entry.exists, conditions.allow(expiry, over: entry.expiry) else { return .unchanged }
        if isGuarded {
            guard expiry >= entry.expiry else { return .earlier }
            entry.setExpiry(expiry)
        } else if expiry <= wall {
            entry.remove()
        } else {
            entry.setExpiry(expiry)
        }
        return .changed
    }

    private static func isRotated(_ entry: borrowing Entry) -> Bool {
        entry.exists && entry.withValue { Reason.isRotated($0) }
    }

    private static func answerOld(_ entry: borrowing Entry, _ reply: inout ReplyBuffer) {
        if entry.exists { entry.withValue { reply.bulk($0) } } else { reply.null() }
    }

    /// - Parameter start: where the reply began, to take back an old value that an error replaces.
    mutating func answer(_ outcome: WriteOutcome, from start: Int) -> Bool? {
        switch outcome {
        case .changed, .merged: return true
        case .unchanged: return false
        case .outOfMemory, .noExpiry, .earlier, .refused: reply.truncate(to: start)
        }
        switch outcome {
        case .outOfMemory: failOutOfMemory()
        case .noExpiry: fail(GuardedRules.noExpiry)
        case .refused(let text): fail("\(text)")
        default: fail(GuardedRules.earlier)
        }
        return nil
    }

    // MARK: The daemon's own keys

    private mutating func write(
        _ own: OwnKey, _ key: ClassifiedKey, _ request: KeyWrite, _ arguments: Arguments,
        _ session: borrowing ClientSession
    ) -> Bool? {
        guard case .store(let index, _, let condition) = request.change else { return nil }
        let value = arguments[index]
        if own == .acceptance { return accept(value, if: condition, request, session) }
        let isAdministrator = session.mayAdminister
        let start = reply.count
        var position: UInt64 = 0
        var refusal: OwnKeyRules.Refusal?
        let isChanged = writer.update(
            WritePermit(), arguments[key.index], of: key.database, hash: key.hash, at: moment, .set, &position,
            &reply
        ) { entry, reply -> Bool in
            // Of many processes that find no terms one writes them; to come second takes no privilege.
            if own == .terms, condition == .ifAbsent, entry.exists, !request.returnsOld { return false }
            refusal =
                entry.exists
                ? entry.withValue {
                    OwnKeyRules.refusal(of: value, for: own, over: $0, isAdministrator: isAdministrator)
                } : OwnKeyRules.refusal(of: value, for: own, over: nil, isAdministrator: isAdministrator)
            guard refusal == nil else { return false }
            if request.returnsOld { Self.answerOld(entry, &reply) }
            guard condition.holds(for: entry, arguments) else { return false }
            entry.store(value, expiry: Expiry.never)
            return true
        }
        // Where anyone may administer, whoever read older terms could take something back by mistake.
        if case .shrinkage = refusal, session.user.isAdministrator, condition == .always, !request.returnsOld,
            let replaced = daemon.replaceTerms(value)
        {
            holds.wait(for: replaced)
            return true
        }
        holds.wait(for: position)
        guard let refusal else { return isChanged }
        reply.truncate(to: start)
        switch refusal {
        case .error(let text), .shrinkage(let text): fail(text)
        case .permission: session.refusePermission("\(request.command)", &self)
        }
        return nil
    }

    /// `SET revoked.accepted "<epoch> replaces <epoch>"`: answered when the acceptance is on disk.
    private mutating func accept(
        _ value: RawSpan, if condition: SetOptions.Condition, _ request: KeyWrite, _ session: borrowing ClientSession
    ) -> Bool? {
        guard session.mayAdminister else {
            session.refusePermission("\(request.command)", &self)
            return nil
        }
        guard condition == .always, !request.returnsOld else {
            fail(OwnKeyRules.refusal(of: .acceptance))
            return nil
        }
        switch daemon.accept(value) {
        case .refused(let error):
            fail(error)
            return nil
        case .accepted(let later):
            if let later { holds.wait(for: later) }
            return true
        }
    }
}
