import Persistence

/// Replies that have not left: because the client does not read, or because the writes they tell of are not on disk
/// yet.
///
/// A reply that waits for the log holds back all that follow it: replies are in the order of the commands. No thread
/// waits: ``ReplyHolds`` records the position, and the transport lets replies go when the log has come so far.
struct ReplyQueue {
    /// Replies to writes that stand side by side, and the position of the log that they wait for.
    struct Hold: Equatable {
        /// Where the replies begin and end, in bytes.
        var start: Int
        var end: Int
        /// How many they are.
        var replies: Int
        /// What has to be on disk.
        var position: UInt64
        /// What followers have to have applied; 0 if nothing.
        var followers: UInt64 = 0
        /// What they wait for besides the log; their places count from ``start``.
        var parts: [Part] = []

        fileprivate func isDue(_ acknowledged: UInt64, _ released: UInt64) -> Bool {
            position <= acknowledged && followers <= released && parts.allSatisfy(\.outcome.isDone)
        }

        fileprivate func isReplaced(_ acknowledged: UInt64, _ released: UInt64, refused isRefused: Bool) -> Bool {
            if position > acknowledged { return isRefused }
            return isDue(acknowledged, released) && parts.contains { $0.outcome.replacement != nil }
        }
    }

    /// A piece of a reply that another thread's failure takes the place of: the whole reply, or an element of that to a
    /// transaction.
    struct Part: Equatable {
        let outcome: DeferredReply
        var place: Range<Int>

        func moved(by bytes: Int) -> Part {
            Part(outcome: outcome, place: place.lowerBound + bytes..<place.upperBound + bytes)
        }
    }

    /// A queue that had more does not keep the memory of what has left.
    private static let keptBytes = 64 << 10
    /// An empty queue keeps the memory of a short reply: that to the next write needs it.
    private static let keptReply = 64

    private var bytes: [UInt8] = []
    /// Bytes before this one have left.
    private var head = 0
    /// In their order; their places count from the beginning of ``bytes``.
    private var holds: [Hold] = []

    /// Bytes that have not left.
    var count: Int { bytes.count - head }
    /// Bytes that may leave now.
    var readyCount: Int { (holds.first?.start ?? bytes.count) - head }
    /// How many replies, or runs of replies, wait for the log.
    var holdCount: Int { holds.count }

    /// - Parameter holds: their places count from the beginning of `replies`.
    mutating func append(_ replies: UnsafeRawBufferPointer, holds new: [Hold] = []) {
        let start = bytes.count
        bytes.append(contentsOf: replies)
        for var hold in new {
            precondition(hold.start <= hold.end && hold.end <= replies.count)
            hold.start += start
            hold.end += start
            holds.append(hold)
        }
    }

    /// Releases what a log has acknowledged or failed to take, what followers have applied, and what was done
    /// elsewhere.
    /// - Parameter log: nil without a data directory; then no reply waits for it.
    mutating func release(_ log: AppendLog?, _ leases: Leases) -> Errors {
        // The refusal first: what is acknowledged after that is not refused.
        let refusal = log?.refusal
        return release(log?.acknowledged ?? .max, followers: leases.released, refusal: refusal)
    }

    /// Releases what a log has acknowledged, and what was done elsewhere.
    /// - Parameters:
    ///   - released: what followers do not hold up.
    ///   - refusal: the error, without its mark and line end, that takes the place of every other reply that waits for
    ///     the log: it has failed. nil: they go on waiting.
    /// - Returns: which errors took the place of replies.
    @discardableResult
    mutating func release(
        _ acknowledged: UInt64, followers released: UInt64 = .max, refusal: String? = nil
    ) -> Errors {
        var errors = Errors()
        if holds.contains(where: { $0.isReplaced(acknowledged, released, refused: refusal != nil) }) {
            errors = replace(acknowledged, released, refusal)
        }
        holds.removeFirst(holds.firstIndex { !$0.isDue(acknowledged, released) } ?? holds.count)
        return errors
    }

    /// Errors that took the place of replies.
    struct Errors: Equatable {
        /// The log has failed.
        var ofLog = 0
        /// What another thread was to do has failed.
        var ofOthers = 0
    }

    private mutating func replace(_ acknowledged: UInt64, _ released: UInt64, _ refusal: String?) -> Errors {
        var errors = Errors()
        var rewritten: [UInt8] = []
        var kept: [Hold] = []
        var copied = 0
        for var hold in holds {
            let place = hold.start..<hold.end
            rewritten += bytes[copied..<place.lowerBound]
            copied = place.upperBound
            if hold.position > acknowledged, let refusal {
                for _ in 0..<hold.replies { rewritten += "-\(refusal)\r\n".utf8 }
                errors.ofLog += hold.replies
            } else if hold.isDue(acknowledged, released) {
                errors.ofOthers += appendAnswered(hold, to: &rewritten)
            } else {
                hold.start = rewritten.count
                rewritten += bytes[place]
                hold.end = rewritten.count
                kept.append(hold)
            }
        }
        bytes = rewritten + bytes[copied...]
        holds = kept
        return errors
    }

    /// Appends a reply that waits no more, with the errors of what has failed in their places.
    /// - Returns: how many they are.
    private func appendAnswered(_ hold: Hold, to rewritten: inout [UInt8]) -> Int {
        var (copied, errors) = (hold.start, 0)
        for part in hold.parts.map({ $0.moved(by: hold.start) }) where part.place.lowerBound >= copied {
            guard let replacement = part.outcome.replacement else { continue }
            rewritten += bytes[copied..<part.place.lowerBound]
            rewritten += replacement.utf8
            copied = part.place.upperBound
            if !replacement.isEmpty { errors += 1 }
        }
        rewritten += bytes[copied..<hold.end]
        return errors
    }

    /// Runs `body` with the bytes that may leave now.
    func withReady<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[head..<(head + readyCount)])) }
    }

    /// The first `count` bytes that may leave have left.
    mutating func consume(_ count: Int) {
        precondition(count <= readyCount)
        head += count
        if head == bytes.count {
            if bytes.capacity > Self.keptReply { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
            head = 0
        } else if head > bytes.count / 2 {
            if bytes.count > Self.keptBytes { bytes = Array(bytes[head...]) } else { bytes.removeFirst(head) }
            for index in holds.indices {
                holds[index].start -= head
                holds[index].end -= head
            }
            head = 0
        }
    }
}
