import Denylist
import Persistence
import Replication

/// A daemon with its disk. The ledger of leases is the real one; the table and the log are small.
final class SimulatedDaemon {
    struct Write {
        let id: Int
        let key: Int
        /// It may be answered when the log is on disk, and with each lease holder, up to here.
        let position: UInt64
        var waitsForFollowers = true
        /// When it was received, by the daemon's clock.
        let receivedAt: Int64
        var isAwaited = false
    }

    struct Record {
        /// Of the write that it is of.
        let id: Int
        let start: UInt64
        let end: UInt64
        let key: Int
        /// nil for an undo.
        let expiry: Int64?
    }

    /// What outlives the process.
    struct Disk {
        var epoch: [UInt8]
        /// It begins with something: a reply that waits for its end waits for more than 0, which is released.
        var log = Array("*1\r\n$4\r\nPING\r\n".utf8)
        var records: [Record] = []
        /// The stretches before, and how far each is on disk.
        var ended: [String: UInt64] = [:]
        var cutOff: Int64 = 0
        /// The longest lease that was ever promised.
        var promised: Int64 = 0
        /// Guarded time when it was last kept.
        var guarded: Int64 = 1_000_000_000_000
        /// Guarded time minus the boot clock, for the boot in which it was kept.
        var guardedOffset: (boot: Int64, offset: Int64)?
        var stretches: UInt64 = 0
    }

    var disk: Disk
    let planted: PlantedFault?
    private(set) var isRunning = false
    var isPaused = false
    private(set) var clock = BootClock(offset: 0, slew: 0)
    private(set) var lease: Int64 = 0
    private(set) var ledger = LeaseLedger(length: 0, maximumHolders: 0)
    private(set) var table: [Int: Int64] = [:]
    private(set) var stretch = ""
    private(set) var log: [UInt8] = []
    private var records: [Record] = []
    /// The log is on disk up to here; when it was, by the daemon's clock, for what waits.
    private(set) var durable: UInt64 = 0
    private var durableAt: [(position: UInt64, at: Int64)] = []
    private(set) var waiting: [Write] = []
    private var startedAt: Int64 = 0
    private var waitsUntil: Int64 = 0
    /// Guarded time minus the boot clock.
    private var guardedOffset: Int64 = 0
    /// A lease is granted once its length is on disk.
    private var storesPromise = false
    /// Followers' connections that it knows of, and how far each was sent the log.
    private(set) var present: Set<Int64> = []
    private var sent: [Int64: UInt64] = [:]
    /// How many followers each receipt says that have a position.
    private var receipts: [(position: UInt64, count: Int)] = []
    private var receiptPositions: [Int: UInt64] = [:]
    /// When it went on after a pause.
    private var resumedAt: Int64 = 0

    init(epoch: [UInt8], planted: PlantedFault?) {
        disk = Disk(epoch: epoch)
        self.planted = planted
    }

    var end: UInt64 { UInt64(log.count) }
    var isServing: Bool { isRunning && !isPaused }
    func guarded(_ time: Int64) -> Int64 { clock.now(time) + guardedOffset }

    // MARK: Life

    /// - Parameter clock: the one of this boot.
    func start(at time: Int64, clock: BootClock, lease: Int64) {
        self.clock = clock
        self.lease = lease
        isRunning = true
        isPaused = false
        (log, records) = (disk.log, disk.records)
        table = [:]
        for record in records { table[record.key] = record.expiry }
        waiting = []
        (present, sent, receipts, receiptPositions) = ([], [:], [], [:])
        disk.stretches += 1
        stretch = String(repeating: "0", count: 24) + String(1 << 60 + disk.stretches, radix: 16)
        let now = clock.now(time)
        (durable, durableAt) = (end, [(end, now)])
        (startedAt, resumedAt) = (now, now)
        if let kept = disk.guardedOffset, kept.boot == clock.offset {
            guardedOffset = kept.offset
        } else {
            guardedOffset = disk.guarded - now
        }
        disk.guardedOffset = (clock.offset, guardedOffset)
        storesPromise = false
        ledger = LeaseLedger(length: lease, maximumHolders: 8)
        ledger.advance(to: durable, at: now)
        waitsUntil = now
        if planted == .noWaitAfterRestart { return }
        let longest = planted == .loweredLease ? min(lease, disk.promised) : disk.promised
        ledger.succeed(longest: longest, at: now)
        waitsUntil = now + disk.promised + 1
    }

    /// - Parameter kept: how much of the log that was not synced is on disk all the same.
    /// - Returns: the undos that are lost.
    func stop(keeping kept: UInt64) -> [Int] {
        isRunning = false
        isPaused = false
        (disk.log, disk.records) = (log, records)
        disk.ended[stretch] = end
        cut(to: max(durable, kept))
        return records.filter { $0.expiry == nil && $0.end > UInt64(disk.log.count) }.map(\.id)
    }

    /// Cuts the log on disk behind a record. What was beyond was in no stretch.
    private func cut(to length: UInt64) {
        disk.records.removeAll { $0.end > length }
        disk.log.removeLast(disk.log.count - Int(disk.records.last?.end ?? Self.start))
        let end = UInt64(disk.log.count)
        disk.ended = disk.ended.mapValues { min($0, end) }
    }

    private static let start = UInt64(Disk(epoch: []).log.count)

    /// The disk had said that records were on it that are not.
    /// - Parameter kept: how many of them are.
    func forget(keeping kept: Int, epoch: [UInt8]) {
        cut(to: kept > 0 ? disk.records[kept - 1].end : Self.start)
        disk.epoch = epoch
    }

    /// The data directory is gone.
    func loseDisk(epoch: [UInt8]) {
        let stretches = disk.stretches
        disk = Disk(epoch: epoch)
        disk.stretches = stretches
    }

    func resume(at time: Int64) {
        isPaused = false
        resumedAt = clock.now(time)
    }

    func putTimeForward(by milliseconds: Int64) { guardedOffset += milliseconds }

    // MARK: Writes

    /// - Returns: when the entry ends, in guarded time.
    func write(_ id: Int, _ key: Int, ttl: Int64, at time: Int64) -> Int64 {
        let now = clock.now(time)
        let expiry = guarded(time) + ttl
        let isChange = table[key].map { $0 < expiry } ?? true
        if isChange {
            table[key] = expiry
            append(id, key, expiry, ["SET", Self.name(key), "logout", "PXAT", "\(expiry)"], at: now)
        }
        var write = Write(id: id, key: key, position: end, receivedAt: now)
        if !isChange, planted == .unchangedAtOnce { write.waitsForFollowers = false }
        waiting.append(write)
        // Every other client asks for a receipt.
        if id % 2 == 0 { requestReceipt(id, at: now) }
        return max(expiry, table[key] ?? 0)
    }

    /// - Returns: whether there was anything to undo.
    func undo(_ id: Int, _ key: Int, at time: Int64) -> Bool {
        let now = clock.now(time)
        let isChange = table.removeValue(forKey: key) != nil
        if isChange { append(id, key, nil, ["DEL", Self.name(key)], at: now) }
        waiting.append(Write(id: id, key: key, position: end, receivedAt: now))
        return isChange
    }

    private func append(_ id: Int, _ key: Int, _ expiry: Int64?, _ words: [String], at now: Int64) {
        let start = end
        log += "*\(words.count)\r\n".utf8
        for word in words { log += "$\(word.utf8.count)\r\n\(word)\r\n".utf8 }
        records.append(Record(id: id, start: start, end: end, key: key, expiry: expiry))
        ledger.advance(to: readable, at: now)
    }

    /// Followers are sent records up to here, before they are on disk: who has a revocation that is lost refuses too
    /// much for a while. An undo waits for the disk. If it is lost, the revocation is back that they have forgotten.
    var readable: UInt64 {
        let undo = records.first { $0.end > durable && $0.expiry == nil && planted != .undoSentEarly }
        return undo?.start ?? end
    }

    static func name(_ key: Int) -> String { "revoked:jti:k\(key)" }

    var isSynced: Bool { durable == end }

    func sync(at time: Int64) {
        durable = end
        durableAt.append((end, clock.now(time)))
        ledger.advance(to: readable, at: clock.now(time))
        disk.guarded = max(disk.guarded, guarded(time))
    }

    /// Ends the leases that have run out, and takes what may be answered.
    /// - Returns: the writes that are answered now.
    func settle(at time: Int64) throws(Violation) -> [Write] {
        let now = clock.now(time)
        settleLedger(at: now)
        var answered: [Write] = []
        var left: [Write] = []
        for var write in waiting {
            guard write.position <= durable || planted == .beforeTheDisk else {
                left.append(write)
                continue
            }
            if write.position <= ledger.released || !write.waitsForFollowers {
                answered.append(write)
                continue
            }
            if !write.isAwaited { write.isAwaited = ledger.wait(for: write.position, at: now) }
            left.append(write)
            try checkTime(write, at: now)
        }
        waiting = left
        return answered
    }

    private func settleLedger(at now: Int64) {
        for (number, receipt) in ledger.settle(at: now).receipts {
            note(receipt, for: receiptPositions.removeValue(forKey: number) ?? 0)
        }
    }

    private func requestReceipt(_ number: Int, at now: Int64) {
        settleLedger(at: now)
        if let receipt = ledger.requestReceipt(number, for: end) { return note(receipt, for: end) }
        receiptPositions[number] = end
    }

    private func note(_ receipt: Receipt, for position: UInt64) {
        let ofSent = sent.values.count { $0 >= position }
        receipts.append((position, planted == .receiptOfSent ? ofSent : receipt.followers))
    }

    /// Those that were made since the last call.
    func takeReceipts() -> [(position: UInt64, count: Int)] {
        defer { receipts = [] }
        return receipts
    }

    private func checkTime(_ write: Write, at now: Int64) throws(Violation) {
        let stored = durableAt.first { $0.position >= write.position }?.at ?? now
        let since = max(write.receivedAt, stored, resumedAt)
        // Ours and the ledger's readings are rounded.
        let limit = max(since + lease + 2, waitsUntil + 1)
        guard now > limit else { return }
        throw Violation(
            invariant: .answeredInTime, what: "write \(write.id) waits since \(now - since) ms, a lease is \(lease)")
    }

    // MARK: Followers

    /// Takes a follower's stream.
    func accept(_ link: inout SimulatedLink, identity: String, at time: Int64) {
        link.isAccepted = true
        present.insert(link.id)
        ledger.join(link.id, as: identity, from: identity, at: clock.now(time))
        if let position = link.position, position.offset <= readable, continues(position) {
            link.stream += "+CONTINUE \(stretch)\r\n".utf8
            link.sent = Int(position.offset)
            return
        }
        let file = file()
        link.stream += "+FULLRESYNC \(stretch) \(durable)\r\n$\(file.count)\r\n".utf8 + file
        link.sent = Int(durable)
    }

    /// Whether a position is one of the present stretch.
    private func continues(_ position: StreamIn.Position) -> Bool {
        switch planted {
        case .foreignStretch: true
        case .beyondTheEnd: position.stretch == stretch || disk.ended[position.stretch] != nil
        default: position.stretch == stretch || disk.ended[position.stretch].map { position.offset <= $0 } ?? false
        }
    }

    /// The table as of what is on disk.
    private func file() -> [UInt8] {
        var entries: [Int: Int64] = [:]
        for record in records where record.end <= durable { entries[record.key] = record.expiry }
        let shift: Int64 = 5_000
        var writer = RDBWriter(
            created: 0, isLogBase: true, entries: entries.count, expiring: entries.count,
            note: TimeNote(run: 1, shift: shift, guarded: 0))
        for (key, expiry) in entries.sorted(by: { $0.key < $1.key }) {
            let name = Array(Self.name(key).utf8)
            let written = planted == .shiftForgotten ? expiry : expiry + shift
            writer.append(name.span.bytes, Array("logout".utf8).span.bytes, expiry: written)
        }
        writer.finish()
        return writer.pending
    }

    func feed(_ link: inout SimulatedLink, upTo end: Int) {
        link.stream += log[link.sent..<end]
        link.sent = end
        sent[link.id] = UInt64(end)
    }

    func acknowledge(_ position: UInt64, by link: Int64) { ledger.acknowledge(position, by: link) }

    func leave(_ link: Int64) {
        ledger.leave(link)
        present.remove(link)
    }

    func release(_ link: Int64) { ledger.release(link) }

    /// - Returns: nil if it gets none.
    func renew(_ link: Int64, applied: UInt64?, at time: Int64) -> LeaseGrant? {
        let now = clock.now(time)
        settleLedger(at: now)
        switch ledger.refusal(of: link, at: now) {
        case nil: break
        case .behind where planted == .laggardRenewed: break
        default: return nil
        }
        guard disk.promised >= lease else {
            storesPromise = true
            return nil
        }
        let counted = planted == .laggardRenewed ? min(end, applied ?? end) : end
        let granted = ledger.grant(to: link, end: counted, at: now)
        return LeaseGrant(
            length: granted.length, position: StreamIn.Position(stretch: stretch, offset: end), epoch: disk.epoch,
            guarded: guarded(time))
    }

    /// A promise waits for the disk.
    var promises: Bool { storesPromise && disk.promised < lease }

    func storePromise() { disk.promised = max(disk.promised, lease) }

    // MARK: Asked over the wire

    func holds(_ key: Int, at time: Int64) -> Bool { table[key].map { $0 > guarded(time) } ?? false }
}
