import Persistence
import RESP

/// The replies of one read that wait: for the log to acknowledge a write, or for another thread.
struct ReplyHolds: ~Copyable {
    /// In the order of the replies.
    private(set) var all: [ReplyQueue.Hold] = []
    /// The log position that the current command's reply waits for; 0 if the command has not written.
    private var position: UInt64 = 0
    /// What the current command's reply waits for besides, and where it is answered in the reply buffer; nil if for
    /// nothing.
    private var parts: [ReplyQueue.Part]?
    /// How many of them have their places.
    private var placedParts = 0

    /// The current command is answered when the log has acknowledged this position.
    mutating func wait(for position: UInt64) { self.position = max(self.position, position) }

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
        if self.position > 0 { wait(for: position) }
    }

    /// The current command has no reply.
    /// - Returns: the log position that it would have waited for.
    mutating func forgetCommand() -> UInt64 {
        defer { (position, parts, placedParts) = (0, nil, 0) }
        return position
    }

    var isEmpty: Bool { all.isEmpty }

    mutating func removeAll() { all.removeAll(keepingCapacity: true) }

    /// Records, at the end of a command, what its reply waits for.
    /// - Parameters:
    ///   - start: where the command's reply begins, which ends `replies`.
    ///   - log: nil without a data directory; then a write is acknowledged at once.
    @inline(__always)
    mutating func finishCommand(from start: Int, _ replies: borrowing ReplyBuffer, _ log: AppendLog?) {
        guard position > 0 || parts != nil else { return }
        if parts == nil, log.map({ position <= $0.acknowledged }) ?? true {
            position = 0
        } else {
            hold(start..<replies.count, log)
        }
    }

    private mutating func hold(_ reply: Range<Int>, _ log: AppendLog?) {
        placeParts(at: reply)
        defer { (position, parts, placedParts) = (0, nil, 0) }
        if let parts {
            return all.append(
                ReplyQueue.Hold(
                    start: reply.lowerBound, end: reply.upperBound, replies: 1, position: log == nil ? 0 : position,
                    parts: parts.map { $0.moved(by: -reply.lowerBound) }))
        }
        guard let log, position > log.acknowledged else { return }
        if let last = all.indices.last, all[last].end == reply.lowerBound, all[last].parts.isEmpty {
            all[last].end = reply.upperBound
            all[last].replies += 1
            all[last].position = max(all[last].position, position)
        } else {
            all.append(
                ReplyQueue.Hold(start: reply.lowerBound, end: reply.upperBound, replies: 1, position: position))
        }
    }
}
