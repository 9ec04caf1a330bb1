import Denylist
import RESP

/// What `RENAME`, `MOVE` and `COPY` ask: the value and the expiry of one plain key for another.
struct KeyTransfer {
    let source, target: ClassifiedKey
    var removesSource = true
    /// Whether the target may be there already.
    var replaces = false
    /// What it is to the observers of each.
    let events: (source: KeyEvent, target: KeyEvent)
    /// The command's name, for errors.
    let command: StaticString

    enum Outcome {
        case done, noSource, targetExists
        /// Both are one key.
        case same
    }
}

extension ServingContext {
    /// The door for what gives a key's value to another key: only among plain keys, under both locks, with one group of
    /// records.
    /// - Returns: nil if an error was answered.
    mutating func transfer(
        _ request: KeyTransfer, _ arguments: Arguments, _ session: borrowing ClientSession
    ) -> KeyTransfer.Outcome? {
        let (source, target) = (request.source, request.target)
        guard isPlain(source, request.command, session), isPlain(target, request.command, session) else { return nil }
        let (from, to) = (arguments[source.index], arguments[target.index])
        let isSame = source.database == target.database && from.equals(to)
        let isFull = isFull(for: request, arguments)
        let moment = moment
        let (outcome, position) = writer.lock(WritePermit(), [source, target]) { [journal, writer] locked in
            let old = locked.update(from, source, at: moment) { entry in
                entry.exists ? entry.withValue { ($0.withUnsafeBytes(Array.init), entry.expiry) } : nil
            }
            guard let (value, expiry) = old else { return (KeyTransfer.Outcome?.some(.noSource), journal.end) }
            if isSame { return (.same, journal.end) }
            let (sourceBefore, targetBefore) = (
                locked.update(from, source, at: moment) { EntryBefore($0) },
                locked.update(to, target, at: moment) { EntryBefore($0) }
            )
            if targetBefore.existed, !request.replaces { return (.targetExists, journal.end) }
            if isFull, !targetBefore.existed { return (nil, journal.end) }
            if request.removesSource { locked.update(from, source, at: moment) { $0.remove() } }
            locked.update(to, target, at: moment) { $0.store(value.span.bytes, expiry: expiry) }
            let position = journal.append(at: moment) { group in
                if request.removesSource {
                    group.select(source.database)
                    group.remove(from)
                }
                group.select(target.database)
                group.set(to, value.span.bytes, expiry: expiry, isGuarded: false)
            }
            if request.removesSource {
                writer.announce(request.events.source, from, of: source.database, source.hash, sourceBefore)
            }
            writer.announce(request.events.target, to, of: target.database, target.hash, targetBefore)
            return (.done, position)
        }
        holds.waitForDisk(position)
        if outcome == nil { failOutOfMemory() }
        return outcome
    }

    /// Whether there is no room for what the target takes more than the source.
    private func isFull(for request: KeyTransfer, _ arguments: Arguments) -> Bool {
        let (from, to) = (arguments[request.source.index], arguments[request.target.index])
        guard !request.removesSource else {
            let growth = to.byteCount - from.byteCount
            return growth > 0 && isFull(for: .plain, adding: growth)
        }
        let length = table(of: from, request.source.hash)?.read(from, hash: request.source.hash, at: moment) {
            value, _ in Self.entryBytes(to, value)
        }
        return isFull(for: .plain, adding: length ?? 0)
    }
}
