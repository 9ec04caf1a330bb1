import Denylist
import Replication

/// A follower: its copy, its lease and its checks. The reading of the stream, the table and the lease are the real
/// ones.
final class SimulatedFollower {
    /// A check of one key that is under way.
    struct Check {
        enum Grounds {
            case lease(LeaseReading)
            /// Without one: that the copy was complete so many milliseconds ago at most.
            case copy(HeldLease.Completeness, age: Int64)
        }

        let key: Int
        let grounds: Grounds
        /// The daemon's guarded time.
        let guarded: Int64
        let began: Int64
        /// What the look-up found; nil before it.
        var found: Bool?
        /// When the entry ends that it passed over, in guarded time.
        var expiry: Int64?
        /// How far the copy was.
        var position: StreamIn.Position?
    }

    let name: String
    let clock: BootClock
    private let planted: PlantedFault?
    var isPaused = false
    var link: SimulatedLink?
    var hasRequested = false
    private(set) var lease = HeldLease()
    private(set) var table: Denylist
    /// nil while the copy is not complete.
    private(set) var position: StreamIn.Position?
    /// How far it has come on each of its connections.
    private(set) var applied: [Int64: UInt64] = [:]
    /// ``HeldLease/Completeness/guardedOffset``, the last one that was known.
    private var knownOffset: Int64 = 0
    var check: Check?
    private var stream: StreamBox?
    /// Received, said to be applied, and not applied.
    private var unapplied: [UInt8] = []

    /// A move-only value that an optional property may hold.
    private final class StreamBox {
        var stream: StreamIn
        init(_ stream: consuming StreamIn) { self.stream = stream }
    }

    init(_ name: String, clock: BootClock, planted: PlantedFault?) {
        self.name = name
        self.clock = clock
        self.planted = planted
        table = Self.emptyTable()
    }

    private static func emptyTable() -> Denylist {
        var configuration = Denylist.Configuration()
        configuration.shards = 1
        configuration.hugePages = false
        configuration.hashKey = (1, 2)
        return Denylist(configuration)
    }

    /// Begins anew, with nothing.
    func restart() {
        lease = HeldLease()
        table = Self.emptyTable()
        (position, stream, check, link) = (nil, nil, nil, nil)
        hasRequested = false
        unapplied = []
    }

    // MARK: The stream

    func connect(_ id: Int64) {
        link = SimulatedLink(id: id, position: position)
        stream = StreamBox(StreamIn(table, at: position))
        hasRequested = false
        unapplied = []
    }

    /// The connection is gone. The copy stays, and the lease for its time.
    func disconnect() {
        if let stream, !stream.stream.isComplete { position = nil }
        (link, stream) = (nil, nil)
    }

    /// Reads what has arrived, up to a length.
    func receive(_ count: Int, at time: Int64) throws(StreamError) {
        guard var link else { return }
        let bytes = Array(link.stream.prefix(count))
        link.stream.removeFirst(count)
        self.link = link
        if planted == .saidBeforeApplied, let position, stream?.stream.isComplete == true {
            let received = position.offset + UInt64(unapplied.count + bytes.count)
            self.link?.acknowledgements.append(received)
            unapplied += bytes
            return
        }
        try apply(bytes, at: time)
    }

    var hasUnapplied: Bool { !unapplied.isEmpty }

    func applyRest(at time: Int64) throws(StreamError) {
        let bytes = unapplied
        unapplied = []
        try apply(bytes, at: time)
    }

    private func apply(_ bytes: [UInt8], at time: Int64) throws(StreamError) {
        guard let stream else { return }
        let now = clock.now(time)
        stream.stream.append(bytes.span.bytes)
        while let event = try stream.stream.next() {
            switch event {
            case .copies:
                position = nil
                lease.forgetCopy()
                table = Self.emptyTable()
                stream.stream.copy(into: table)
                if planted == .incompleteBelieved, let begun = stream.stream.position {
                    lease.applied(begun, at: now)
                    link?.acknowledgements.append(begun.offset)
                }
            case .resumes, .applied:
                guard let applied = stream.stream.position else { continue }
                position = applied
                if let link { self.applied[link.id] = applied.offset }
                lease.applied(applied, at: now)
                link?.acknowledgements.append(applied.offset)
            case .empties(let until): lease.willEmpty(until: until)
            }
        }
    }

    // MARK: The lease

    func request(releases: Bool, at time: Int64) {
        hasRequested = true
        if releases {
            lease.endCopy()
            if let position { lease.applied(position, at: clock.now(time)) }
        }
        link?.requests.append(SimulatedLink.Request(sentAt: clock.now(time), releases: releases))
    }

    func receiveAnswer(at time: Int64) {
        guard let answer = link?.answers.removeFirst() else { return }
        hasRequested = false
        guard let grant = answer.grant else { return }
        let now = clock.now(time)
        lease.granted(grant, sentAt: planted == .leaseCountedFromReceipt ? now : answer.sentAt, receivedAt: now)
    }

    // MARK: Checks

    func beginCheck(_ key: Int, at time: Int64) {
        let now = clock.now(time)
        let term = lease.term(at: now)
        check = Check(
            key: key, grounds: .lease(LeaseReading(term)), guarded: now + (term?.guardedOffset ?? 0), began: time,
            found: nil)
    }

    /// Begins one that may be answered without a daemon, if the copy proves anything.
    func beginCheck(_ key: Int, noOlderThan age: Int64, at time: Int64) {
        guard let completeness = lease.completeness else { return }
        let now = clock.now(time)
        var guarded = completeness.guarded(at: now)
        if let offset = completeness.guardedOffset { knownOffset = offset }
        if completeness.guardedOffset == nil, planted == .timeCarriedOn { guarded = now + knownOffset }
        check = Check(
            key: key, grounds: .copy(completeness, age: age), guarded: guarded, began: time, found: nil)
    }

    func lookUp(at time: Int64) {
        guard let check else { return }
        self.check?.found = holds(check.key, guarded: check.guarded)
        self.check?.expiry = expiry(check.key)
        self.check?.position = position
    }

    /// - Returns: whether the token is clear; nil if it has to be asked for.
    func finishCheck(epoch: [UInt8], at time: Int64) -> Bool? {
        defer { check = nil }
        guard let check, let found = check.found else { return nil }
        let now = clock.now(time)
        switch check.grounds {
        case .lease(let before):
            let term = lease.term(at: now)
            guard term?.epoch == epoch else { return nil }
            let after = LeaseReading(term)
            let isGood = planted == .regainedInBetween ? after.isHeld(at: now) : before.covers(after, at: now)
            return isGood ? !found : nil
        case .copy(let before, let age):
            guard before.epoch == epoch else { return nil }
            guard before.covers(lease.completeness) else { return nil }
            // What it knows is revoked is so however old it is.
            let isProven = before.isNoOlder(than: .milliseconds(age), at: now) || planted == .anyAge
            return found ? false : isProven ? true : nil
        }
    }

    /// Whether the copy holds a key that has not expired.
    func holds(_ key: Int, guarded: Int64) -> Bool {
        let name = Array(SimulatedDaemon.name(key).utf8)
        let hash = table.hash(of: name.span.bytes)
        return table.keys.contains(name.span.bytes, hash: hash, at: ClockReading(wall: guarded, guarded: guarded))
    }

    /// When a key's entry ends; nil if there is none.
    func expiry(_ key: Int) -> Int64? {
        let name = Array(SimulatedDaemon.name(key).utf8)
        let never = ClockReading(wall: .min, guarded: .min)
        return table.keys.read(name.span.bytes, hash: table.hash(of: name.span.bytes), at: never) { $1 }
    }
}
