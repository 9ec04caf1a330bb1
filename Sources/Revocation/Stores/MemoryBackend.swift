import Contract
import Denylist
import Synchronization

/// A denylist in this process: for tests, and for a single server. Its epoch ends with the process.
final class MemoryBackend: Backend {
    /// Slots that each write examines to reclaim expired entries.
    private static let reclaimedSlotsPerWrite = 64

    private let denylist: Denylist
    private let epoch: [UInt8]
    private let terms = Mutex<[UInt8]?>(nil)
    private let replicas: ReplicaRequirement?
    private let wallClock: @Sendable () -> Int64
    private let bootClock: @Sendable () -> Int64
    private let guarded: GuardedClock
    private let storeTime: Mutex<StoreTime>
    private let isClosed = Atomic(false)

    /// - Parameter bootClock: a clock in milliseconds that neither jumps nor stops in suspension; nil for that of the
    ///   configuration.
    init(configuration: RevocationConfiguration, bootClock: (@Sendable () -> Int64)? = nil) {
        let bootClock = bootClock ?? { configuration.bootMilliseconds }
        var settings = Denylist.Configuration()
        settings.guardedPrefix = Array(configuration.namespace.prefix.utf8)
        denylist = Denylist(settings)
        epoch = Array((configuration.epoch ?? Epoch.random()).utf8)
        replicas = configuration.replicas
        wallClock = configuration.wallClock
        self.bootClock = bootClock
        guarded = GuardedClock(at: wallClock(), boot: bootClock())
        storeTime = Mutex(StoreTime(wallClock(), boot: bootClock()))
    }

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] {
        try checkOpen()
        let reading = readClocks()
        return keys.map { key in
            guard key != Epoch.key else { return epoch }
            guard key != Terms.key else { return witness.terms }
            let bytes = key.utf8.span.bytes
            return denylist.read(bytes, hash: denylist.hash(of: bytes), at: reading) { value, _ in
                value.withUnsafeBytes(Array.init)
            }
        }
    }

    func status() async throws(StoreFailure) -> StoreStatus {
        let boot = bootClock()
        return StoreStatus(clock: StoreClock(time: time(), sentAt: boot, receivedAt: boot))
    }

    private func time() -> Int64 {
        storeTime.withLock { time in
            let (wall, boot) = (wallClock(), bootClock())
            // No operator can confirm a large jump ahead, so it is followed.
            _ = time.follow(wall: wall, boot: boot, most: .max)
            return time.read(wall: wall, boot: boot)
        }
    }

    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues {
        let now = time()
        return TimedValues(values: try await lookUp(keys), time: now)
    }

    private var witness: Witness { Witness(terms: terms.withLock { $0 }, epoch: epoch) }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim> {
        let existing = try claim(entry)
        return Witnessed(Claim(existing: existing, after: try await timedLookUp(keys)), witness)
    }

    /// - Returns: what the key holds already; nil if the entry was written.
    func claim(_ entry: RevocationEntry) throws(StoreFailure) -> [UInt8]? {
        try checkOpen()
        let reading = readClocks()
        let expiry = expiry(of: entry, at: reading)
        let key = entry.key.utf8.span.bytes
        return denylist.update(key, hash: denylist.hash(of: key), at: reading) { held in
            if held.exists { return held.withValue { $0.withUnsafeBytes(Array.init) } }
            held.store(entry.value.utf8.span.bytes, expiry: expiry)
            return nil
        }
    }

    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?, receipt: Bool
    ) async throws(StoreFailure) -> Witnessed<Written> {
        try checkOpen()
        let reading = readClocks()
        for entry in entries { merge(entry, expiry: expiry(of: entry, at: reading), at: reading) }
        denylist.reclaim(slots: Self.reclaimedSlotsPerWrite, at: reading)
        return Witnessed(Written(replicas: replicas.map { _ in 0 }), witness)
    }

    func write(terms new: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness {
        try checkOpen()
        terms.withLock { if $0 == held { $0 = new } }
        return witness
    }

    func witnessOfWrites() async throws(StoreFailure) -> Witness? { witness }

    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]> {
        try checkOpen()
        let reading = readClocks()
        let removed = keys.map { key -> RemovedEntry? in
            let key = key.utf8.span.bytes
            return denylist.update(key, hash: denylist.hash(of: key), at: reading) { held in
                guard held.exists else { return nil }
                let left = held.expiry == Expiry.never ? nil : max(0, held.expiry - reading.guarded)
                let removed = RemovedEntry(
                    value: held.withValue { $0.withUnsafeBytes(Array.init) }, millisecondsToLive: left)
                held.remove()
                return removed
            }
        }
        return Witnessed(removed, witness)
    }

    func exchange(
        _ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(StoreFailure) -> Bool {
        try checkOpen()
        let reading = readClocks()
        let bytes = key.utf8.span.bytes
        return denylist.update(bytes, hash: denylist.hash(of: bytes), at: reading) { entry in
            let present = entry.exists ? entry.withValue { $0.withUnsafeBytes(Array.init) } : nil
            guard present == held else { return false }
            entry.store(new.span.bytes, expiry: reading.wall + secondsToLive * 1000)
            return true
        }
    }

    func close() async {
        isClosed.store(true, ordering: .relaxed)
    }

    private func expiry(of entry: RevocationEntry, at reading: ClockReading) -> Int64 {
        let (lifetime, hasOverflown) = entry.secondsToLive.multipliedReportingOverflow(by: 1_000)
        let (expiry, isBeyondTime) = reading.guarded.addingReportingOverflow(lifetime)
        return hasOverflown || isBeyondTime ? Expiry.never : expiry
    }

    /// A revocation only grows, as it does in the daemon (Guarantees.md, 1).
    private func merge(_ new: RevocationEntry, expiry: Int64, at reading: ClockReading) {
        let key = new.key.utf8.span.bytes
        let value = new.value.utf8.span.bytes
        denylist.update(key, hash: denylist.hash(of: key), at: reading) { entry in
            guard entry.exists else { return entry.store(value, expiry: expiry) }
            let expiry = max(expiry, entry.expiry)
            switch entry.withValue({ Merge.winner(kind: new.kind, existing: $0, incoming: value) }) {
            case .incoming: entry.store(value, expiry: expiry)
            case .existing: entry.setExpiry(expiry)
            }
        }
    }

    private func readClocks() -> ClockReading {
        ClockReading(wall: wallClock(), guarded: guarded.time(at: bootClock()))
    }

    private func checkOpen() throws(StoreFailure) {
        if isClosed.load(ordering: .relaxed) { throw .closed }
    }
}
