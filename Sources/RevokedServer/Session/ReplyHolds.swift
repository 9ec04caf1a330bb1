import Persistence
import RESP

/// The positions of the log that a reply waits for; 0 if for none.
struct AwaitedPositions {
    /// On disk.
    var disk: UInt64 = 0
    /// And applied by each follower that holds a lease.
    var followers: UInt64 = 0

    var isEmpty: Bool { disk == 0 && followers == 0 }

    mutating func formMaximum(_ other: AwaitedPositions) {
        disk = max(disk, other.disk)
        followers = max(followers, other.followers)
    }
}

/// The replies of one read that wait: for the log to acknowledge a write, for followers to apply it, or for another
/// thread. Every command's reply goes through here, so none is given before what it tells of holds.
struct ReplyHolds: ~Copyable {
    let leases: Leases
    /// In the order of the replies.
    private(set) var all: [ReplyQueue.Hold] = []
    /// What the current command's reply waits for; nothing if the command has not written.
    private var positions = AwaitedPositions()
    /// What the current command's reply waits for besides, and where it is answered in the reply buffer; nil if for
    /// nothing.
    private var parts: [ReplyQueue.Part]?
    /// How many of them have their places.
    private var placedParts = 0

    init(_ leases: Leases) { self.leases = leases }

    /// The current command is answered when the log has acknowledged this position, and every follower that holds a
    /// lease has applied it: what writes or finds a revocation.
    mutating func wait(for position: UInt64) {
        wait(for: AwaitedPositions(disk: position, followers: position))
    }

    mutating func wait(for positions: AwaitedPositions) { self.positions.formMaximum(positions) }

    /// The current command is answered when the log has acknowledged this position: what concerns plain keys alone, or
    /// a rotation.
    mutating func waitForDisk(_ position: UInt64) { positions.disk = max(positions.disk, position) }

    /// The current command is answered when another thread has finished its job.
    mutating func wait(for deferred: DeferredReply) {
        parts = (parts ?? []) + [ReplyQueue.Part(outcome: deferred, place: 0..<0)]
    }

    /// A command of a transaction is answered by one element of the current reply: what it waits for may replace that
    /// element alone.
    mutating func finishElement(_ element: Range<Int>) {
        if parts != nil { placeParts(at: element) }
    }

    private mutating func placeParts(at place: Range<Int>) {
        let count = parts?.count ?? 0
        for index in placedParts..<count { parts?[index].place = place }
        placedParts = count
    }

    /// The commands of a transaction, which are answered as one, were appended as a group up to this position.
    mutating func waitForGroup(upTo position: UInt64) {
        if positions.disk > 0 { waitForDisk(position) }
        if positions.followers > 0 { wait(for: position) }
    }

    /// The current command has no reply.
    /// - Returns: what it would have waited for.
    mutating func forgetCommand() -> AwaitedPositions {
        defer { (positions, parts, placedParts) = (AwaitedPositions(), nil, 0) }
        return positions
    }

    var isEmpty: Bool { all.isEmpty }

    mutating func removeAll() { all.removeAll(keepingCapacity: true) }

    /// Records, at the end of a command, what its reply waits for.
    /// - Parameters:
    ///   - start: where the command's reply begins, which ends `replies`.
    ///   - log: nil without a data directory; then a write is acknowledged at once.
    @inline(__always)
    mutating func finishCommand(from start: Int, _ replies: borrowing ReplyBuffer, _ log: AppendLog?) {
        // Followers are waited for only with the disk.
        guard positions.disk > 0 || parts != nil else { return }
        let isDone = log.map { positions.disk <= $0.acknowledged && positions.followers <= leases.released } ?? true
        if parts == nil, isDone { positions = AwaitedPositions() } else { hold(start..<replies.count, log) }
    }

    private mutating func hold(_ reply: Range<Int>, _ log: AppendLog?) {
        placeParts(at: reply)
        defer { (positions, parts, placedParts) = (AwaitedPositions(), nil, 0) }
        let position = log == nil ? 0 : positions.disk
        let isHeldUp = log != nil && positions.followers > leases.released && leases.mustWait(for: positions.followers)
        let followers = isHeldUp ? positions.followers : 0
        if let parts {
            return all.append(
                ReplyQueue.Hold(
                    start: reply.lowerBound, end: reply.upperBound, replies: 1, position: position,
                    followers: followers, parts: parts.map { $0.moved(by: -reply.lowerBound) }))
        }
        guard let log, position > log.acknowledged || followers > 0 else { return }
        // What waits for the disk alone is no part of what waits for followers, too.
        if let last = all.indices.last, all[last].end == reply.lowerBound, all[last].parts.isEmpty,
            followers == 0 || all[last].followers > 0
        {
            all[last].end = reply.upperBound
            all[last].replies += 1
            all[last].position = max(all[last].position, position)
            all[last].followers = max(all[last].followers, followers)
        } else {
            all.append(
                ReplyQueue.Hold(
                    start: reply.lowerBound, end: reply.upperBound, replies: 1, position: position,
                    followers: followers))
        }
    }
}
