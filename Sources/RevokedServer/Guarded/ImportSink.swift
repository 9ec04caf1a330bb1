import Contract
import Denylist
import Logging
import Persistence
import RESP
import Replication

/// Writes what is imported from a stock server: the door for keys that no command of a client brings.
///
/// 1. A revocation merges with what is there, as every write of one does, and is never removed or shortened: the source
///    says `DEL` for what has expired there, for what it evicted, and for what somebody undid, and does not say which.
/// 2. A plain key is what it is in the source.
/// 3. The source's terms are taken over if they grow ours. Its epoch is not: it names another list.
///
/// Used on one event loop, by ``Importer``.
final class ImportSink: StreamSink {
    /// What was read and written.
    struct Counts: Sendable, Equatable {
        var guarded = 0
        var plain = 0
        /// Of other types, of other databases.
        var skipped = 0
        /// Plain keys that are larger than a client may write.
        var tooLarge = 0
        /// Removals of revocations that were not followed.
        var kept = 0
        /// Revocations that have no expiry.
        var withoutExpiry = 0
    }

    /// Revocations without an expiry that wait for one, at most.
    private static let maximumWaiting = 10_000

    private var context: ServingContext
    private let prefixLength: Int
    private var database = 0
    private var isFile = false
    private(set) var counts = Counts()
    /// Why the copy cannot be right; nil while it can.
    private(set) var objection: StreamError?
    /// Whether a new copy would end the same way, until an operator has done something.
    private(set) var isHopeless = false
    /// Added to the expiries of revocations, in milliseconds: the most that guarded time ever was ahead of the source's
    /// clock. What it wrote then may still arrive. nil if it was never told.
    private var lead: Int64?
    /// Values of revocations without an expiry. Many clients send `SET` and then `EXPIRE`: written at once, such a
    /// revocation would stay for ever, for nothing shortens it.
    private var waiting: [[UInt8]: [UInt8]] = [:]

    init(_ daemon: Daemon) {
        context = ServingContext(daemon)
        prefixLength = daemon.prefixLength
    }

    /// Runs `body` while the thread has its turn, as for a client's commands.
    func inTurn<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        context.readClock()
        context.beginTurn()
        defer { context.endTurn() }
        return try body()
    }

    /// Whether the log takes more.
    var isLogOpen: Bool { context.isLogOpen }
    /// The position of the log behind what was written.
    var end: UInt64 { context.journal.end }
    var moment: ClockReading { context.moment }

    /// A connection begins.
    /// - Parameter database: that of the next record.
    func begin(in database: Int64) {
        (objection, isHopeless, isFile) = (nil, false, false)
        self.database = Int(database)
    }
    func beginFile() { isFile = true }

    /// Whether no revocation ends early if guarded time is so many milliseconds ahead of the source's clock.
    func covers(_ milliseconds: Int64) -> Bool { milliseconds <= lead ?? 0 }

    /// Guarded time is so many milliseconds ahead of the source's clock. The lead is in whole seconds, with one or two
    /// to spare: a clock that drifts is followed before it is too late, and another copy changes little.
    func follow(_ milliseconds: Int64) { lead = max(lead ?? 0, (max(0, milliseconds) / 1000 + 2) * 1000) }

    // MARK: StreamSink

    func endFile() { (isFile, database) = (false, 0) }
    func beginGroup() {}
    func endGroup() {}

    private func object(_ reason: String, isHopeless: Bool = true) {
        guard objection == nil else { return }
        objection = .damaged(reason)
        self.isHopeless = isHopeless
    }

    /// The source had the entry, and here it is gone: it has expired before the record was read. What it was, and what
    /// the record makes of it, only a whole copy says.
    private func objectMissing() {
        object("it has changed a revocation that has expired here: all keys are copied again", isHopeless: false)
    }

    // MARK: Revocations without an expiry

    /// Whether none waits for an expiry: then everything that was read is written.
    var isSettled: Bool { waiting.isEmpty }

    /// Writes the revocations that wait for an expiry.
    func settle() {
        let all = waiting
        waiting = [:]
        for (key, value) in all {
            let bytes = key.span.bytes
            revoke(bytes, context.denylist.hash(of: bytes), value.span.bytes, Expiry.never)
        }
    }

    private func settle(_ key: RawSpan) {
        guard !waiting.isEmpty, let value = waiting.removeValue(forKey: key.withUnsafeBytes(Array.init)) else { return }
        revoke(key, context.denylist.hash(of: key), value.span.bytes, Expiry.never)
    }

    // MARK: Writing

    /// Reads and changes an entry.
    private func update<Result>(
        _ key: RawSpan, _ hash: KeyHash, of database: Int, _ events: KeyEvent, _ body: (inout Entry) -> Result
    ) -> Result {
        let writer = context.writer
        var (position, nothing): (UInt64, Void) = (0, ())
        return writer.update(
            WritePermit(), key, of: hash.isGuarded ? 0 : database, hash: hash, at: context.moment, events, &position,
            &nothing
        ) { entry, _ in body(&entry) }
    }

    /// - Parameter expiry: as the source has it.
    private func revoke(_ key: RawSpan, _ hash: KeyHash, _ value: RawSpan, _ expiry: Int64?) {
        let expiry = expiry.map(guarded)
        // What was read too late is over by itself, but still counts in an entry that lasts longer.
        let isOver = if let expiry { expiry <= context.moment.guarded } else { false }
        guard mayKeep(key, value) else { return }
        let kind = GuardedKey.kind(of: key, prefixLength: prefixLength)
        let isFull = context.isFull(for: .revocation, adding: ServingContext.entryBytes(key, value))
        let isWritten = update(key, hash, of: 0, [.set, .expire]) { entry in
            guard entry.exists || !isOver else { return true }
            guard entry.exists || !isFull else { return false }
            let kept = entry.exists ? entry.expiry : Expiry.never
            GuardedRules.merge(value, expiry: expiry ?? kept, kind: kind, into: &entry)
            return true
        }
        guard isWritten else { return objectFull() }
        guard !isOver else { return }
        counts.guarded += 1
        if expiry ?? 0 == Expiry.never { counts.withoutExpiry += 1 }
    }

    /// Whether a revocation is as short as a client's write has to be. Whether a cut-off is plausible is not asked: an
    /// implausible one denies, there and here.
    private func mayKeep(_ key: RawSpan, _ value: RawSpan) -> Bool {
        guard let excess = GuardedRules.excess(of: key, value) else { return true }
        object("it has a key of the guarded prefix that cannot be kept: \(excess)")
        return false
    }

    /// A plain key that no client may write is passed over; what the source has replaced by it is gone.
    private func passOver(_ key: RawSpan, _ hash: KeyHash, of database: Int) {
        if counts.tooLarge == 0 {
            let longest = context.daemon.configuration.maximumBulk
            context.daemon.logger.warning("the import passes over keys or values longer than \(longest) bytes")
        }
        counts.tooLarge += 1
        remove(key, hash, of: database)
    }

    private func objectFull() { objection = objection ?? .full }

    /// An expiry on guarded time, not earlier than the source means it.
    private func guarded(_ expiry: Int64) -> Int64 {
        guard expiry != Expiry.never else { return expiry }
        let (sum, overflow) = expiry.addingReportingOverflow(lead ?? context.moment.lead)
        return overflow ? Expiry.never - 1 : sum
    }

    /// - Parameter expiry: nil for that of the entry.
    private func copy(_ key: RawSpan, _ hash: KeyHash, _ value: RawSpan, _ expiry: Int64?, to database: Int) {
        if let expiry, expiry <= context.moment.wall { return remove(key, hash, of: database) }
        guard max(key.byteCount, value.byteCount) <= context.daemon.configuration.maximumBulk else {
            return passOver(key, hash, of: database)
        }
        let isFull = context.isFull(for: .plain, adding: ServingContext.entryBytes(key, value))
        guard !isFull else { return objectFull() }
        update(key, hash, of: database, .set) { entry in
            entry.store(value, expiry: expiry ?? (entry.exists ? entry.expiry : Expiry.never))
        }
        counts.plain += 1
    }

    private func remove(_ key: RawSpan, _ hash: KeyHash, of database: Int) {
        update(key, hash, of: database, .del) { if $0.exists { $0.remove() } }
    }

    private func takeTerms(_ terms: RawSpan) {
        var conflict: String?
        OwnKey.terms.withBytes { key in
            update(key, context.denylist.hash(of: key), of: 0, .set) { entry in
                conflict =
                    entry.exists ? entry.withValue { Self.conflict(terms, over: $0) } : Self.conflict(terms, over: nil)
                guard conflict == nil else { return }
                let grows = !entry.exists || entry.withValue { Self.grows($0, to: terms) }
                if grows { entry.store(terms, expiry: Expiry.never) }
            }
        }
        if let conflict { object(conflict) }
    }

    private static func conflict(_ new: RawSpan, over old: RawSpan?) -> String? {
        switch OwnKeyRules.refusal(of: new, for: .terms, over: old, isAdministrator: true) {
        case nil: return nil
        case .shrinkage:
            if let old, grows(new, to: old) { return nil }
            return "its terms and ours contradict each other: look at revoked terms of both"
        case .error, .permission: return "its terms cannot be read: look at revoked terms of it"
        }
    }

    private static func grows(_ old: RawSpan, to new: RawSpan) -> Bool {
        guard let old = try? Terms(old.withUnsafeBytes(Array.init)),
            let new = try? Terms(new.withUnsafeBytes(Array.init))
        else { return true }
        return old.shrinkage(to: new) == nil
    }
}

// MARK: - Records

extension ImportSink {
    func place(of key: RawSpan) -> KeyHash {
        let hash = context.denylist.hash(of: key)
        context.denylist.prefetch(hash)
        return hash
    }

    func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        set(key, value, expiry: expiry, at: context.denylist.hash(of: key))
    }

    func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, at hash: KeyHash) {
        guard objection == nil else { return }
        if let own = OwnKey(key) {
            if own == .terms { takeTerms(value) }
        } else if !hash.isGuarded {
            copy(key, hash, value, expiry, to: database)
        } else if expiry == Expiry.never, !isFile {
            settle(key)
            guard mayKeep(key, value) else { return }
            if waiting.count >= Self.maximumWaiting { settle() }
            waiting[key.withUnsafeBytes(Array.init)] = value.withUnsafeBytes(Array.init)
        } else {
            settle(key)
            revoke(key, hash, value, expiry)
        }
    }

    func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) {
        let hash = context.denylist.hash(of: key)
        guard objection == nil, OwnKey(key) == nil else { return }
        settle(key)
        if hash.isGuarded { revoke(key, hash, value, nil) } else { copy(key, hash, value, nil, to: database) }
    }

    func modify(_ key: RawSpan, _ change: (_ old: RawSpan?) -> [UInt8]?) {
        let hash = context.denylist.hash(of: key)
        guard objection == nil, OwnKey(key) == nil else { return }
        settle(key)
        let isCutOff = hash.isGuarded && GuardedKey.kind(of: key, prefixLength: prefixLength).isCutOff
        let new = update(key, hash, of: database, .set) { entry in
            if isCutOff, !entry.exists { objectMissing() }
            return entry.exists ? entry.withValue { change($0) } : change(nil)
        }
        if let new, objection == nil { setKeepingExpiry(key, new.span.bytes) }
    }

    func setExpiry(_ key: RawSpan, _ expiry: Int64) {
        let hash = context.denylist.hash(of: key)
        guard objection == nil, OwnKey(key) == nil else { return }
        guard hash.isGuarded else {
            if expiry <= context.moment.wall { return remove(key, hash, of: database) }
            return update(key, hash, of: database, .expire) { if $0.exists { $0.setExpiry(expiry) } }
        }
        if expiry != Expiry.never, let value = waiting.removeValue(forKey: key.withUnsafeBytes(Array.init)) {
            return revoke(key, hash, value.span.bytes, expiry)
        }
        settle(key)
        let later = guarded(expiry)
        let isMissing = update(key, hash, of: 0, .expire) { entry in
            if entry.exists, later > entry.expiry { entry.setExpiry(later) }
            return !entry.exists
        }
        if isMissing, later > context.moment.guarded { objectMissing() }
    }

    func remove(_ key: RawSpan) {
        let hash = context.denylist.hash(of: key)
        guard objection == nil, OwnKey(key) == nil else { return }
        if hash.isGuarded { counts.kept += 1 } else { remove(key, hash, of: database) }
    }

    func copy(_ key: RawSpan, to other: RawSpan, of number: Int?) {
        guard objection == nil, OwnKey(key) == nil, OwnKey(other) == nil else { return }
        settle(key)
        settle(other)
        let (hash, otherHash) = (context.denylist.hash(of: key), context.denylist.hash(of: other))
        let found = update(key, hash, of: database, .set) { entry in
            entry.exists ? entry.withValue { (value: $0.withUnsafeBytes(Array.init), expiry: entry.expiry) } : nil
        }
        let target = number ?? database
        guard let found else {
            // There it has taken the place of the other one.
            return otherHash.isGuarded ? objectMissing() : remove(other, otherHash, of: target)
        }
        if otherHash.isGuarded {
            revoke(other, otherHash, found.value.span.bytes, found.expiry)
        } else {
            copy(other, otherHash, found.value.span.bytes, found.expiry, to: target)
        }
    }

    func select(_ database: Int) { self.database = database }

    func swap(_ one: Int, _ other: Int) {
        guard one != other, objection == nil else { return }
        for number in [one, other] { removePlainKeys(of: number) }
        object("it has exchanged two databases: all keys are copied again", isHopeless: false)
    }

    func removeDatabase() { removePlainKeys(of: database) }

    func removeAll() { for number in 0..<DatabaseNumber.count { removePlainKeys(of: number) } }

    /// Revocations stay: what has emptied the source has taken nothing back.
    private func removePlainKeys(of number: Int) {
        guard objection == nil else { return }
        var cursor: UInt64 = 0
        repeat {
            var keys: [[UInt8]] = []
            cursor = context.daemon.scan(number, from: cursor, count: 1_000, at: context.moment) { key in
                if !self.context.denylist.isGuarded(key) { keys.append(key.withUnsafeBytes(Array.init)) }
            }
            for key in keys { remove(key.span.bytes, context.denylist.hash(of: key.span.bytes), of: number) }
        } while cursor != 0
    }

    func skip(_ key: RawSpan) {
        counts.skipped += 1
        if context.denylist.isGuarded(key) || OwnKey(key) == .terms {
            object("it has a key of the guarded prefix that is no string, or beyond database 15")
        }
    }
}
