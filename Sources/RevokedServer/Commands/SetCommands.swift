import Contract
import Denylist
import Persistence
import RESP

/// Writing strings.
enum SetCommands {
    static func set(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        guard let options = SetOptions(arguments, from: 3, of: .set) else { return worker.failSyntax() }
        var time = NewExpiry.none
        switch options.time {
        case .argument(let index, let unit, let isAbsolute):
            guard let given = worker.readExpiry(arguments[index], unit, isAbsolute: isAbsolute, "set") else { return }
            time = .at(given)
        case .keep: time = .keep
        case .none, .persist: break
        }
        let write = Write(
            key: 1, value: 2, time: time, condition: options.condition, returnsOld: options.returnsOld, command: "set")
        perform(write, arguments, session, &worker)
    }

    static func setex(
        _ arguments: Arguments, _ unit: TimeUnit, _ session: borrowing ClientSession, _ worker: inout Worker
    ) {
        let command = unit == .seconds ? "setex" : "psetex"
        guard let given = worker.readExpiry(arguments[2], unit, isAbsolute: false, command) else { return }
        perform(Write(key: 1, value: 3, time: .at(given), command: command), arguments, session, &worker)
    }

    static func setnx(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        let write = Write(key: 1, value: 2, condition: .ifAbsent, command: "setnx")
        perform(write, arguments, session, &worker)
    }

    /// All or nothing: guarded keys cannot be written without an expiry.
    static func mset(_ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker) {
        guard arguments.count % 2 == 1 else {
            return worker.fail("ERR wrong number of arguments for 'mset' command")
        }
        var hashes: [KeyHash] = []
        var bytes = 0
        for index in stride(from: 1, to: arguments.count, by: 2) {
            let keyClass = worker.classify(arguments[index])
            guard worker.mayWrite(keyClass, session, "mset") else { return }
            if keyClass == .guarded { return worker.fail(GuardedWrite.noExpiry) }
            hashes.append(worker.hash(index, of: arguments))
            bytes += Write.bytes(arguments[index], arguments[index + 1])
        }
        guard !worker.isFull(for: .plain, adding: bytes) else { return worker.failOutOfMemory() }
        let moment = worker.moment
        let position = worker.daemon.denylist.lock(hashes) { locked in
            for index in stride(from: 1, to: arguments.count, by: 2) {
                locked.update(arguments[index], hash: worker.hash(index, of: arguments), at: moment) {
                    $0.store(arguments[index + 1], expiry: Expiry.never)
                }
            }
            return worker.written.log?.append(at: moment) { group in
                for index in stride(from: 1, to: arguments.count, by: 2) {
                    group.set(arguments[index], arguments[index + 1], expiry: Expiry.never)
                }
            }
        }
        worker.wait(for: position ?? 0)
        worker.reply.ok()
    }

    // MARK: One write

    private enum NewExpiry {
        case none, keep
        case at(ExpiryArgument)
    }

    private struct Write {
        var key: Int
        var value: Int
        var time = NewExpiry.none
        var condition = SetOptions.Condition.always
        var returnsOld = false
        var command: String

        /// About what a new entry takes.
        static func bytes(_ key: RawSpan, _ value: RawSpan) -> Int { key.byteCount + value.byteCount + 32 }
    }

    private enum Result {
        case written, conditionFailed, outOfMemory
        case refused(String)
    }

    private static func perform(
        _ write: Write, _ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker
    ) {
        let key = arguments[write.key]
        let value = arguments[write.value]
        let keyClass = worker.classify(key)
        if case .own(let own) = keyClass { return perform(write, on: own, arguments, session, &worker) }
        let moment = worker.moment

        var expiry = Expiry.never
        var lifetime: Int64?
        var keepsExpiry = false
        switch write.time {
        case .none: break
        case .keep: keepsExpiry = true
        case .at(let given):
            lifetime = given.lifetime(at: moment)
            guard let time = given.expiry(keyClass, moment) else { return worker.failExpireTime(write.command) }
            expiry = time
        }
        var kind = Scope.Kind.token
        if keyClass == .guarded {
            kind = GuardedKey.kind(of: key, prefixLength: worker.daemon.prefixLength)
            if expiry == Expiry.never, !keepsExpiry { return worker.fail(GuardedWrite.noExpiry) }
            if let refusal = GuardedWrite.refusal(key: key, value: value, kind: kind, clock: worker.daemon.clock) {
                return worker.fail(refusal)
            }
            let longest = worker.daemon.configuration.maximumRevocation
            if let lifetime, let refusal = GuardedWrite.refusal(lifetime: lifetime, longestSeconds: longest) {
                return worker.fail(refusal)
            }
        }

        let isFull = worker.isFull(for: MemoryShare(keyClass, value), adding: Write.bytes(key, value))
        let start = worker.reply.count
        var position: UInt64 = 0
        let hash = worker.hash(write.key, of: arguments)
        let result = worker.written.update(key, hash: hash, at: moment, &position) { entry -> Result in
            if write.returnsOld {
                if entry.exists { entry.withValue { worker.reply.bulk($0) } } else { worker.reply.null() }
            }
            switch write.condition {
            case .ifAbsent where entry.exists, .ifPresent where !entry.exists: return .conditionFailed
            default: break
            }
            if isFull, keyClass != .guarded || !entry.exists { return .outOfMemory }
            if keyClass == .guarded {
                if keepsExpiry, !entry.exists { return .refused(GuardedWrite.noExpiry) }
                GuardedWrite.merge(value, expiry: keepsExpiry ? entry.expiry : expiry, kind: kind, into: &entry)
            } else {
                entry.store(value, expiry: keepsExpiry && entry.exists ? entry.expiry : expiry)
            }
            return .written
        }
        worker.wait(for: position)
        if keyClass == .guarded, case .written = result {
            worker.counters.add(to: .revocations(kind, RevocationReason(of: value, kind)))
        }
        answer(result, write, start, &worker)
    }

    /// `SET` of one of the daemon's own keys, by the rules of ``OwnKeyRules``.
    private static func perform(
        _ write: Write, on own: OwnKey, _ arguments: Arguments, _ session: borrowing ClientSession,
        _ worker: inout Worker
    ) {
        let isPlain = if case .none = write.time { write.command == "set" } else { false }
        guard isPlain else {
            _ = worker.mayWrite(.own(own), session, write.command)
            return
        }
        if own == .acceptance { return accept(write, arguments, session, &worker) }
        let value = arguments[write.value]
        let isAdministrator = session.mayAdminister(worker)
        let start = worker.reply.count
        var position: UInt64 = 0
        var isShrinkage = false
        let hash = worker.hash(write.key, of: arguments)
        let result = worker.written.update(arguments[write.key], hash: hash, at: worker.moment, &position) {
            entry -> Result in
            // Of many processes that find no terms one writes them; to come second takes no privilege.
            if own == .terms, case .ifAbsent = write.condition, entry.exists, !write.returnsOld {
                return .conditionFailed
            }
            let refusal =
                entry.exists
                ? entry.withValue {
                    OwnKeyRules.refusal(of: value, for: own, over: $0, isAdministrator: isAdministrator)
                } : OwnKeyRules.refusal(of: value, for: own, over: nil, isAdministrator: isAdministrator)
            switch refusal {
            case .error(let text): return .refused(text)
            case .permission: return .refused(ClientSession.permissionRefusal(write.command))
            case .shrinkage(let text):
                isShrinkage = true
                return .refused(text)
            case nil: break
            }
            if write.returnsOld {
                if entry.exists { entry.withValue { worker.reply.bulk($0) } } else { worker.reply.null() }
            }
            switch write.condition {
            case .ifAbsent where entry.exists, .ifPresent where !entry.exists: return .conditionFailed
            default: entry.store(value, expiry: Expiry.never)
            }
            return .written
        }
        // Where anyone may administer, whoever read older terms could take something back by mistake.
        if isShrinkage, session.user == .admin, case .always = write.condition, !write.returnsOld,
            let replaced = worker.daemon.replaceTerms(value)
        {
            worker.wait(for: replaced)
            return worker.reply.ok()
        }
        worker.wait(for: position)
        answer(result, write, start, &worker)
    }

    /// `SET revoked.accepted "<epoch> replaces <epoch>"`: answered when the acceptance is on disk.
    private static func accept(
        _ write: Write, _ arguments: Arguments, _ session: borrowing ClientSession, _ worker: inout Worker
    ) {
        guard session.mayAdminister(worker) else { return session.refusePermission(write.command, &worker) }
        guard case .always = write.condition, !write.returnsOld else {
            return worker.fail(OwnKeyRules.refusal(of: .acceptance))
        }
        switch worker.daemon.accept(arguments[write.value]) {
        case .refused(let error): worker.fail(error)
        case .accepted(let later):
            if let later { worker.wait(for: later) }
            worker.reply.ok()
        }
    }

    /// - Parameter start: where the reply began, to take back an old value that an error replaces.
    private static func answer(_ result: Result, _ write: Write, _ start: Int, _ worker: inout Worker) {
        let isSetnx = write.command == "setnx"
        switch result {
        case .written:
            if isSetnx { worker.reply.integer(1) } else if !write.returnsOld { worker.reply.ok() }
        case .conditionFailed:
            if isSetnx { worker.reply.integer(0) } else if !write.returnsOld { worker.reply.null() }
        case .outOfMemory:
            worker.reply.truncate(to: start)
            worker.failOutOfMemory()
        case .refused(let text):
            worker.reply.truncate(to: start)
            worker.fail(text)
        }
    }
}
