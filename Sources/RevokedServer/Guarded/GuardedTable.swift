import Denylist
import Persistence
import RESP

/// The daemon's table. Everyone reads it; what changes it is in this folder.
///
/// - A command's write of a key goes through ``Worker/write(_:_:_:_:)``: the table takes nothing else without a
///   ``WritePermit``.
/// - ``flush(to:at:_:)`` and the functions about own keys below change it as a whole.
/// - What a data directory holds is loaded by what ``persistence(_:clock:keepsClock:onProgress:notify:)`` returns.
final class GuardedTable: Sendable {
    private let denylist: Denylist

    init(_ configuration: Denylist.Configuration) { denylist = Denylist(configuration) }

    // MARK: Reading

    /// Its look-ups, without counting references: this table has to outlive them.
    var keys: Denylist.Keys { denylist.keys }
    var statistics: Denylist.Statistics { denylist.statistics }

    func hash(of key: RawSpan) -> KeyHash { denylist.hash(of: key) }

    func contains(_ key: RawSpan, hash: KeyHash, at moment: ClockReading) -> Bool {
        denylist.contains(key, hash: hash, at: moment)
    }

    func read<Result>(
        _ key: RawSpan, hash: KeyHash, at moment: ClockReading, _ body: (_ value: RawSpan, _ expiry: Int64) -> Result
    ) -> Result? {
        denylist.read(key, hash: hash, at: moment, body)
    }

    func scan(
        from cursor: UInt64, count: Int, at moment: ClockReading,
        _ visit: (_ key: RawSpan, _ value: RawSpan, _ expiry: Int64) -> Void
    ) -> UInt64 {
        denylist.scan(from: cursor, count: count, at: moment, visit)
    }

    func random<Result>(at moment: ClockReading, _ body: (_ key: RawSpan) -> Result) -> Result? {
        denylist.random(at: moment, body)
    }

    // MARK: Memory

    /// `maxmemory`, in bytes; 0 is no limit.
    var maximumBytes: Int {
        get { denylist.maximumBytes }
        set { denylist.maximumBytes = newValue }
    }

    func isFull(adding bytes: Int = 0, leaving reserve: Int = 0) -> Bool {
        denylist.isFull(adding: bytes, leaving: reserve)
    }

    /// Gives back the room of entries that have expired.
    @discardableResult
    func reclaim(slots: Int, at moment: ClockReading) -> Int { denylist.reclaim(slots: slots, at: moment) }

    // MARK: Persistence

    /// What keeps the table on disk: it fills the table from its files before anyone is served.
    /// - Parameter keepsClock: whether guarded time is kept with it.
    func persistence(
        _ configuration: PersistenceConfiguration, clock: ServerClock, keepsClock: Bool = true,
        onProgress: @escaping @Sendable () -> Void = {},
        notify: @escaping @Sendable (PersistenceNotice) -> Void = { _ in }
    ) throws(PersistenceError) -> Persistence {
        try Persistence(
            configuration, denylist, moment: { clock.now() }, clock: keepsClock ? clock : nil, onProgress: onProgress,
            notify: notify)
    }

    // MARK: Writing

    /// One worker's way to change entries.
    func writer(_ journal: Journal) -> GuardedWriter { GuardedWriter(denylist.writer, journal) }

    /// Forgets everything but the terms, and appends that to the journal.
    /// - Parameter renew: makes the new epoch, while nobody else reads or writes.
    /// - Returns: the position that the answer waits for.
    func flush(to journal: Journal, at moment: ClockReading, _ renew: () -> EpochRecord) -> UInt64 {
        denylist.lockAll { locked in
            let terms = read(.terms, locked, moment)
            locked.removeAll()
            show(renew(), locked, moment)
            if let terms { store(terms, as: .terms, locked, moment) }
            return journal.append(at: moment) { group in
                group.removeAll()
                guard let terms else { return }
                OwnKey.terms.withBytes { group.set($0, terms.span.bytes, expiry: Expiry.never, isGuarded: false) }
            }
        }
    }

    /// Puts these terms in the place of those that are there, if the table holds nothing that could rest on them.
    /// - Returns: the position that the answer waits for; nil if nothing was changed.
    func replaceTerms(_ terms: RawSpan, to journal: Journal, at moment: ClockReading) -> UInt64? {
        denylist.lockAll { locked in
            let own = OwnKey.allCases.count { read($0, locked, moment) != nil }
            guard locked.entries == own else { return nil }
            store(terms.withUnsafeBytes(Array.init), as: .terms, locked, moment)
            return OwnKey.terms.withBytes { key in
                journal.append(set: key, terms, expiry: Expiry.never, isGuarded: false, at: moment)
            }
        }
    }

    /// Changes what `revoked.epoch` and `revoked.accepted` answer. They stand in a file of their own, never in the
    /// journal.
    /// - Parameters:
    ///   - isAlone: whether nobody reads or writes any key meanwhile.
    ///   - change: makes the record; nil leaves it.
    func changeIdentity(isAlone: Bool, at moment: ClockReading, _ change: () -> EpochRecord?) {
        func apply(_ locked: borrowing Denylist.Locked) {
            if let record = change() { show(record, locked, moment) }
        }
        if isAlone {
            denylist.lockAll { apply($0) }
        } else {
            denylist.lock(OwnKey.allCases.map { $0.withBytes(denylist.hash) }) { apply($0) }
        }
    }

    private func show(_ record: EpochRecord, _ locked: borrowing Denylist.Locked, _ moment: ClockReading) {
        store(Array(record.text.utf8), as: .epoch, locked, moment)
        store(record.acceptance.map { Array($0.utf8) }, as: .acceptance, locked, moment)
    }

    private func store(
        _ value: [UInt8]?, as own: OwnKey, _ locked: borrowing Denylist.Locked, _ moment: ClockReading
    ) {
        own.withBytes { key in
            locked.update(key, hash: denylist.hash(of: key), at: moment) { entry in
                if let value {
                    entry.store(value.span.bytes, expiry: Expiry.never)
                } else if entry.exists {
                    entry.remove()
                }
            }
        }
    }

    private func read(_ own: OwnKey, _ locked: borrowing Denylist.Locked, _ moment: ClockReading) -> [UInt8]? {
        own.withBytes { key in
            locked.update(key, hash: denylist.hash(of: key), at: moment) { entry in
                entry.exists ? entry.withValue { $0.withUnsafeBytes(Array.init) } : nil
            }
        }
    }
}

extension OwnKey {
    /// Calls `body` with the name.
    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        name.withUTF8Buffer { body(RawSpan(_unsafeElements: $0)) }
    }
}

/// Changes entries for those who have a ``WritePermit``. Each change is appended to the journal under the lock that it
/// is made under.
struct GuardedWriter: Sendable {
    private let entries: Denylist.Writer
    let journal: Journal

    fileprivate init(_ entries: Denylist.Writer, _ journal: Journal) {
        self.entries = entries
        self.journal = journal
    }

    /// Reads and changes one entry, and appends what has come of it.
    /// - Parameter position: becomes what the write's reply has to wait for, 0 if for nothing.
    func update<Result>(
        _ permit: borrowing WritePermit, _ key: RawSpan, hash: KeyHash, at moment: ClockReading,
        _ position: inout UInt64, _ body: (inout Entry) -> Result
    ) -> Result {
        var end: UInt64 = 0
        let result = entries.update(key, hash: hash, at: moment) { entry in
            let result = body(&entry)
            switch entry.change {
            // What it found may not be on disk yet.
            case .none: end = journal.end
            case .removed: end = journal.append(remove: key)
            case .stored:
                let expiry = entry.expiry
                end =
                    expiry > 0
                    ? entry.withValue {
                        journal.append(set: key, $0, expiry: expiry, isGuarded: hash.isGuarded, at: moment)
                    } : journal.append(remove: key)
            }
            return result
        }
        position = end
        return result
    }

    /// Runs `body` with the shards of several keys locked: nobody sees half of what it does.
    func lock<Result>(
        _ permit: borrowing WritePermit, _ hashes: [KeyHash], _ body: (borrowing Denylist.Locked) -> Result
    ) -> Result {
        entries.lock(hashes, body)
    }
}
