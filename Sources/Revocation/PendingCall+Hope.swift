/// An epoch that this process believes, and the replies that it hopes for: made once for all checks.
final class Belief: Sendable {
    /// Longer ones are believed as well, but nothing is hoped for.
    private static let maximumBytes = 100

    /// That a command with one key is answered with OK.
    static let acknowledgement = Belief()

    /// nil for that of an ``acknowledgement``.
    let epoch: [UInt8]?
    /// By how many keys a command has. To a look-up: an array in which only the last one, the epoch's, is there.
    private let replies: [[UInt8]]

    private init() {
        epoch = nil
        replies = [[], Array("+OK\r\n".utf8)]
    }

    init(_ epoch: [UInt8]) {
        self.epoch = epoch
        guard epoch.count <= Self.maximumBytes else {
            replies = []
            return
        }
        let end = Array("$\(epoch.count)\r\n".utf8) + epoch + Array("\r\n".utf8)
        replies = (0..<10).map { keyCount in
            guard keyCount > 0 else { return [] }
            let nulls = String(repeating: "$-1\r\n", count: keyCount - 1)
            return Array("*\(keyCount)\r\n\(nulls)".utf8) + end
        }
    }

    /// Where the hoped-for reply ends that begins at `start`; nil if there is another, or not the whole of it.
    /// - Parameter keyCount: how many keys the command has; 0 hopes for nothing.
    func end(ofReplyTo keyCount: Int, in bytes: RawSpan, from start: Int) -> Int? {
        guard keyCount < replies.count else { return nil }
        let reply = replies[keyCount]
        guard !reply.isEmpty, bytes.holds(reply.span.bytes, at: start) else { return nil }
        return start &+ reply.count
    }
}

extension PendingCall {
    /// The answer that most calls get: it is recognised where it is read, so that nothing need be kept of it.
    struct Hope: Sendable {
        let keyCount: Int
        /// What the last key of a look-up is believed to hold.
        var epoch: [UInt8]? { belief.epoch }
        let belief: Belief
    }
}

extension RawSpan {
    /// Whether all of `other` stands at an index.
    fileprivate func holds(_ other: RawSpan, at start: Int) -> Bool {
        guard other.byteCount <= byteCount &- start else { return false }
        var index = 0
        while index &+ 8 <= other.byteCount {
            guard
                unsafeLoadUnaligned(fromByteOffset: start &+ index, as: UInt64.self)
                    == other.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            else { return false }
            index &+= 8
        }
        while index < other.byteCount {
            guard
                unsafeLoad(fromByteOffset: start &+ index, as: UInt8.self)
                    == other.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            else { return false }
            index &+= 1
        }
        return true
    }
}
