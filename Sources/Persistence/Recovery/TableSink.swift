import Contract
import Denylist

/// Fills the table from files. A later record replaces an earlier one and never merges with it, so that an undo stays
/// undone. The daemon's own keys are kept apart, because they have a file of their own.
///
/// What has expired by now stays until ``finish()``: a later record of another server may prolong it, add to it or copy
/// it, and its own log does not say what it was.
struct TableSink: RecordSink, ~Copyable {
    /// At which nothing has expired.
    private static let beforeAll = ClockReading(wall: .min, guarded: .min)

    private let denylist: Denylist
    /// The selected database, and the same without reference counting.
    private var database: Denylist
    private var keys: Denylist.Keys
    private var entries: Denylist.Writer
    private var selected = 0
    private var isMain: Bool { selected == 0 }
    private var moment: ClockReading
    /// Whether expiries are taken as written in the file, whatever its notes say.
    private let copies: Bool
    /// Added to the expiry of each guarded key.
    private var correction: Int64 = 0
    private var isOthers = true
    /// Records of entries that had expired when they were read.
    private(set) var expired = 0
    private(set) var own = OwnKeys()
    /// Expiries of guarded keys that another server wrote, or a release of ours without notes.
    private(set) var foreign = 0
    /// Whether a key was read in another database that belongs to database 0.
    private var hasStrays = false

    /// - Parameter moment: entries that expired before it are left out.
    init(_ denylist: Denylist, at moment: ClockReading, copies: Bool = false) {
        self.denylist = denylist
        database = denylist
        keys = denylist.keys
        entries = denylist.writer
        self.moment = moment
        self.copies = copies
    }

    mutating func begin(at moment: ClockReading) { self.moment = moment }

    mutating func select(_ number: Int) {
        selected = number
        database = isMain ? denylist : denylist.makeDatabase(number)
        keys = database.keys
        entries = database.writer
    }

    /// Other servers write Unix time: on guarded time, it must not end earlier.
    mutating func readExpiries(by note: TimeNote?) {
        guard !copies else { return }
        isOthers = note == nil
        correction = note.map { -$0.shift } ?? moment.lead
    }

    /// Converts an expiry in a file to the key's own clock.
    @inline(__always)
    private mutating func expiry(_ expiry: Int64, isGuarded: Bool) -> Int64 {
        guard isGuarded, expiry != Expiry.never else { return expiry }
        if isOthers { foreign += 1 }
        let (sum, overflow) = expiry.addingReportingOverflow(correction)
        return overflow ? (correction > 0 ? Expiry.never - 1 : Int64.min) : sum
    }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        set(key, value, expiry: expiry, at: keys.hash(of: key))
    }

    func place(of key: RawSpan) -> KeyHash {
        let hash = keys.hash(of: key)
        keys.prefetch(hash)
        return hash
    }

    @inline(__always)
    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, at hash: KeyHash) {
        guard !OwnKeys.has(key) else { return own.set(key, value) }
        if !isMain, Self.isStray(key, hash) { hasStrays = true }
        let expiry = self.expiry(expiry, isGuarded: hash.isGuarded)
        if expiry <= (hash.isGuarded ? moment.guarded : moment.wall) { expired += 1 }
        entries.update(key, hash: hash, at: Self.beforeAll) { $0.store(value, expiry: expiry) }
    }

    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) {
        guard !OwnKeys.has(key) else { return own.set(key, value) }
        modify(key) { _ in value.withUnsafeBytes(Array.init) }
    }

    mutating func modify(_ key: RawSpan, _ change: (_ old: RawSpan?) -> [UInt8]?) {
        guard !OwnKeys.has(key) else { return }
        let hash = keys.hash(of: key)
        if !isMain, Self.isStray(key, hash) { hasStrays = true }
        entries.update(key, hash: hash, at: Self.beforeAll) { entry in
            guard let value = entry.exists ? entry.withValue({ change($0) }) : change(nil) else { return }
            entry.store(value.span.bytes, expiry: entry.exists ? entry.expiry : Expiry.never)
        }
    }

    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64) {
        guard !OwnKeys.has(key) else { return }
        let hash = keys.hash(of: key)
        let expiry = self.expiry(expiry, isGuarded: hash.isGuarded)
        if expiry <= (hash.isGuarded ? moment.guarded : moment.wall) { expired += 1 }
        entries.update(key, hash: hash, at: Self.beforeAll) { if $0.exists { $0.setExpiry(expiry) } }
    }

    mutating func remove(_ key: RawSpan) {
        guard !OwnKeys.has(key) else { return own.remove(key) }
        entries.update(key, hash: keys.hash(of: key), at: Self.beforeAll) { $0.remove() }
    }

    mutating func reserve(entries: Int) { denylist.reserve(entries: entries) }

    mutating func copy(_ key: RawSpan, to other: RawSpan, of number: Int?) {
        guard !OwnKeys.has(key), !OwnKeys.has(other) else { return }
        let hash = keys.hash(of: key)
        let found = keys.read(key, hash: hash, at: Self.beforeAll) { value, expiry in
            (value: value.withUnsafeBytes(Array.init), expiry: expiry)
        }
        let selected = selected
        if let number { select(number) }
        defer { select(selected) }
        guard let found else { return remove(other) }
        // As it stood in the file.
        let isShifted = hash.isGuarded && found.expiry != Expiry.never
        set(other, found.value.span.bytes, expiry: isShifted ? found.expiry &- correction : found.expiry)
    }

    mutating func swap(_ one: Int, _ other: Int) {
        guard one != other else { return }
        // Another server may have had guarded keys in either.
        hasStrays = true
        for number in [one, other] where number != 0 { denylist.makeDatabase(number) }
        denylist.lockDatabases { main, others in
            let all = [main.asOther] + others
            let pair = [one, other].compactMap { number in all.first { $0.number == number } }
            pair[0].swap(with: pair[1])
        }
    }

    mutating func removeDatabase() {
        database.lockAll { $0.removeAll() }
        if isMain { own.removeAll() }
    }

    mutating func removeAll() {
        for (_, database) in denylist.allDatabases { database.lockAll { $0.removeAll() } }
        own.removeAll()
    }
}

/// Guarded keys and the terms are in database 0 alone, but another server may have kept them in any.
extension TableSink {
    @inline(__always)
    private static func isStray(_ key: RawSpan, _ hash: KeyHash) -> Bool { hash.isGuarded || isTerms(key) }

    private static func isTerms(_ key: RawSpan) -> Bool {
        key.withUnsafeBytes { $0.elementsEqual(Terms.key.utf8) }
    }

    /// Comes at the end of all files: removes what has expired, and moves strays to database 0.
    /// - Parameter keepsExpired: whether expired entries stay, to be reclaimed as others are: replicas that go on from
    ///   before have to be told of them.
    /// - Returns: how many were moved.
    func finish(keepsExpired: Bool = false) -> Int {
        if expired > 0, !keepsExpired {
            for (_, database) in denylist.allDatabases { database.removeExpired(at: moment) }
        }
        return moveStrays()
    }

    /// What is there already is merged, so nothing is revoked for a shorter time than in either database.
    private func moveStrays() -> Int {
        guard hasStrays else { return 0 }
        var moved = 0
        for (number, database) in denylist.allDatabases where number != 0 {
            var walk = database.walk()
            while !walk.isComplete {
                var strays: [(key: [UInt8], value: [UInt8], expiry: Int64)] = []
                walk.step(bytes: TableWalk.step, at: moment) { key, value, expiry in
                    guard Self.isStray(key, keys.hash(of: key)) else { return }
                    strays.append((key.withUnsafeBytes(Array.init), value.withUnsafeBytes(Array.init), expiry))
                }
                for stray in strays { move(stray.key.span.bytes, stray.value.span.bytes, stray.expiry, from: database) }
                moved += strays.count
            }
        }
        return moved
    }

    private func move(_ key: RawSpan, _ value: RawSpan, _ expiry: Int64, from database: Denylist) {
        let hash = keys.hash(of: key)
        let kind = GuardedKey.kind(of: key, prefixLength: hash.isGuarded ? denylist.guardedPrefixLength : 0)
        denylist.update(key, hash: hash, at: moment) { entry in
            guard entry.exists else { return entry.store(value, expiry: expiry) }
            guard hash.isGuarded else { return }
            let later = max(entry.expiry, expiry)
            switch entry.withValue({ Merge.winner(kind: kind, existing: $0, incoming: value) }) {
            case .incoming: entry.store(value, expiry: later)
            case .existing: entry.setExpiry(later)
            }
        }
        database.update(key, hash: hash, at: moment) { $0.remove() }
    }
}
