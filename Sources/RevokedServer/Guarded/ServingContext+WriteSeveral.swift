import Denylist
import RESP

/// What `MSET` and its kin ask: a value for each of several keys, all or none.
struct KeysWrite {
    /// The places of the keys among the arguments; each key's value stands behind it.
    let keys: [Int]
    var expiry = KeyWrite.NewExpiry.none
    /// Must hold for every key. Only of those that need no argument.
    var condition = SetOptions.Condition.always
    /// The command's name, for errors.
    let command: StaticString

    /// What it is to the observers of each key.
    var events: KeyEvent { KeyWrite(.store(value: 0, expiry, .always), command).events }
}

/// The door for commands that change several keys at once: under the locks of their shards, with one group of records.
extension ServingContext {
    /// `MSET`, `MSETNX` and `MSETEX`: the rules of ``write(_:_:_:_:)`` hold for each key.
    /// - Returns: whether the condition held; nil if an error was answered.
    mutating func writeAll(
        _ request: KeysWrite, _ arguments: Arguments, _ session: borrowing ClientSession
    ) -> Bool? {
        var writes: [(key: ClassifiedKey, plan: WritePlan)] = []
        var (plainBytes, isFull) = (0, false)
        for (number, index) in request.keys.enumerated() {
            let key = classify(index, number: number, of: arguments)
            let one = KeyWrite(.store(value: index + 1, request.expiry, .always), request.command)
            guard mayWrite(key, one, session), let plan = plan(key, one, arguments) else { return nil }
            if !key.isGuarded { plainBytes += Self.entryBytes(arguments[index], arguments[index + 1]) }
            writes.append((key, plan))
        }
        if plainBytes > 0, self.isFull(for: .plain, adding: plainBytes) { isFull = true }
        let (moment, start) = (moment, reply.count)
        let (outcome, position) = writer.lock(WritePermit(), writes.map(\.key)) { [journal, writer] locked in
            for (key, plan) in writes {
                let refusal = locked.update(arguments[key.index], key, at: moment) { entry in
                    Self.refusal(of: request.condition, plan, isFull: isFull, key, entry, arguments)
                }
                // What it found may not be on disk yet.
                if let refusal { return (refusal, journal.end) }
            }
            for (key, plan) in writes {
                let (before, outcome) = locked.update(arguments[key.index], key, at: moment) { entry in
                    let before = EntryBefore(entry)
                    return (before, Self.store(arguments[key.index + 1], plan, isGuarded: key.isGuarded, &entry))
                }
                writer.announce(request.events, arguments[key.index], of: key.database, key.hash, before)
                if case .merged = outcome { writer.announceMerge(of: arguments[key.index]) }
            }
            let position = journal.append(at: moment) { group in
                for (key, _) in writes {
                    group.select(key.database)
                    locked.update(arguments[key.index], key, at: moment) { entry in
                        group.append(entry, arguments[key.index], isGuarded: key.isGuarded)
                    }
                }
            }
            return (WriteOutcome.changed, position)
        }
        if writes.contains(where: \.key.isGuarded) { holds.wait(for: position) } else { holds.waitForDisk(position) }
        return answer(outcome, from: start)
    }

    /// Why an entry keeps all of them from being written; nil if it does not.
    private static func refusal(
        of condition: SetOptions.Condition, _ plan: WritePlan, isFull: Bool, _ key: ClassifiedKey,
        _ entry: borrowing Entry, _ arguments: borrowing Arguments
    ) -> WriteOutcome? {
        guard condition.holds(for: entry, arguments) else { return .unchanged }
        if key.isGuarded, plan.keepsExpiry, !entry.exists { return .noExpiry }
        if plan.isFull || isFull, !key.isGuarded || !entry.exists { return .outOfMemory }
        return nil
    }
}

extension JournalGroup {
    /// Appends what has become of an entry.
    fileprivate mutating func append(_ entry: borrowing Entry, _ key: RawSpan, isGuarded: Bool) {
        // An expiry that has passed leaves no entry.
        guard entry.exists, entry.expiry > 0 else { return remove(key) }
        entry.withValue { set(key, $0, expiry: entry.expiry, isGuarded: isGuarded) }
    }
}
