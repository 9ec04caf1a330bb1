import Persistence

/// What a daemon answers to `LEASE RENEW`.
package struct LeaseGrant: Sendable, Equatable {
    /// The longest lease of a daemon, in milliseconds.
    package static let longest = Persistence.longestLease

    /// In milliseconds from when the daemon received the request.
    package let length: Int64
    /// The end of the daemon's log at the grant. The lease is held once the copy has come so far.
    package let position: StreamIn.Position
    package let epoch: [UInt8]
    /// The daemon's guarded time, in milliseconds.
    package let guarded: Int64

    /// - Returns: nil for a lease that no daemon grants.
    package init?(length: Int64, position: StreamIn.Position, epoch: [UInt8], guarded: Int64) {
        guard (1...Self.longest).contains(length), !epoch.isEmpty, (0..<1 << 50).contains(guarded) else { return nil }
        self.length = length
        self.position = position
        self.epoch = epoch
        self.guarded = guarded
    }
}

/// A follower's lease: while it is held, whatever the daemon has acknowledged is in the copy.
///
/// Times are milliseconds of the follower's boot clock, rounded down, passed in.
package struct HeldLease: Sendable {
    /// A lease that is held until its time is over.
    package struct Term: Sendable, Equatable {
        /// Another one after each time without a lease. Never 0.
        package let generation: UInt64
        /// The first millisecond at which it is not held.
        package var until: Int64
        package let epoch: [UInt8]
        /// The daemon's guarded time minus the boot clock: at most what it really is.
        package var guardedOffset: Int64
        /// When the latest grant that is held was asked for: whatever the log had until then is in the copy, also what
        /// no lease waits for.
        package var askedAt: Int64
    }

    /// What a copy proves without a lease: it holds everything that the daemon had acknowledged at a time.
    package struct Completeness: Sendable, Equatable {
        /// When the renewal was sent whose position the copy has reached.
        package let at: Int64
        package let epoch: [UInt8]
        /// ``Term/guardedOffset``; nil once the copy goes on with a daemon that was started later. Its guarded time may
        /// be far behind: it stands still while a machine is off.
        package fileprivate(set) var guardedOffset: Int64?
        fileprivate let stretch: String
        /// Another one each time that the table is emptied, or that its time is not known any more.
        package fileprivate(set) var copy: UInt64

        /// The daemon's guarded time, at most what it really is: this boot clock may be fast by a tenth, and the
        /// daemon's slow. While it is not known no entry has expired.
        package func guarded(at now: Int64) -> Int64 {
            guard let guardedOffset else { return .min }
            let age = max(0, now - at)
            return guardedOffset + now - (age + 4) / 5
        }

        /// Whether what was looked up after this reading is proven.
        /// - Parameter after: read again after the look-up.
        package func covers(_ after: Completeness?) -> Bool { after?.copy == copy }

        package func isNoOlder(than age: Duration, at now: Int64) -> Bool { .milliseconds(now - at) <= age }
    }

    private struct Pending {
        let grant: LeaseGrant
        let askedAt: Int64
        let until: Int64
        let guardedOffset: Int64
    }

    /// Grants that wait for the copy. A daemon grants four in a lease's length.
    private static let maximumPending = 16

    private var term: Term?
    private var generation: UInt64 = 0
    private var pending: [Pending] = []
    /// How far the copy is; nil while it is not complete.
    private var applied: StreamIn.Position?
    /// Where the denylist was last emptied. Grants of positions before it are of another epoch.
    private var floor: StreamIn.Position?
    /// The latest proof; nil once the table was emptied, or the daemon has another epoch.
    package private(set) var completeness: Completeness?
    /// ``Completeness/copy``.
    private var copy: UInt64 = 0

    package init() {}

    /// The lease at a time; nil if none is held.
    package func term(at now: Int64) -> Term? { term.flatMap { now < $0.until ? $0 : nil } }

    /// The daemon has granted a lease.
    /// - Parameters:
    ///   - sentAt: when the request was sent, no later.
    ///   - receivedAt: when its answer had arrived, no earlier.
    package mutating func granted(_ grant: LeaseGrant, sentAt: Int64, receivedAt: Int64) {
        // A boot clock is slewed by up to a tenth, on both sides. Both of our readings are rounded down.
        let until = sentAt + grant.length - (grant.length + 4) / 5 - 1
        // The latest promise counts, also if it is shorter or of another epoch.
        if let term, term.epoch != grant.epoch { lose() }
        if let completeness, completeness.epoch != grant.epoch { disprove() }
        if let held = term, held.until > until { term?.until = until }
        if pending.count == Self.maximumPending { pending.removeFirst() }
        pending.append(
            Pending(grant: grant, askedAt: sentAt, until: until, guardedOffset: grant.guarded - receivedAt))
        promote(at: receivedAt)
    }

    /// The copy is complete up to a position.
    package mutating func applied(_ position: StreamIn.Position, at now: Int64) {
        if let applied, applied.stretch != position.stretch { lose() }
        if let completeness, completeness.stretch != position.stretch, completeness.guardedOffset != nil {
            copy += 1
            self.completeness?.guardedOffset = nil
            self.completeness?.copy = copy
        }
        applied = position
        promote(at: now)
    }

    /// The table is about to be emptied, by a record that ends at this position. The daemon gets another epoch with it:
    /// only leases granted later count.
    package mutating func willEmpty(until position: StreamIn.Position) {
        forgetCopy()
        floor = position
    }

    /// The table is about to be emptied: the lease is given up, and nothing is proven of what follows.
    package mutating func forgetCopy() {
        lose()
        disprove()
    }

    /// The copy does not go on: the lease is given up. What it holds is as complete as it was.
    package mutating func endCopy() {
        lose()
        applied = nil
    }

    private mutating func lose() {
        term = nil
        pending = []
    }

    private mutating func disprove() {
        copy += 1
        completeness = nil
    }

    /// Holds the latest lease whose position has been applied.
    private mutating func promote(at now: Int64) {
        guard let applied else { return }
        let least = floor.map { $0.stretch == applied.stretch ? $0.offset : 0 } ?? 0
        func isDue(_ one: Pending) -> Bool {
            let position = one.grant.position
            return position.stretch == applied.stretch && position.offset >= least && position.offset <= applied.offset
        }
        guard let index = pending.lastIndex(where: isDue) else { return }
        let next = pending[index]
        pending.removeFirst(index + 1)
        completeness = Completeness(
            at: next.askedAt, epoch: next.grant.epoch, guardedOffset: next.guardedOffset, stretch: applied.stretch,
            copy: copy)
        guard now < next.until else { return }
        if let held = self.term(at: now), held.epoch == next.grant.epoch {
            term?.until = next.until
            term?.guardedOffset = next.guardedOffset
            term?.askedAt = next.askedAt
            return
        }
        generation += 1
        term = Term(
            generation: generation, until: next.until, epoch: next.grant.epoch, guardedOffset: next.guardedOffset,
            askedAt: next.askedAt)
    }
}

/// What a check reads of a lease, before its look-up and again after it.
package struct LeaseReading: Sendable, Equatable {
    /// ``HeldLease/Term/generation``; 0 if none is held.
    package var generation: UInt64
    /// ``HeldLease/Term/until``.
    package var until: Int64

    package init(generation: UInt64, until: Int64) {
        self.generation = generation
        self.until = until
    }

    package init(_ term: HeldLease.Term?) { self.init(generation: term?.generation ?? 0, until: term?.until ?? .min) }

    package func isHeld(at now: Int64) -> Bool { generation != 0 && now < until }

    /// Whether what was looked up after this reading is as good as asked: the lease was held then, and is the same now.
    ///
    /// A lease that was lost and regained in between proves nothing: what the daemon acknowledged while it was lost may
    /// have been applied only after the look-up.
    package func covers(_ after: LeaseReading, at now: Int64) -> Bool {
        generation == after.generation && after.isHeld(at: now)
    }
}
