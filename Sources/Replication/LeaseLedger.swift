/// Who holds a lease until when, and up to which position of the log guarded writes may be answered for their sake.
///
/// A follower that holds a lease answers checks from its own memory. So a guarded write is answered only when each
/// holder has applied it, or its lease has run out. A lease that was granted after a write does not hold that write up:
/// the follower holds it only once it has applied everything before the grant. So no write waits for longer than a
/// lease lasts, however often it is renewed.
///
/// Times are milliseconds since boot, passed in; positions are bytes of the log. After each change ``settle(at:)`` says
/// what has come of it.
package struct LeaseLedger: Sendable {
    /// A lease as it was promised.
    package struct Lease: Equatable, Sendable {
        /// Milliseconds, from when the request was received.
        package var length: Int64
        /// The follower holds it only once it has applied this position: the log's end at the grant.
        package var position: UInt64

        package init(length: Int64, position: UInt64) {
            self.length = length
            self.position = position
        }
    }

    /// A lease that a guarded write had to wait for until it ran out, or for more than half of its time.
    package struct WaitedOut: Equatable, Sendable {
        /// As it has joined.
        package var identity: String
        /// How long the first of those writes waited although its record could be read, in milliseconds.
        package var waited: Int64
        /// For how long the follower gets no other lease from now on; nil if it waited for too short a time for that.
        package var penalty: Int64?
    }

    /// What has changed.
    package struct Outcome: Sendable {
        package var waitedOut: [WaitedOut] = []
        /// How long writes waited for followers that may be answered now, in milliseconds: one of each millisecond.
        package var waits: [Int64] = []
        /// Leases were waited for so often that none is granted for a while.
        package var isStorm = false
        /// Those that were awaited, by their numbers.
        package var receipts: [Int: Receipt] = [:]
    }

    struct Follower {
        let id: Int64
        let identity: String
        /// Its user and host, and when it joined.
        let origin: String
        let joinedAt: Int64
        /// Everything before this position is in its memory; nil until it has said anything.
        var applied: UInt64?
        /// Those that have not run out, in the order of their grants, and so of both: the position of each, and the
        /// first millisecond at which it has surely run out.
        var leases: [(position: UInt64, until: Int64)] = []
        var grantedAt: Int64?
        /// Since when a write had waited that it has applied now; nil if none had, or that is noted.
        var waitedSince: Int64?
        /// Its stream is gone: it is waited for until its leases have run out.
        var hasLeft = false

        /// What it does not hold up; `.max` if nothing is waited for.
        var bound: UInt64 {
            guard let oldest = leases.first?.position else { return .max }
            return max(oldest, applied ?? 0)
        }
    }

    package let length: Int64
    package let maximumHolders: Int
    /// By their numbers.
    private(set) var followers: [Follower] = []
    /// ``Follower/bound`` of each.
    private var held = HeldPositions()
    /// No lease runs out before this time.
    private var nextEnd: Int64 = .max
    /// Those that have ``Follower/waitedSince``.
    private var late: [Int64] = []
    private var leaverCount = 0
    /// Until then leases may be held that another process on the same data has promised.
    private var predecessorUntil: Int64?
    private var progress: ProgressHistory
    private var penalties = LeasePenalties()
    private var standstills = Standstills()
    /// Positions that replies wait for, and since when, in their order: one of each millisecond.
    private var awaited: [(position: UInt64, since: Int64)] = []
    private static let maximumAwaited = 1 << 14
    /// Receipts that wait for followers, by their numbers.
    private var receipts: [Int: (position: UInt64, waitedOut: [String])] = [:]

    /// - Parameters:
    ///   - length: of a lease, in milliseconds; 0 grants none.
    ///   - maximumHolders: how many followers hold one at the same time, at most.
    package init(length: Int64, maximumHolders: Int) {
        self.length = length
        self.maximumHolders = maximumHolders
        progress = ProgressHistory(length: length)
    }

    // MARK: What may be answered

    /// Every guarded write up to this position may be answered; `.max` if no lease is held.
    package var released: UInt64 {
        predecessorUntil == nil ? held.lowest : 0
    }

    /// Before this time nothing is released by itself that a reply waits for; nil if nothing waits.
    package var deadline: Int64? {
        guard !awaited.isEmpty else { return nil }
        return min(nextEnd, predecessorUntil ?? .max)
    }

    /// Whether a lease may still be held, as of the last ``settle(at:)``.
    package var isHeld: Bool { predecessorUntil != nil || followers.contains { !$0.leases.isEmpty } }

    /// Whether a reply waits for a follower.
    package var isAwaited: Bool { !awaited.isEmpty }

    /// How many hold a lease, those included that have left.
    package var holderCount: Int { followers.count { !$0.leases.isEmpty } }

    /// What a follower has applied, and when its last lease has surely run out; nil each if there is nothing.
    package func standing(of follower: Int64) -> (applied: UInt64?, until: Int64?) {
        guard let index = index(of: follower) else { return (nil, nil) }
        return (followers[index].applied, followers[index].leases.last?.until)
    }

    /// A reply is to wait for the followers to have applied a position. Comes after ``settle(at:)``.
    /// - Returns: whether it has to.
    package mutating func wait(for position: UInt64, at now: Int64) -> Bool {
        guard position > released else { return false }
        if let last = awaited.last, position > last.position {
            if last.since == now { awaited.removeLast() }
            if awaited.count < Self.maximumAwaited { awaited.append((position, now)) }
        } else if awaited.isEmpty {
            awaited.append((position, now))
        }
        return true
    }

    /// The process before this one on the same data may have promised leases of this length until now.
    package mutating func succeed(longest: Int64, at now: Int64) {
        if longest > 0 { predecessorUntil = now + longest + 1 }
    }

    /// Asks where everything up to a position is in force. Comes after ``settle(at:)``.
    /// - Returns: nil if it is held up: then it comes with an ``Outcome`` under the number.
    package mutating func requestReceipt(_ number: Int, for position: UInt64) -> Receipt? {
        guard position > released else { return finished(position, []) }
        receipts[number] = (position, [])
        return nil
    }

    private func finished(_ position: UInt64, _ waitedOut: [String]) -> Receipt {
        // One that has left may be there again, on another connection.
        let count = followers.count { !$0.hasLeft && ($0.applied.map { $0 >= position } ?? false) }
        return Receipt(followers: count, waitedOut: waitedOut)
    }

    /// - Parameters:
    ///   - follower: leases of it have just run out.
    ///   - bound: what it did not hold up before.
    private mutating func noteInReceipts(_ follower: Follower, _ bound: UInt64) {
        for (number, receipt) in receipts
        where receipt.position > bound && receipt.position <= follower.bound
            && !receipt.waitedOut.contains(follower.identity)
        {
            receipts[number]?.waitedOut.append(follower.identity)
        }
    }

    // MARK: What happened

    /// Followers can read the records up to here.
    package mutating func advance(to position: UInt64, at now: Int64) { progress.advance(to: position, at: now) }

    /// - Parameters:
    ///   - follower: of one connection.
    ///   - identity: what is known again of a follower when it comes back.
    ///   - origin: its user and host, which it has not chosen.
    package mutating func join(_ follower: Int64, as identity: String, from origin: String, at now: Int64) {
        let place = place(of: follower)
        precondition(place == followers.count || followers[place].id != follower, "a follower joins once")
        followers.insert(Follower(id: follower, identity: identity, origin: origin, joinedAt: now), at: place)
    }

    private func place(of follower: Int64) -> Int { followers.place { $0.id < follower } }

    private func index(of follower: Int64) -> Int? {
        let place = place(of: follower)
        return place < followers.count && followers[place].id == follower ? place : nil
    }

    /// The daemon runs. To be called before ``settle(at:)``, and at such intervals at least while a reply waits: what
    /// the daemon itself slept through is no follower's fault.
    package mutating func noteTurn(at now: Int64, within interval: Int64) {
        standstills.noteTurn(at: now, within: isAwaited ? interval : nil)
    }

    /// The stream has ended, for whatever reason. Its leases have not.
    package mutating func leave(_ follower: Int64) {
        guard let index = index(of: follower), !followers[index].hasLeft else { return }
        followers[index].hasLeft = true
        leaverCount += 1
    }

    /// It has applied everything up to a position, which it has been sent.
    package mutating func acknowledge(_ position: UInt64, by follower: Int64) {
        guard let index = index(of: follower) else { return }
        let before = followers[index].bound
        change(index) { $0.applied = max($0.applied ?? 0, position) }
        guard let since = waitedSince(after: before, upTo: followers[index].bound) else { return }
        if followers[index].waitedSince == nil { late.append(follower) }
        followers[index].waitedSince = min(followers[index].waitedSince ?? since, since)
    }

    /// It gives its leases back.
    package mutating func release(_ follower: Int64) {
        guard let index = index(of: follower) else { return }
        change(index) { $0.leases = [] }
    }

    /// Why a follower gets no lease now; nil if it may. Comes after ``settle(at:)``.
    package func refusal(of follower: Int64, at now: Int64) -> LeaseRefusal? {
        guard length > 0 else { return .off }
        guard let index = index(of: follower), !followers[index].hasLeft else { return .unknown }
        let follower = followers[index]
        guard let applied = follower.applied else { return .incomplete }
        if let left = penalties.stormLeft(at: now) { return .storm(left: left) }
        if let left = penalties.left(
            of: follower.identity, from: follower.origin, joinedAt: follower.joinedAt, at: now)
        {
            return .penalty(left: left)
        }
        if let granted = follower.grantedAt, now - granted < length / 16 { return .tooSoon }
        if applied < progress.position(at: now - length / 4) { return .behind(length / 4) }
        guard follower.leases.isEmpty else { return nil }
        return holderCount < maximumHolders ? nil : .full(maximumHolders)
    }

    /// Precondition: there is no ``refusal(of:at:)``.
    /// - Parameters:
    ///   - end: the log's end. It must have been read after those who answer writes have been told to wait for what is
    ///     written behind it: a write between would be answered without this follower.
    ///   - now: no earlier than the request was received.
    package mutating func grant(to follower: Int64, end: UInt64, at now: Int64) -> Lease {
        // The clock is read in whole milliseconds, and this one may have almost passed.
        let until = now + length + 1
        if let index = index(of: follower) {
            change(index) {
                // Two renewals may have read the clock in the other order.
                $0.leases.append((end, max(until, $0.leases.last?.until ?? until)))
                $0.grantedAt = now
            }
            nextEnd = min(nextEnd, until)
        }
        return Lease(length: length, position: end)
    }

    /// The one door to what a follower's ``Follower/bound`` depends on.
    private mutating func change(_ index: Int, _ body: (inout Follower) -> Void) {
        let before = followers[index].bound
        body(&followers[index])
        held.move(from: before, to: followers[index].bound)
    }

    // MARK: What comes of it

    /// Ends the leases that have run out.
    package mutating func settle(at now: Int64) -> Outcome {
        var outcome = Outcome()
        if let until = predecessorUntil, until <= now {
            predecessorUntil = nil
            for number in receipts.keys { receipts[number]?.waitedOut.append(Receipt.predecessor) }
        }
        if nextEnd <= now { endLeases(at: now, &outcome) }
        for follower in late {
            // One that is always just in time holds revocations up as one that is silent does.
            guard let index = index(of: follower), let since = followers[index].waitedSince else { continue }
            followers[index].waitedSince = nil
            if blamed(since, at: now) > length / 2 { note(since, of: followers[index], at: now, &outcome) }
        }
        late.removeAll(keepingCapacity: true)
        if leaverCount > 0 {
            followers.removeAll { $0.hasLeft && $0.leases.isEmpty }
            leaverCount = followers.count(where: \.hasLeft)
        }
        let released = released
        let answered = awaited.firstIndex { $0.position > released } ?? awaited.count
        outcome.waits = awaited[..<answered].map { now - since($0) }
        awaited.removeFirst(answered)
        for (number, receipt) in receipts where receipt.position <= released {
            receipts[number] = nil
            outcome.receipts[number] = finished(receipt.position, receipt.waitedOut)
        }
        return outcome
    }

    private mutating func endLeases(at now: Int64, _ outcome: inout Outcome) {
        nextEnd = .max
        for index in followers.indices {
            // In the order of their grants, and so of their ends.
            if let first = followers[index].leases.first, first.until <= now {
                let before = followers[index].bound
                change(index) { $0.leases.removeAll { $0.until <= now } }
                noteInReceipts(followers[index], before)
                let since = waitedSince(after: before, upTo: followers[index].bound)
                if let since { note(since, of: followers[index], at: now, &outcome) }
            }
            nextEnd = min(nextEnd, followers[index].leases.first?.until ?? .max)
        }
    }

    /// Since when a write has waited for the first of these positions that a follower could have applied.
    private func waitedSince(after start: UInt64, upTo end: UInt64) -> Int64? {
        let first = awaited.first { $0.position > start }
        guard let first, first.position <= end, first.position <= progress.end else { return nil }
        return since(first)
    }

    /// A write that is not in the log yet waits for the disk, and not for followers.
    private func since(_ one: (position: UInt64, since: Int64)) -> Int64 {
        max(one.since, progress.time(of: one.position) ?? one.since)
    }

    /// For how long a follower was waited for while the daemon ran.
    private func blamed(_ since: Int64, at now: Int64) -> Int64 { now - since - standstills.time(from: since, to: now) }

    private mutating func note(_ since: Int64, of follower: Follower, at now: Int64, _ outcome: inout Outcome) {
        let blamed = blamed(since, at: now)
        if penalties.noteWait(from: now - blamed, to: now) { outcome.isStorm = true }
        let penalty =
            blamed > length / 4
            ? penalties.punish(
                follower.identity, from: follower.origin, grantedAt: follower.grantedAt ?? follower.joinedAt, at: now)
            : nil
        outcome.waitedOut.append(WaitedOut(identity: follower.identity, waited: now - since, penalty: penalty))
    }
}
